"""Calls reach the hosts of the list, at addresses that were checked."""

import asyncio

import pytest

from config.project import Project
from tests.tools_actions.conftest import make_call, make_version
from tests.tools_actions.wire import reply, wire
from tools.actions import HttpActions
from tools.egress import egress_of
from tools.errors import ActionError, EgressRefusedError, UnreachableError
from tools.http import Request, open_line


def egress(url="https://api.bank.example/x", *, allow=(), environment=None):
    described = {"name": "bank", "locales": ["en"], "actions": {"a": {"url": url}}, "allow_hosts": list(allow)}
    return egress_of(Project.model_validate(described), environment or {})


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://0/",
        "http://0.0.0.0/",
        "http://localhost/",
        "http://localhost./",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://192.0.0.192/",
        "http://100.100.100.200/",
        "http://[fd00:ec2::254]/",
        "http://[fe80::1]/",
        "http://[fe80::1%25eth0]/",
        "http://224.0.0.1/",
        "http://metadata.google.internal/",
        "http://api.bank.example@127.0.0.1/",
        "https://user:pass@api.bank.example/",
        "https://api.bank.example:22/",
        "http://api.bank.example:6379/",
        "https://api.bank.example:0/",
        "https://api.bank.example:99999/",
        "https://api.bank.example.evil.example/",
        "https://evil.example/",
        "https://api.bank.example\\@evil.example/",
        "https://api.bank.example%2eevil.example/",
        "https://api。bank。example。evil/",
        "gopher://api.bank.example/",
        "https://",
        "api.bank.example/",
    ],
)
def test_what_is_not_listed_is_refused(url):
    with pytest.raises(EgressRefusedError):
        egress().check_url(url)


@pytest.mark.parametrize(
    ("listed", "url"),
    [
        ([], "https://api.bank.example/y?z"),
        ([], "https://API.BANK.EXAMPLE:443/y"),
        (["other.example"], "https://other.example/"),
        (["other.example:8443"], "https://other.example:8443/"),
        (["*.bank.example"], "https://eu.bank.example/"),
        (["https://other.example/"], "https://other.example/"),
        (["10.1.2.3"], "http://10.1.2.3/"),
        (["10.0.0.0/8"], "http://10.9.9.9/"),
        (["[::1]"], "http://[::1]/"),
        (["169.254.169.254"], "http://169.254.169.254/"),
        (["bücher.example"], "https://xn--bcher-kva.example/"),
    ],
)
def test_what_is_listed_is_allowed(listed, url):
    egress(allow=listed).check_url(url)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.5",
        "172.31.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.1.1",
        "0.0.0.0",
        "224.0.0.251",
        "255.255.255.255",
        "198.18.0.1",
        "192.0.2.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::7f00:1",
        "64:ff9b::a00:1",
        "2002:a00:1::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
    ],
)
def test_a_listed_name_does_not_lead_inside(address):
    with pytest.raises(EgressRefusedError):
        egress().check_addresses("api.bank.example", ["93.184.216.34", address])


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_a_listed_name_leads_to_the_world(address):
    assert egress().check_addresses("api.bank.example", [address])


def test_a_network_is_listed_for_the_names_in_it():
    assert egress(allow=["172.18.0.0/16"]).check_addresses("api.bank.example", ["172.18.0.7"])


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "fd00:ec2::254", "::ffff:127.0.0.1"])
def test_a_url_alone_does_not_open_the_most_dangerous_addresses(address):
    host = f"[{address}]" if ":" in address else address

    with pytest.raises(EgressRefusedError):
        egress(f"http://{host}/").check_addresses(host, [address])


def test_hosts_come_from_the_environment_too():
    allowed = egress("${BANK}/x", environment={"BANK": "http://127.0.0.1:8100/bank"})

    assert allowed.check_url("http://127.0.0.1:8100/bank/x") == ("127.0.0.1", 8100)
    assert egress("${BANK}/x") == egress("${OTHER}/y")


async def test_a_name_that_changes_its_mind_gains_nothing(tls):
    answers = iter([["127.0.0.1"], ["93.184.216.34", "127.0.0.1"]])
    asked = []

    async def resolve(host, port):
        asked.append(host)
        return next(answers)

    async with wire() as api, open_line(resolve, tls=tls) as line:
        port = api.url.rpartition(":")[2]
        url = f"http://api.bank.example:{port}/x"
        for _ in range(2):
            with pytest.raises(EgressRefusedError):
                await line.send(Request(method="GET", url=url), egress=egress(url), seconds=2)

    assert (len(asked), api.seen) == (2, [])


async def test_the_connection_goes_to_the_checked_address_and_keeps_the_name(tls):
    async def resolve(host, port):
        return ["127.0.0.1"]

    async with wire() as api, open_line(resolve, tls=tls) as line:
        port = api.url.rpartition(":")[2]
        url = f"http://api.bank.example:{port}/x"
        allowed = egress(url, allow=["127.0.0.0/8"])
        await line.send(Request(method="GET", url=url), egress=allowed, seconds=2)

    assert api.seen[0].headers["host"] == f"api.bank.example:{port}"


async def test_projects_do_not_share_what_one_of_them_may_reach(tls):
    async def resolve(host, port):
        return ["127.0.0.1"]

    async with wire() as api, open_line(resolve, tls=tls) as line:
        port = api.url.rpartition(":")[2]
        url = f"http://api.bank.example:{port}/x"
        await line.send(Request(method="GET", url=url), egress=egress(url, allow=["127.0.0.1"]), seconds=2)
        with pytest.raises(ActionError):
            await line.send(Request(method="GET", url=url), egress=egress(url), seconds=2)

    assert len(api.seen) == 1


async def test_redirects_are_not_followed(run):
    async with wire() as other, wire(reply(302, {}, headers={"Location": f"{other.url}/y"})) as api:
        await run(api.url, effect="read")

    assert other.seen == []


async def test_cookies_do_not_travel_from_one_call_to_the_next(run):
    async with wire(reply(200, {}, headers={"Set-Cookie": "session=1; Path=/"})) as api:
        await run(api.url, effect="read")
        await run(api.url, effect="read")

    assert "cookie" not in api.seen[1].headers


async def test_a_resolver_that_hangs_is_not_waited_for(tls):
    async def resolve(host, port):
        await asyncio.sleep(60)

    async with open_line(resolve, tls=tls) as line:
        with pytest.raises(UnreachableError):
            await line.send(Request(method="GET", url="https://api.bank.example/x"), egress=egress(), seconds=0.2)


async def test_an_action_refused_by_the_guard_is_a_failure(line, ledger, tmp_path):
    version = make_version(tmp_path, actions={"send": {"url": "http://169.254.169.254/latest", "effect": "read"}})

    receipt = await HttpActions(line, ledger).call(version, make_call())

    assert (receipt["status"], receipt["error"]) == ("failed", "api_error")
