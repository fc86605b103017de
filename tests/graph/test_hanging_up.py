"""A caller who hangs up: what was agreed to is done and shown on return, or is not done and asked about again."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from tests.dialogue.talking import bank, fill, lira, start
from tests.graph.conftest import IBAN, MEANINGS
from tests.graph.fakes import Room, Script, said_in

LOST = "The connection was lost before I could do this, so nothing has been done: Send money."


@asynccontextmanager
async def agreed(folder, *, project=None, meanings=MEANINGS, **session):
    """Everything is said but the yes, which takes a moment to be understood."""
    async with Room(project or bank(session=session), Script(meanings), folder).open() as room:
        await room.says("send 500")
        await room.says(IBAN)
        room.script.pause = 0.2
        yield room


async def hangs_up(room, message="yes", **more):
    """Listens for a moment and leaves; back when the turn is over."""
    stream = room.turns.stream(room.call(message, message_id="m9", **more))
    reader = asyncio.create_task(anext(stream))
    await asyncio.sleep(0.05)
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)


async def last_of(room):
    await room.turns.drain(5)
    transcript = await said_in(room.turns, "default", "bank", "s")
    return [line["content"] for line in transcript[-2:]]


async def test_what_was_agreed_to_is_done_and_shown_on_return(tmp_path):
    async with agreed(tmp_path) as room:
        await hangs_up(room)
        said, answer = await last_of(room)
        assert (said, "T-1" in answer, len(room.business.calls)) == ("yes", True, 1)


async def test_or_it_is_not_done_which_is_recorded_and_asked_about_again(tmp_path):
    async with agreed(tmp_path, hang_up="stop") as room:
        await hangs_up(room)
        said, answer = await last_of(room)
    async with Room(bank(session={"hang_up": "stop"}), Script(MEANINGS), tmp_path).open() as later:
        again = await later.says("yes", message_id="m9")
        done = await later.says("yes")

    assert (said, room.business.calls) == ("yes", [])
    assert answer.startswith(f"{LOST}\nSend money.")
    assert (again["outcome"], again["reply"]) == ("confirming", answer)
    assert (done["outcome"], len(later.business.calls)) == ("acted", 1)


@pytest.mark.parametrize(("left", "done"), [(True, 0), (False, 1), (None, 1)])
async def test_who_waits_for_the_whole_answer_may_have_left_too(tmp_path, left, done):
    async with agreed(tmp_path, hang_up="stop") as room:
        answer = await room.says("yes", left=None if left is None else lambda: left)

    assert (answer["outcome"] == "acted", len(room.business.calls)) == (bool(done), done)


async def test_who_comes_back_in_time_has_it_done(tmp_path):
    async with agreed(tmp_path, hang_up="stop") as room:
        await hangs_up(room)
        answer = await room.says("yes", message_id="m9")

    assert (answer["outcome"], len(room.business.calls)) == ("acted", 1)


async def test_what_needed_no_yes_is_dropped(tmp_path):
    intents = bank().model_dump(mode="json", exclude_unset=True, by_alias=True)["intents"]
    intents["send_money"]["confirm"] = False
    project = bank(intents=intents, session={"hang_up": "stop"})
    both = f"500 {IBAN}"
    heard = {both: (start("send_money"), fill("amount", lira(500), "500"), fill("iban", IBAN, IBAN))}
    async with Room(project, Script({**MEANINGS, **heard}), tmp_path).open() as room:
        lost = await room.says(both, left=lambda: True)
        after = await room.says("thanks")
        again = await room.says(both)

    assert str(lost["reply"]).startswith(LOST)
    assert (after["outcome"], again["outcome"], len(room.business.calls)) == ("chatted", "acted", 1)


async def test_what_went_out_before_is_told_all_the_same(tmp_path):
    async with agreed(tmp_path, hang_up="stop") as room:
        room.business.under_way.add("1-1")
        answer = await room.says("yes", left=lambda: True)

    assert (answer["outcome"], len(room.business.calls)) == ("acted", 1)
