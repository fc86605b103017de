"""What a turn that died left in doubt is asked of the business, with no more kept for it than the question needs."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.tools_actions.conftest import make_call, make_version
from tests.tools_actions.wire import reply, wire
from tools.actions import HttpActions, entry_of
from tools.lookups import make_lookup

everywhere = pytest.mark.parametrize("kind", ["sqlite", "postgres"], indirect=True)
FOUND = reply(200, {"id": "T-9"})
AMOUNT = {"amount": {"type": "integer"}, "note": {"type": "text"}, "iban": {"type": "id"}}


def project(url: str, *, path: str = "{{ slots.amount }}", slots: Any = None) -> Any:
    send = {"url": f"{url}/x", "method": "POST", "effect": "write", "status": "look", "result": {"reference": "id"}}
    look = {"url": f"{url}/look/{path}", "result": {"reference": "id"}}
    intents = {"send": {"slots": slots or AMOUNT, "action": "send", "confirm": False}}
    return make_version(Path(), actions={"send": send, "look": look}, intents=intents)


async def dies(place: Any, version: Any, call: Any) -> str:
    """A worker that is killed after its request went out."""
    entry = entry_of(version, call)
    async with place.ledger() as theirs:
        await theirs.claim(entry, lease_seconds=1000, again=(), lookup=make_lookup(version, call))
        await theirs.dispatch(entry.key)
    return entry.key


async def left(actions: HttpActions, version: Any, flows: Any = None) -> list[Any]:
    """What the next turn hears of it."""
    found = await actions.unanswered(version, tenant="acme", session_id="s1", turn=1, flows=())
    return await actions.reconcile(version, found, flows=flows or {}, deadline=None)


@everywhere
async def test_what_took_effect_is_found_out_and_written_down(actions, place, ledger):
    async with wire(FOUND) as api:
        version = project(api.url)
        key = await dies(place, version, make_call(amount=5, note="rent", iban="TR33"))
        (receipt,) = await left(actions, version)
        (again,) = await left(actions, version)

    assert (receipt["status"], receipt["reference"], receipt["replayed"]) == ("succeeded", "T-9", True)
    assert again["reference"] == "T-9"
    assert [seen.target for seen in api.seen] == ["/look/5"]
    row = await ledger.get(key)
    assert (row.state, row.lookup) == ("succeeded", None)


@everywhere
async def test_only_what_the_question_needs_is_kept_and_only_while_in_doubt(actions, place, ledger):
    async with wire(reply(404)) as api:
        version = project(api.url)
        key = await dies(place, version, make_call(amount=5, note="rent", iban="TR33"))
        (receipt,) = await left(actions, version)

    row = await ledger.get(key)
    assert (receipt["status"], json.loads(row.lookup)["slots"]) == ("unknown", {"amount": 5})
    assert await ledger.erase(tenant="acme", session_id="s1") == 1
    assert await ledger.get(key) is None


async def test_a_write_that_is_answered_keeps_nothing(run, ledger):
    async with wire(reply(201, {"id": "T-1"})) as api:
        look = {"look": {"url": f"{api.url}/look/{{{{ slots.account }}}}"}}
        receipt = await run(api.url, make_call(account="4711"), also=look, status="look")

    assert (await ledger.get(receipt["key"])).lookup is None


@everywhere
async def test_a_sensitive_value_is_never_kept(actions, place, ledger):
    sensitive = {**AMOUNT, "iban": {"type": "id", "sensitive": True}}
    async with wire(FOUND) as api:
        version = project(api.url, path="{{ slots.iban }}", slots=sensitive)
        key = await dies(place, version, make_call(amount=5, iban="TR-planted-iban"))
        (receipt,) = await left(actions, version)

    assert (receipt["status"], api.seen) == ("unknown", [])
    assert (await ledger.get(key)).lookup is None
    assert b"TR-planted-iban" not in await place.everything()


async def test_where_the_checkpoint_still_has_it_the_question_is_asked_all_the_same(actions, place):
    sensitive = {**AMOUNT, "iban": {"type": "id", "sensitive": True}}
    async with wire(FOUND) as api:
        version = project(api.url, path="{{ slots.iban }}", slots=sensitive)
        await dies(place, version, make_call(amount=5, iban="TR33"))
        (other,) = await left(actions, version, {"1-1": make_call(amount=6, iban="TR44")})
        (receipt,) = await left(actions, version, {"1-1": make_call(amount=5, iban="TR33")})

    assert (other["status"], receipt["reference"]) == ("unknown", "T-9")
    assert [seen.target for seen in api.seen] == ["/look/TR33"]


async def test_what_had_no_effect_is_a_failure_and_may_be_done_again(line, place, ledger):
    async with wire(reply(404), reply(201, {"id": "T-1"})) as api:
        version, call = project(api.url), make_call(amount=5)
        key = await dies(place, version, call)
        later = HttpActions(line, ledger, now=lambda: time.time() + 3600, lookup_pauses=(0.0,))
        found = await left(later, version)
        state = (await ledger.get(key)).state
        receipt = await later.call(version, call)

    assert (found, state, receipt["status"]) == ([], "failed", "succeeded")


async def test_without_a_status_action_a_doubt_stays_one(actions, place, ledger):
    async with wire(FOUND) as api:
        version = project(api.url)
        plain = make_version(
            Path(), actions={"send": version.project.actions["send"].model_copy(update={"status": None})}
        )
        key = await dies(place, plain, make_call(amount=5))
        (receipt,) = await left(actions, plain)

    assert (receipt["status"], api.seen, (await ledger.get(key)).lookup) == ("unknown", [], None)


async def test_a_question_that_is_not_answered_leaves_the_doubt_within_the_turn(actions, place):
    async with wire(reply(500)) as api:
        version = project(api.url)
        await dies(place, version, make_call(amount=5))
        (receipt,) = await left(actions, version)

    assert receipt["status"] == "unknown"
