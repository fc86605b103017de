"""A write that needed no yes, whose turn died before it could say so, is told before anything else."""

import sqlite3
from contextlib import asynccontextmanager

import pytest

from dialogue.scene import plan_hash
from dialogue.state import Plan
from tests.dialogue.talking import act, bank, fill, lira, question, start
from tests.graph.fakes import Room, Script
from tests.tools_actions.wire import reply, wire
from tools.actions import HttpActions, entry_of
from tools.findings import Finding
from tools.http import open_line
from tools.ledger import SCHEMA, ActionLedger
from tools.lookups import make_lookup
from tools.owners import FileOwner
from tools.ports import ActionCall
from tools.sqlite_file import SqliteFile

MEANINGS = {
    "top up 500": (start("top_up"), fill("amount", lira(500), "500")),
    "top up": (start("top_up"),),
    "500": (fill("amount", lira(500), "500"),),
    "600": (fill("amount", lira(600), "600"),),
    "balance": (start("balance"),),
    "cancel": (act("cancel"),),
    "yes": (act("affirm"),),
    "what is the fee": (question("what is the fee"),),
}
DONE = Finding(state="succeeded", http_status=201, result={"reference": "T-7"}, reference="T-7")
DOUBT = "I'm sorry, I can't tell whether this went through: Top up."


def project(url, *, confirm=False, turn_seconds=30, **more):
    told = bank().model_dump(mode="json", exclude_unset=True, by_alias=True)
    amount = told["intents"]["send_money"]["slots"]["amount"]
    told["intents"]["top_up"] = {
        "title": "Top up",
        "slots": {"amount": amount},
        "action": "top_up",
        "confirm": confirm,
    }
    told["actions"]["top_up"] = {
        "effect": "write",
        "method": "POST",
        "url": f"{url}/top-ups",
        "json": {"amount": "{{ slots.amount }}"},
        "result": {"reference": "id"},
        "reply": "Topped up by {{ slots.amount }}, reference {{ result.reference }}.",
        **more,
    }
    told["actions"]["find_top_up"] = {
        "url": f"{url}/top-ups/{{{{ slots.amount.amount }}}}",
        "result": {"reference": "id"},
    }
    return bank(intents=told["intents"], actions=told["actions"], limits={"turn_seconds": turn_seconds})


@asynccontextmanager
async def bank_of(folder, *steps, busy_seconds=5.0, **more):
    """A room whose bank is a real API behind the real actions and ledger."""
    async with wire(*(steps or (reply(201, {"id": "T-1"}),))) as api, open_line() as line:
        room = Room(project(api.url, **more), Script(MEANINGS), folder)
        with FileOwner(folder / "workers") as owner:
            ledger = ActionLedger(SqliteFile(folder / "ledger.db", SCHEMA, busy_seconds=busy_seconds), owner)
            room.business = HttpActions(line, ledger)
            room.business.ledger = ledger
            async with room.open():
                yield room, api
            await ledger.aclose()


async def dies(room, flow_id, finding=None, amount=500):
    """What a worker leaves behind that was killed after its request went out: its row, and no checkpoint."""
    version, arguments = room.versions.version, {"amount": lira(amount)}
    call = ActionCall(
        plan=Plan(action="top_up", arguments=arguments, hash=plan_hash("top_up", arguments), confirmed=False),
        tenant=version.project.tenant,
        session_id="s",
        flow_id=flow_id,
        locale="en",
        channel="web",
    )
    entry = entry_of(version, call)
    with FileOwner(room.folder / "workers") as dead:
        ledger = ActionLedger(SqliteFile(room.folder / "ledger.db", SCHEMA), dead)
        await ledger.claim(entry, lease_seconds=1000, again=(), lookup=make_lookup(version, call))
        await ledger.dispatch(entry.key)
        if finding is not None:
            await ledger.finish(entry.key, finding)
        await ledger.aclose()


@pytest.mark.parametrize("message", ["balance", "cancel", "what is the fee", "mumble", ""])
async def test_a_doubt_is_told_before_anything_else_and_a_person_looks(tmp_path, message):
    async with bank_of(tmp_path) as (room, api):
        await dies(room, "1-1")
        answer = await room.says(message)

    assert answer["reply"].startswith(DOUBT)
    assert (answer["outcome"], answer["transfer_reason"]) == ("transferred", "outcome_unknown")
    assert api.seen == []


@pytest.mark.parametrize("message", ["balance", "cancel", "mumble"])
async def test_a_doubt_is_first_asked_of_the_status_action(tmp_path, message):
    async with bank_of(tmp_path, reply(200, {"id": "T-9"}), status="find_top_up") as (room, api):
        await dies(room, "1-1")
        answer = await room.says(message)
        again = await room.says(message)

    assert answer["reply"].startswith("Done: Top up. Your reference is T-9.\n")
    assert answer["transfer_reason"] != "outcome_unknown"
    assert "T-9" not in again["reply"]
    assert [seen.target for seen in api.seen if seen.target.startswith("/top-ups")] == ["/top-ups/500"]


async def test_what_the_status_action_cannot_tell_is_told_as_uncertain(tmp_path):
    async with bank_of(tmp_path, reply(404), status="find_top_up") as (room, _):
        await dies(room, "1-1")
        answer = await room.says("cancel")

    assert answer["reply"].startswith(DOUBT)
    assert answer["transfer_reason"] == "outcome_unknown"


@pytest.mark.parametrize("message", ["balance", "cancel", "mumble"])
async def test_a_success_is_told_before_anything_else_and_only_once(tmp_path, message):
    async with bank_of(tmp_path) as (room, api):
        await dies(room, "1-1", DONE)
        answer = await room.says(message)
        again = await room.says(message)

    assert answer["reply"].startswith("Done: Top up. Your reference is T-7.\n")
    assert "T-7" not in again["reply"]
    assert [one["receipt"]["reference"] for one in answer["metadata"]["diagnostics"]["actions"]] == ["T-7"]
    assert api.seen == []


async def test_the_same_again_is_told_by_the_action_itself(tmp_path):
    async with bank_of(tmp_path) as (room, api):
        await dies(room, "1-1", DONE)
        answer = await room.says("top up 500")

    assert answer["reply"].startswith("Topped up by")
    assert answer["reply"].count("T-7") == 1
    assert (answer["outcome"], api.seen) == ("acted", [])


async def test_another_value_comes_too_late_for_a_flow_whose_deed_went_out(tmp_path):
    async with bank_of(tmp_path) as (room, api):
        await room.says("top up")
        await dies(room, "1-1", DONE)
        answer = await room.says("600")

    assert answer["reply"].startswith("Done: Top up. Your reference is T-7.")
    assert api.seen == []


async def test_a_flow_begun_after_the_telling_is_another(tmp_path):
    async with bank_of(tmp_path) as (room, api):
        await dies(room, "1-1", DONE)
        told = await room.says("top up")
        answer = await room.says("500")

    assert (told["reply"].startswith("Done: Top up."), told["outcome"]) == (True, "asked")
    assert ("T-1" in answer["reply"], "T-7" in answer["reply"], len(api.seen)) == (True, False, 1)


async def test_a_new_wish_is_done_after_the_old_deed_was_told(tmp_path):
    async with bank_of(tmp_path) as (room, api):
        await dies(room, "1-1", DONE, amount=100)
        answer = await room.says("top up 500")

    assert answer["reply"].index("T-7") < answer["reply"].index("T-1")
    assert len(api.seen) == 1


async def test_what_was_answered_is_not_told_again(tmp_path):
    async with bank_of(tmp_path) as (room, _):
        first = await room.says("top up 500")
        second = await room.says("balance")

    assert "T-1" in first["reply"]
    assert "T-1" not in second["reply"]


async def test_a_turn_that_broke_after_its_action_is_told_by_the_next(tmp_path, monkeypatch):
    async with bank_of(tmp_path) as (room, api):
        with monkeypatch.context() as broken:
            broken.setattr("nodes.score_confidence.combine", _break)
            await room.breaks("top up 500")
        answer = await room.says("balance")

    assert answer["reply"].startswith("Done: Top up. Your reference is T-1.\n")
    assert len(api.seen) == 1


def _break(*given, **more):
    raise ZeroDivisionError


@asynccontextmanager
async def taken(room):
    """Somebody else's program has the ledger to himself; what is open is closed for it, and opened anew afterwards."""
    for opened in (room.business.ledger, room.storage.ledger):
        await opened.aclose()
    thief = sqlite3.connect(room.folder / "ledger.db", isolation_level=None)
    try:
        thief.execute("PRAGMA locking_mode=EXCLUSIVE")
        thief.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        thief.close()


@pytest.mark.parametrize("message", ["balance", "cancel", "top up 500"])
async def test_a_turn_that_cannot_know_what_was_done_breaks_and_the_next_tells_it(tmp_path, message):
    async with bank_of(tmp_path, busy_seconds=0.05) as (room, api):
        await dies(room, "1-1", DONE)
        async with taken(room):
            end = await room.breaks(message)
        answer = await room.says(message)

    assert end.kind == "internal_error"
    assert answer["reply"].count("T-7") == 1
    assert api.seen == []


async def test_a_yes_that_went_out_is_not_taken_back_by_a_turn_that_cannot_know_it(tmp_path):
    async with bank_of(tmp_path, busy_seconds=0.05, confirm=True) as (room, api):
        await room.says("top up 500")
        await dies(room, "1-1")
        async with taken(room):
            await room.breaks("cancel")
        answer = await room.says("cancel")

    assert answer["reply"].startswith(DOUBT)
    assert (answer["outcome"], answer["transfer_reason"], api.seen) == ("transferred", "outcome_unknown", [])


async def test_a_turn_run_again_that_has_no_time_left_tells_its_doubt(tmp_path):
    async with bank_of(tmp_path, confirm=True, turn_seconds=1) as (room, api):
        await room.says("top up 500")
        await dies(room, "1-1")
        room.script.pause = 0.7
        answer = await room.says("yes")

    assert answer["reply"].startswith(DOUBT)
    assert (answer["outcome"], answer["transfer_reason"], api.seen) == ("transferred", "outcome_unknown", [])


@pytest.mark.parametrize("message", ["yes", "balance", "cancel"])
async def test_a_deed_is_told_however_many_turns_break_before_one_can(tmp_path, message):
    async with bank_of(tmp_path, confirm=True) as (room, api):
        await room.says("top up 500")
        await dies(room, "1-1")
        room.script.break_on = message
        for _ in range(3):
            await room.breaks(message)
        room.script.break_on = None
        answer = await room.says(message)

    assert answer["reply"].startswith(DOUBT)
    assert (answer["transfer_reason"], api.seen) == ("outcome_unknown", [])


@pytest.mark.parametrize("message", ["top up 500", "balance"])
async def test_a_deed_that_needed_no_yes_is_told_however_many_turns_break(tmp_path, message):
    async with bank_of(tmp_path) as (room, api):
        await dies(room, "1-1", DONE)
        room.script.break_on = message
        for _ in range(3):
            await room.breaks(message)
        room.script.break_on = None
        answer = await room.says(message)

    assert (answer["reply"].count("T-7"), api.seen) == (1, [])


async def test_a_deed_of_a_turn_that_broke_is_told_after_another_broke_too(tmp_path, monkeypatch):
    async with bank_of(tmp_path, confirm=True) as (room, api):
        await room.says("top up 500")
        with monkeypatch.context() as broken:
            broken.setattr("nodes.score_confidence.combine", _break)
            await room.breaks("yes")
        room.script.break_on = "yes"
        await room.breaks("yes")
        room.script.break_on = None
        answer = await room.says("yes")

    assert answer["outcome"] == "acted"
    assert (answer["reply"].count("T-1"), len(api.seen)) == (1, 1)
