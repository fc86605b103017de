"""Where a project's calls may go: listed hosts only, every address checked, the checked one connected to.

The list holds `allow_hosts` and the hosts written in action, auth and desk urls. A host name reaches public addresses;
a private one only where that address is listed itself (`10.1.2.3`, `10.0.0.0/8`, `localhost`, or an address literal in
a url). Names are resolved when a connection is opened and the connection goes to an address that was just checked, so
a name that changes its mind gains nothing.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

from config.authentication import OAuth2ClientCredentials, TokenEndpoint
from config.project import Project
from config.secrets import MissingVariableError, resolve_template
from tools.errors import EgressRefusedError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_WEB_PORTS: Final = {"http": 80, "https": 443}
_NAME: Final = re.compile(
    r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
)
_NUMBERLIKE: Final = re.compile(r"0x[0-9a-f]*|[0-9]+")
_AUTHORITY: Final = re.compile(r"(https?)://([^/?#\\\s{}%]+)(?=[/?#]|$)", re.IGNORECASE)

_METADATA_NAMES: Final = frozenset({"metadata", "metadata.google.internal", "instance-data", "metadata.azure.internal"})
_METADATA: Final = tuple(
    map(ip_network, ("169.254.0.0/16", "fe80::/10", "100.100.100.200/32", "192.0.0.192/32", "fd00:ec2::/32"))
)
"""Link-local and the addresses clouds keep their credentials at: reached only where `allow_hosts` says so."""

_TRANSLATED: Final = tuple(
    map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::ffff:0:0/96", "::/96"))
)
"""IPv6 that carries an IPv4 address inside: NAT64, 6to4, Teredo, mapped, compatible."""

_NEVER_PUBLIC: Final = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "::1/128",
            "::/128",
            "100::/64",
            "2001:db8::/32",
            "fc00::/7",
            "fec0::/10",
            "ff00::/8",
        ),
    )
)


@dataclass(frozen=True)
class Egress:
    """What one project may reach; equal lists share connections."""

    hosts: frozenset[tuple[str, int | None]] = frozenset()
    """Host and port; a port of None means the ports of the web. A host beginning with a dot is a suffix."""
    networks: frozenset[Network] = frozenset()
    """Addresses that are listed themselves."""
    explicit: frozenset[Network] = frozenset()
    """Those of them in `allow_hosts`: they may even be link-local or metadata addresses."""

    def check_url(self, url: str) -> tuple[str, int]:
        """Host and port of an allowed url; raises EgressRefusedError."""
        host, port, scheme = authority(url)
        suffixes = [host[at:] for at, letter in enumerate(host) if letter == "."]
        listed = any((name, number) in self.hosts for name in (host, *suffixes) for number in (port, None))
        if not listed and not self._listed_address(host):
            raise EgressRefusedError(f"the host {host!r} is not listed; add it to allow_hosts")
        exact = any((name, port) in self.hosts for name in (host, *suffixes))
        if not exact and port != _WEB_PORTS[scheme]:
            raise EgressRefusedError(f"port {port} of {host!r} is not listed; add '{host}:{port}' to allow_hosts")
        if host in _METADATA_NAMES and (host, None) not in self.hosts:
            raise EgressRefusedError(f"the host {host!r} serves a cloud's metadata")
        return host, port

    def check_addresses(self, host: str, addresses: Sequence[str]) -> list[Address]:
        """All addresses of a host, or EgressRefusedError if one of them may not be reached."""
        found = [ip_address(text.partition("%")[0]) for text in addresses]
        for address in found:
            if not (self._allowed(address) or (host == "localhost" and self._names_localhost(address))):
                raise EgressRefusedError(f"{host!r} leads to an address that is not public and not listed")
        return found

    def _names_localhost(self, address: Address) -> bool:
        return address.is_loopback and any(name == "localhost" for name, _ in self.hosts)

    def _listed_address(self, host: str) -> bool:
        try:
            return _inside(ip_address(host.strip("[]")), self.explicit)
        except ValueError:
            return False

    def _allowed(self, address: Address) -> bool:
        if _inside(address, self.explicit):
            return True
        if _inside(address, _METADATA) or _inside(address, _TRANSLATED):
            return False
        if _inside(address, self.networks):
            return not address.is_multicast and not address.is_unspecified
        return not _inside(address, _NEVER_PUBLIC) and address.is_global and not address.is_multicast


def _inside(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


@lru_cache(maxsize=4096)
def authority(url: str) -> tuple[str, int, str]:
    """Host, port and scheme of a url; userinfo, odd spellings of numbers and anything unreadable are refused."""
    match = _AUTHORITY.match(url)
    if match is None:
        raise EgressRefusedError("a url begins with http:// or https:// and a constant host")
    if "@" in match[2]:
        raise EgressRefusedError("a url carries no user name or password")
    try:
        split = urlsplit(match[0])
        port = split.port
    except ValueError as error:
        raise EgressRefusedError("the port or address in the url cannot be read") from error
    scheme = match[1].lower()
    if port == 0:
        raise EgressRefusedError("port 0 is none")
    return plain_host(_host_of(split)), port or _WEB_PORTS[scheme], scheme


def _host_of(split: SplitResult) -> str:
    host = split.hostname or ""
    return f"[{host}]" if ":" in host else host


def plain_host(host: str) -> str:
    """A host as it is compared: lower case, an address in its one canonical form; raises EgressRefusedError."""
    text = host.lower().removesuffix(".")
    if text.startswith("[") and text.endswith("]"):
        return f"[{_address(text[1:-1])}]"
    if _NUMBERLIKE.fullmatch(text.rpartition(".")[2]):
        return str(_address(text))
    try:
        text = text.encode("ascii").decode() if text.isascii() else text.encode("idna").decode()
    except UnicodeError as error:
        raise EgressRefusedError("the host name cannot be read") from error
    if not _NAME.fullmatch(text):
        raise EgressRefusedError(f"{host!r} is not a host name")
    return text


def _address(text: str) -> Address:
    try:
        address = ip_address(text)
    except ValueError as error:
        raise EgressRefusedError(f"{text!r} is not an address in its usual form") from error
    if isinstance(address, IPv6Address) and address.scope_id:
        raise EgressRefusedError("an address in a url has no scope")
    return address


def egress_of(project: Project, environment: Mapping[str, str] | None = None) -> Egress:
    """What `project` may reach, with its `${NAME}` looked up; a url whose variable is unset adds nothing."""
    hosts: set[tuple[str, int | None]] = set()
    networks: set[Network] = set()
    explicit: set[Network] = set()
    for entry in project.allow_hosts:
        _list_entry(resolve_template(entry, environment), hosts, explicit)
    for url in _urls(project):
        try:
            host, port, _ = authority(resolve_template(url, environment))
        except (MissingVariableError, EgressRefusedError):
            continue  # `check` names it, and a call of it is refused
        hosts.add((host, port))
        networks |= _literal(host)
    return Egress(frozenset(hosts), frozenset(networks | explicit), frozenset(explicit))


def _literal(host: str) -> set[Network]:
    network = _network(host)
    return set() if network is None else {network}


def _list_entry(entry: str, hosts: set[tuple[str, int | None]], explicit: set[Network]) -> None:
    text = entry.strip().lower()
    if text.startswith(("https://", "http://")):
        text = text.partition("://")[2].rstrip("/")
    network = _network(text)
    if network is not None:
        explicit.add(network)
        return
    name, _, port = text.rpartition(":") if re.search(r":[0-9]+$", text) else (text, "", "")
    suffix = name.removeprefix("*")
    host = "." + plain_host(suffix[1:]) if suffix.startswith(".") else plain_host(suffix)
    hosts.add((host, int(port) if port else None))
    explicit |= _literal(host)


def _network(text: str) -> Network | None:
    try:
        return ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None


def _urls(project: Project) -> list[str]:
    urls = [action.url for action in project.actions.values()]
    for auth in project.auth.values():
        if isinstance(auth, TokenEndpoint):
            urls.append(auth.url)
        elif isinstance(auth, OAuth2ClientCredentials):
            urls.append(auth.token_url)
    if project.transfer.desk:
        urls.append(project.transfer.desk.webhook)
    return [*urls, project.transfer.chatwoot.url] if project.transfer.chatwoot else urls
