"""Turns of one session on several workers: one at a time, in order, none lost, none twice."""

import asyncio
from uuid import uuid4

import pytest
from langgraph.checkpoint.base import empty_checkpoint

from graph.calls import Delta, Final, TurnRefusedError
from graph.mailbox import Mailbox
from graph.sessions import config_of
from graph.threads import thread_id
from tests.dialogue.talking import bank
from tests.graph.conftest import IBAN
from tests.graph.fakes import Room, said_in
from tests.workers.conftest import House
from tools.errors import LedgerUnavailableError


@pytest.fixture
def session() -> str:
    """One that no other test of the module's database has."""
    return uuid4().hex


async def said(room: Room, session: str) -> list[str]:
    lines = await said_in(room.turns, "default", "bank", session)
    return [str(line["content"]) for line in lines or [] if line["role"] == "user"]


async def test_messages_that_reach_two_workers_at_once_are_all_answered_one_after_the_other(house: House, session):
    rooms = [await house.worker(), await house.worker()]
    for room in rooms:
        room.script.pause = 0.02
    words = ["send 500", "what is the fee", "thanks", "cancel", "balance", "thanks"]
    answers = await asyncio.gather(*(rooms[n % 2].says(one, session) for n, one in enumerate(words)))

    assert sorted(await said(rooms[0], session)) == sorted(words)
    assert {answer["metadata"]["turn"] for answer in answers} == {1, 2, 3, 4, 5, 6}


async def test_the_same_message_at_two_workers_at_once_is_one_turn_and_one_action(house: House, session):
    rooms = [await house.worker(), await house.worker()]
    await rooms[0].says("send 500", session)
    await rooms[1].says(IBAN, session)
    house.business.pause = 0.1
    answers = await asyncio.gather(*(room.says("yes", session, message_id="m1") for room in rooms))

    assert answers[0] == answers[1]
    assert answers[0]["outcome"] == "acted"
    assert len(house.business.calls) == 1


async def test_a_busy_session_is_refused_by_the_other_worker_where_the_project_wants_it(house: House, session):
    project = bank(session={"busy": "reject"})
    rooms = [await house.worker(project), await house.worker(project)]
    rooms[0].script.pause = 2.0
    first = asyncio.create_task(rooms[0].says("send 500", session))
    while not rooms[0].script.heard:  # noqa: ASYNC110 - it has no news
        await asyncio.sleep(0.01)
    with pytest.raises(TurnRefusedError) as refused:
        await rooms[1].says("thanks", session)

    assert (refused.value.kind, refused.value.status) == ("busy", 409)
    assert (await first)["outcome"] == "asked"


async def test_a_worker_that_lost_its_thread_cannot_write_over_what_came_after(house: House, session):
    room = await house.worker()
    thread = thread_id("default", "bank", session)
    await room.says("send 500", session)
    saver = room.saver
    before = await saver.aget_tuple(config_of(thread))
    await room.says("thanks", session)
    late = empty_checkpoint()
    late["channel_values"] = {"version": "draft"}

    with pytest.raises(LedgerUnavailableError, match="another worker went on"):
        await saver.aput(before.config, late, {"source": "loop", "step": 1, "parents": {}}, {})
    assert await said(room, session) == ["send 500", "thanks"]


async def test_the_newest_checkpoints_of_a_session_are_kept_and_they_are_small(house: House, session):
    room = await house.worker()
    for number in range(23):
        await room.says("what is the fee" if number % 2 else "thanks", session)
    config = config_of(thread_id("default", "bank", session))
    kept = [found async for found in room.saver.alist(config)]

    assert [found.checkpoint["channel_values"]["counters"]["turns"] for found in kept] == list(range(23, 3, -1))
    assert "evidence" not in kept[0].checkpoint["channel_values"]
    assert len(room.saver.serde.dumps_typed(kept[0].checkpoint)[1]) < 16_000


async def test_a_turn_that_a_worker_did_not_enter_into_the_log_is_found_by_another(house: House, session):
    first, second = await house.worker(), await house.worker()
    await first.says("send 500", session)
    await first.says(IBAN, session)
    log = first.log
    answer = await first.says("yes", session, message_id="m1")
    thread = thread_id("default", "bank", session)
    row = await log.session(thread)
    assert row is not None
    turns = [turn for turn in await log.turns(thread) if turn.message_id != "m1"]
    await log.erase(thread)
    for turn in turns:
        await log.add(row, turn)
    await first.storage.log.write(lambda c: c.execute("UPDATE sessions SET checkpoint_id = ''").rowcount)

    await second.says("thanks", session)
    again = await second.says("yes", session, message_id="m1")

    assert again["reply"] == answer["reply"]
    assert len(house.business.calls) == 1


# --- together ---------------------------------------------------------------------------------------------------------


async def test_a_burst_is_read_as_one_message_whichever_workers_it_reaches(house: House, session):
    project = bank(session={"busy": "merge", "burst_seconds": 1.0})
    rooms = [await house.worker(project), await house.worker(project)]
    for room in rooms:
        room.script.meanings["send 500\nto my friend\nplease\nquickly\nthanks"] = room.script.meanings["send 500"]
    words = ["send 500", "to my friend", "please", "quickly", "thanks"]
    under_way = []
    for number, one in enumerate(words):
        under_way.append(asyncio.create_task(rooms[number % 2].says(one, session, message_id=f"m{number}")))
        await asyncio.sleep(0.03)
    answers = await asyncio.gather(*under_way)
    again = await rooms[0].says("please", session, message_id="m2")

    assert await said(rooms[0], session) == ["\n".join(words)]
    assert len({answer["reply"] for answer in answers}) == 1
    assert [answer["message_id"] for answer in answers] == ["m0", "m1", "m2", "m3", "m4"]
    assert answers[0]["slots"] == {"amount": {"amount": 500, "currency": "TRY"}}
    assert again == answers[2]
    assert await Mailbox(rooms[0].storage.log).waiting(thread_id("default", "bank", session)) == []


async def test_what_comes_after_a_burst_is_a_turn_of_its_own(house: House, session):
    room = await house.worker(bank(session={"busy": "merge", "burst_seconds": 0.05}))
    await room.says("send 500", session)
    await room.says("thanks", session)

    assert await said(room, session) == ["send 500", "thanks"]


@pytest.mark.parametrize("other", [False, True], ids=["same worker", "another worker"])
async def test_a_second_message_stops_a_turn_that_has_done_nothing_yet(house: House, session, other):
    project = bank(session={"busy": "interrupt"})
    rooms = [await house.worker(project)] * 2 if not other else [await house.worker(project) for _ in range(2)]
    for room in rooms:
        room.script.meanings["balance\nno: send 500"] = room.script.meanings["send 500"]
    rooms[0].script.pause = 20.0
    first = asyncio.create_task(rooms[0].says("balance", session, message_id="m1"))
    while not rooms[0].script.heard:  # noqa: ASYNC110 - it has no news
        await asyncio.sleep(0.01)
    rooms[0].script.pause = 0.0
    second = await rooms[1].says("no: send 500", session, message_id="m2")

    assert (await first)["reply"] == second["reply"]
    assert second["asks"] == ["iban"]
    assert second["metadata"]["turn"] == 1
    assert await said(rooms[0], session) == ["balance\nno: send 500"]


async def test_a_turn_that_acts_already_is_not_stopped(house: House, session):
    room = await house.worker(bank(session={"busy": "interrupt"}))
    await room.says("send 500", session)
    await room.says(IBAN, session)
    house.business.pause = 0.3
    first = asyncio.create_task(room.says("yes", session))
    while not house.business.calls:  # noqa: ASYNC110 - it has no news
        await asyncio.sleep(0.01)
    second = await room.says("thanks", session)

    assert (await first)["outcome"] == "acted"
    assert second["outcome"] == "chatted"
    assert len(house.business.calls) == 1
    assert await said(room, session) == ["send 500", IBAN, "yes", "thanks"]


# --- heard again ------------------------------------------------------------------------------------------------------


async def test_a_caller_who_comes_back_hears_the_rest_whichever_worker_he_reaches(house: House, session):
    rooms = [await house.worker(), await house.worker()]
    call = rooms[0].call("what is the fee", session, message_id="m1")
    rooms[0].writer.pause = 0.3
    heard = await anext(rooms[0].turns.stream(call))
    assert isinstance(heard, Delta)

    back = rooms[0].call("what is the fee", session, message_id="m1", heard=len(heard.text))
    here, there = [[event async for event in room.turns.stream(back)] for room in rooms]

    for events in (here, there):
        end = events[-1]
        assert isinstance(end, Final)
        rest = "".join(event.text for event in events if isinstance(event, Delta))
        assert heard.text + rest == end.answer["reply"]
    assert await said(rooms[0], session) == ["what is the fee"]
