"""Who is asking: keys name a tenant and a role; nothing else in a request does.

Only hashes of keys are configured. Without keys the service is open, as every tenant it serves, and may listen on
loopback only.
"""

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self

import structlog
from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from config.project import ProjectName
from serving.problems import ProblemError

Role = Literal["chat", "desk", "admin"]

log = structlog.get_logger("serving")

_LADDER: Sequence[Role] = ("chat", "desk", "admin")
_LONGEST_KEY = 1024


class KeysError(ValueError):
    """The configured keys cannot be read; the message names the entry, never a hash."""


class OpenBindError(ValueError):
    """The service has no keys and was told to listen where others can reach it."""


Origin = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+$")]
"""Scheme, host and, if need be, port of a site, as browsers send it: https://shop.example."""


class Key(BaseModel):
    """One configured key: its SHA-256, whose it is and what it may do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hash: str = Field(pattern=r"^[0-9a-f]{64}$", repr=False)
    tenant: ProjectName
    role: Role
    name: str = Field("", max_length=100)
    origins: list[Origin] = []
    """The sites whose pages hold it; it is public then, and only chats."""

    @model_validator(mode="after")
    def _only_chats(self) -> Self:
        if self.origins and self.role != "chat":
            raise ValueError("a key with origins stands in public pages: its role must be chat")
        return self


class Keys:
    """All configured keys; those of a file are read again when it changes, so that a key can be revoked at once."""

    def __init__(self, keys: Sequence[Key] = (), *, file: Path | None = None) -> None:
        self._keys = tuple(keys)
        self._file = file
        self._read_at = None if file is None else _stamp(file)

    def __bool__(self) -> bool:
        return bool(self._keys)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys)

    def find(self, secret: str) -> Key | None:
        """The key whose hash `secret` has; every entry is compared, in constant time."""
        self._refresh()
        given = key_hash(secret)
        found = None
        for key in self._keys:
            if hmac.compare_digest(key.hash, given):
                found = key
        return found

    def _refresh(self) -> None:
        """Take up what the file says now; one that cannot be read leaves the keys as they were, and is told once."""
        if self._file is None or (stamp := _stamp(self._file)) == self._read_at:
            return
        self._read_at = stamp
        try:
            keys = tuple(_parse(_read(self._file)))
        except KeysError as error:
            log.error("keys_unchanged", cause=str(error))  # noqa: TRY400  # its text is all there is to say
            return
        if not keys:
            # An empty list would open the service to everybody on this machine.
            log.error("keys_unchanged", cause="SWITCHBOARD_KEYS: no key is left in the file")
            return
        self._keys = keys
        log.info("keys_read", keys=len(keys))


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def key_hash(secret: str) -> str:
    """What is configured for a key."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def load_keys(setting: str | None) -> Keys:
    """The keys of `SWITCHBOARD_KEYS`: a JSON list, or the path of a file that holds one."""
    text = (setting or "").strip()
    if not text:
        return Keys()
    if text.startswith("["):
        return Keys(_parse(text))
    file = Path(text)
    return Keys(_parse(_read(file)), file=file)


def _parse(text: str) -> list[Key]:
    try:
        keys = TypeAdapter(list[Key]).validate_python(json.loads(text))
    except json.JSONDecodeError as error:
        raise KeysError(
            f"SWITCHBOARD_KEYS: not JSON, line {error.lineno} column {error.colno}; "
            'expected [{"hash": "<sha256>", "tenant": "…", "role": "chat|desk|admin"}]'
        ) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise KeysError(f"SWITCHBOARD_KEYS: entry {place}: {first['msg']}") from None
    if len({key.hash for key in keys}) < len(keys):
        raise KeysError("SWITCHBOARD_KEYS: one key stands there twice")
    return keys


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KeysError(f"SWITCHBOARD_KEYS: cannot read {str(path)!r}: {type(error).__name__}") from None


def refuse_open_bind(host: str, keys: Keys) -> None:
    """Raise where a service without keys would listen on anything but loopback."""
    if keys or is_loopback(host):
        return
    raise OpenBindError(
        f"without keys the service listens on loopback only, not on {host!r}: "
        "set SWITCHBOARD_KEYS, or use --host 127.0.0.1"
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who sent a request."""

    tenant: str | None
    """None for the open service: every tenant it serves."""
    role: Role
    name: str = ""
    public: bool = False
    """The key stands in public pages: whoever reads them has it."""

    def may_see(self, tenant: str) -> bool:
        """Whether things of `tenant` exist for this caller."""
        return self.tenant is None or self.tenant == tenant

    def may(self, role: Role) -> bool:
        """Whether the caller's role reaches up to `role`."""
        return _LADDER.index(self.role) >= _LADDER.index(role)


OPEN = Caller(tenant=None, role="admin", name="open")

_bearer = HTTPBearer(auto_error=False, description="A key of your tenant.")
_api_key = APIKeyHeader(name="X-API-Key", auto_error=False, description="The same key, for clients without bearers.")


async def caller_of(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    api_key: Annotated[str | None, Security(_api_key)],
) -> Caller:
    """The caller, by the one key of the request."""
    keys: Keys = request.app.state.keys
    if not keys:
        # However the process was started: without keys nobody but this machine is let in.
        if request.client is not None and not is_loopback(request.client.host):
            raise ProblemError(401, "unauthorized", "This service has no keys and answers on its own machine only.")
        return OPEN
    if len(request.headers.getlist("authorization")) + len(request.headers.getlist("x-api-key")) > 1:
        raise ProblemError(400, "validation", "Send one key: either Authorization or X-API-Key, once.")
    secret = bearer.credentials if bearer else api_key
    key = keys.find(secret) if secret and len(secret) <= _LONGEST_KEY else None
    if key is None:
        raise ProblemError(
            401,
            "unauthorized",
            "Send a valid key as `Authorization: Bearer KEY` or `X-API-Key: KEY`.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    if key.origins and request.headers.get("origin") not in key.origins:
        raise ProblemError(403, "unauthorized", "This key is for the pages of its own sites only.")
    return Caller(tenant=key.tenant, role=key.role, name=key.name, public=bool(key.origins))


def needs(role: Role) -> Callable[[Caller], Awaitable[Caller]]:
    """A dependency that lets callers of `role` and above in."""

    async def allowed(caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
        if caller.public:
            raise ProblemError(403, "unauthorized", "A key of public pages may only chat.")
        if not caller.may(role):
            raise ProblemError(403, "unauthorized", f"This needs a key of role {role!r}.")
        return caller

    return allowed


Visitor = Annotated[Caller, Depends(caller_of)]
"""Whoever has a key, one that stands in public pages included: what it reaches must be fit for anybody."""
Chatter = Annotated[Caller, Depends(needs("chat"))]
Agent = Annotated[Caller, Depends(needs("desk"))]
Admin = Annotated[Caller, Depends(needs("admin"))]
