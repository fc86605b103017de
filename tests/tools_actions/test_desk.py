"""The desk hears of every transfer, once, in order, whatever happens in between."""

import asyncio
import hashlib
import hmac
from dataclasses import replace

import pytest

from config.errors import ProjectNotFoundError
from tests.tools_actions.conftest import make_version
from tests.tools_actions.wire import refused_url, reply, reset, wire
from tools.desk import WebhookDesk
from tools.ports import Packet

pytestmark = pytest.mark.parametrize("kind", ["sqlite", "postgres"], indirect=True)

ENVIRONMENT = {"DESK_SECRET": "planted-desk-secret"}
PACKET = Packet(
    transfer_id="tr-1",
    tenant="acme",
    project="bank",
    session_id="s1",
    reason="requested",
    summary="wants a person",
    locale="tr",
    slots={"iban": "•••", "note": "çiçek"},
    open_flow="send_money",
    transcript=[{"role": "user", "content": "insan istiyorum"}],
    confidence=None,
)


@pytest.fixture
def open_desk(line, outbox, tmp_path):
    def open_desk(url, *, using=None, signed=True):
        transfer = {"desk": {"webhook": url, "secret": "${DESK_SECRET}" if signed else None}} if url else {}
        version = make_version(tmp_path, transfer=transfer)
        desk = WebhookDesk(
            line, using or outbox, lambda tenant, project: version, environment=ENVIRONMENT, first_pause=0.02
        )
        return version, desk

    return open_desk


async def settled(outbox, count, *, state="delivered", session_id="s1"):
    async with asyncio.timeout(5):
        while True:
            states = await outbox.states(tenant="acme", project="bank", session_id=session_id)
            if list(states.values()) == [state] * count:
                return
            await asyncio.sleep(0.01)


async def test_a_transfer_is_posted_signed(open_desk, outbox):
    async with wire(reply(202)) as api:
        version, desk = open_desk(f"{api.url}/hook")
        async with desk:
            await desk.announce(version, PACKET)
            await settled(outbox, 1)
    [seen] = api.seen
    signature = hmac.new(b"planted-desk-secret", seen.body, hashlib.sha256).hexdigest()

    assert seen.json() == {
        "event": "transfer",
        "transfer_id": "tr-1",
        "tenant": "acme",
        "project": "bank",
        "session_id": "s1",
        "reason": "requested",
        "summary": "wants a person",
        "locale": "tr",
        "slots": {"iban": "•••", "note": "çiçek"},
        "open_flow": "send_money",
        "transcript": [{"role": "user", "content": "insan istiyorum"}],
        "confidence": None,
    }
    assert seen.headers["x-switchboard-signature"] == f"sha256={signature}"
    assert seen.headers["idempotency-key"] == "tr-1"


async def test_without_a_secret_nothing_is_signed(open_desk, outbox):
    async with wire() as api:
        version, desk = open_desk(api.url, signed=False)
        async with desk:
            await desk.announce(version, PACKET)
            await settled(outbox, 1)

    assert "x-switchboard-signature" not in api.seen[0].headers


@pytest.mark.parametrize("step", [reset(), reply(500), reply(404), reply(302, headers={"Location": "/y"}), reply(503)])
async def test_it_is_told_again_until_it_is_taken(open_desk, outbox, step):
    async with wire(step, step, reply(204)) as api:
        version, desk = open_desk(api.url)
        async with desk:
            await desk.announce(version, PACKET)
            await settled(outbox, 1)

    assert [seen.headers["idempotency-key"] for seen in api.seen] == ["tr-1"] * 3
    assert len({seen.body for seen in api.seen}) == 1


async def test_the_same_transfer_is_told_once(open_desk, outbox):
    async with wire() as api:
        version, desk = open_desk(api.url)
        async with desk:
            for _ in range(3):
                await desk.announce(version, PACKET)
            await settled(outbox, 1)
            await desk.announce(version, PACKET)
            await asyncio.sleep(0.05)

    assert len(api.seen) == 1


async def test_a_letter_outlives_the_process(open_desk, outbox, place):
    async with place.outbox() as theirs:
        version, desk = open_desk(refused_url(), using=theirs)
        async with desk:
            await desk.announce(version, PACKET)
            await asyncio.sleep(0.05)
        await theirs.take(1)
    async with wire() as api:
        _, desk = open_desk(api.url)
        async with desk:
            await settled(outbox, 1)

    assert len(api.seen) == 1


async def test_a_sessions_letters_arrive_in_their_order(open_desk, outbox):
    async with wire(reply(500), reply(500), reply()) as api:
        version, desk = open_desk(api.url)
        async with desk:
            await desk.announce(version, PACKET)
            for number in range(3):
                await desk.forward(version, session_id="s1", message=f"hello {number}", message_id=f"m{number}")
            await settled(outbox, 4)

    told = [seen.json() for seen in api.seen]
    assert [one.get("message", one["event"]) for one in told[2:]] == ["transfer", "hello 0", "hello 1", "hello 2"]
    assert {"event", "tenant", "project", "session_id", "message", "message_id"} == set(told[-1])


async def test_one_sessions_trouble_does_not_hold_up_another(open_desk, outbox):
    async def only_s2(reader, writer):
        good = api.seen[-1].json()["session_id"] == "s2"
        await (reply() if good else reply(500))(reader, writer)

    async with wire(only_s2) as api:
        version, desk = open_desk(api.url)
        async with desk:
            await desk.announce(version, PACKET)
            await desk.announce(version, replace(PACKET, transfer_id="tr-2", session_id="s2"))
            await settled(outbox, 1, session_id="s2")
            states = await outbox.states(tenant="acme", project="bank", session_id="s1")

    assert states == {"tr-1": "waiting"}


@pytest.mark.parametrize("url", [None, "${NOT_SET}"])
async def test_without_a_webhook_it_is_recorded(open_desk, outbox, url):
    version, desk = open_desk(url)
    async with desk:
        await desk.announce(version, PACKET)
        await settled(outbox, 1, state="recorded")


async def test_a_desk_inside_the_network_is_refused_like_any_host(open_desk, outbox):
    version, desk = open_desk("http://169.254.169.254/hook")
    async with desk:
        await desk.announce(version, PACKET)
        await asyncio.sleep(0.1)

    assert await outbox.states(tenant="acme", project="bank", session_id="s1") == {"tr-1": "waiting"}


async def test_a_project_that_is_gone_keeps_its_letters(line, outbox, tmp_path):
    def gone(tenant, project):
        raise ProjectNotFoundError(tenant, project)

    version = make_version(tmp_path, transfer={"desk": {"webhook": "http://127.0.0.1:9/"}})
    async with WebhookDesk(line, outbox, gone, first_pause=0.01) as desk:
        await desk.announce(version, PACKET)
        await asyncio.sleep(0.05)

    assert await outbox.states(tenant="acme", project="bank", session_id="s1") == {"tr-1": "waiting"}


async def test_what_was_delivered_is_not_kept_and_erasing_leaves_nothing(open_desk, outbox, tmp_path):
    async with wire() as api:
        version, desk = open_desk(api.url)
        async with desk:
            await desk.announce(version, PACKET)
            await settled(outbox, 1)
    erased = await outbox.erase(tenant="acme", session_id="s1")

    assert erased == 1
    assert await outbox.states(tenant="acme", project="bank", session_id="s1") == {}
