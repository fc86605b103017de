"""The turn log and the checkpoints, the same over SQLite and PostgreSQL."""

from dataclasses import replace

import pytest
from langgraph.checkpoint.base import empty_checkpoint

from config.settings import Settings
from graph.session_lists import SessionQuery
from graph.storage import open_storage
from graph.turn_log import DatabaseTurnLog, LoggedTurn, SessionRow

MOMENT = "2026-03-16T10:00:00+00:00"
SESSION = SessionRow(
    thread_id="t1",
    tenant="acme",
    project="bank",
    session_id="s1",
    version="v1",
    channel="web",
    locale="tr",
    owner="bot",
    turns=1,
    tokens=10,
    created_at=MOMENT,
    last_active=MOMENT,
)


def turn(message_id, message="hello", **answer):
    return LoggedTurn(
        message_id=message_id, fingerprint="f", message=message, answer={"reply": "hi", "outcome": "chatted", **answer}
    )


@pytest.fixture(params=["sqlite", "postgres"])
async def storage(request, tmp_path):
    database = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    async with open_storage(Settings(_env_file=None, data=tmp_path, database=database)) as opened:
        yield opened


@pytest.fixture
async def log(storage):
    opened = DatabaseTurnLog(storage.log)
    async with storage.saver():
        for session in await opened.sessions(SessionQuery(tenants=["acme", "other"])):
            await opened.erase(session.thread_id)
        yield opened


async def test_turns_of_one_moment_stay_in_their_order_and_the_first_of_an_id_stands(log):
    for message_id in ("m3", "m1", "m2"):
        await log.add(SESSION, turn(message_id))
    await log.add(SESSION, turn("m1", reply="another"))

    assert [kept.message_id for kept in await log.turns("t1")] == ["m3", "m1", "m2"]
    assert await log.find("t1", "m1") == turn("m1")
    assert await log.find("t1", "m4") is None
    assert await log.find("t2", "m1") is None


async def test_a_session_is_what_its_last_turn_made_of_it_and_counts_its_tokens(log):
    await log.add(SESSION, turn("m1"))
    later = replace(SESSION, locale="en", owner="person", turns=2, tokens=5, last_active="2026-03-17", created_at="no")
    await log.add(later, turn("m2"))
    await log.set_owner("t1", "bot")

    kept = await log.session("t1")
    assert kept == replace(later, tokens=15, owner="bot", created_at=MOMENT)
    assert await log.session("t2") is None


async def test_sessions_come_in_pages_with_the_newest_first(log):
    for number in range(5):
        row = replace(SESSION, thread_id=f"t{number}", session_id=f"S_{number}", last_active=f"2026-03-1{number}")
        await log.add(row, turn("m1"))
    await log.add(replace(SESSION, thread_id="x", session_id="Sx4", tenant="other", owner="person"), turn("m1"))

    async def listed(**wanted):
        query = SessionQuery(**{"tenants": ["acme"], **wanted})
        return [row.thread_id for row in await log.sessions(query)], await log.count_sessions(query)

    assert await listed(limit=2) == (["t4", "t3"], 5)
    assert await listed(limit=2, offset=4) == (["t0"], 5)
    assert await listed(tenants=["acme", "other"], owner="person") == (["x"], 1)
    assert await listed(tenants=["acme", "other"], contains="s_4") == (["t4"], 1)
    assert await listed(session_id="S_2") == (["t2"], 1)
    assert await listed(session_id="S_") == ([], 0)
    assert await listed(project="shop") == ([], 0)
    assert await listed(tenants=[]) == ([], 0)


async def test_the_last_turn_that_handed_a_session_over_is_found(log):
    await log.add(SESSION, turn("m1", outcome="transferred", transfer_reason="requested"))
    await log.add(SESSION, turn("m2"))
    await log.add(SESSION, turn("m3", outcome="transferred", transfer_reason="no_evidence"))
    await log.add(replace(SESSION, thread_id="t2"), turn("m1"))

    found = await log.transfers(["t1", "t2", "t3"])
    assert {thread: kept.answer["transfer_reason"] for thread, kept in found.items()} == {"t1": "no_evidence"}
    assert await log.transfers([]) == {}


async def test_what_is_erased_is_gone(log):
    await log.add(SESSION, turn("m1"))
    await log.add(replace(SESSION, thread_id="t2"), turn("m1"))
    await log.erase("t1")

    assert (await log.session("t1"), await log.turns("t1")) == (None, [])
    assert len(await log.turns("t2")) == 1


async def test_any_text_can_be_kept(log):
    message = "İyi günler 👋 您好 '; DROP TABLE turns; -- %s %(x)s :thread_id"
    await log.add(SESSION, turn("m1", message, reply=f"{message} \x00 \\u0000"))

    assert await log.find("t1", "m1") == turn("m1", message, reply=f"{message} \x00 \\u0000")


async def test_a_turn_that_broke_leaves_the_checkpoint_before_it(storage):
    config = {"configurable": {"thread_id": "broken", "checkpoint_ns": ""}}
    whole, half = empty_checkpoint(), empty_checkpoint()
    whole["channel_values"] = {"locale": "en"}
    half["channel_values"] = {"locale": "tr", "branch:to:call_api": None}
    async with storage.saver() as saver:
        config = await saver.aput(config, whole, {"source": "loop", "step": 1}, {})
        await saver.aput(config, half, {"source": "loop", "step": 2}, {})
        found = await saver.aget_tuple({"configurable": {"thread_id": "broken", "checkpoint_ns": ""}})
        await saver.adelete_thread("broken")

    assert found.checkpoint["channel_values"] == {"locale": "en"}


async def test_a_checkpoint_may_hold_any_text_and_number(storage):
    checkpoint = empty_checkpoint()
    odd = {"channel": "a\x00b\ud800", "locale": "\\u0000 %s", "silences": float("nan"), "variables": {"note": "x\x00"}}
    checkpoint["channel_values"] = odd
    checkpoint["channel_versions"] = dict.fromkeys(odd, "1")
    config = {"configurable": {"thread_id": "odd", "checkpoint_ns": ""}}
    async with storage.saver() as saver:
        await saver.aput(config, checkpoint, {"source": "loop", "step": 1}, checkpoint["channel_versions"])
        found = await saver.aget_tuple(config)
        await saver.adelete_thread("odd")
        gone = await saver.aget_tuple(config)

    kept = found.checkpoint["channel_values"]
    assert (kept["locale"], kept["variables"]) == (odd["locale"], odd["variables"])
    assert kept["channel"].startswith("a")
    assert gone is None
