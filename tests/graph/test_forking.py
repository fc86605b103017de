"""A new session begins where an old one stood; the old one stays as it is."""

import pytest

from graph.session_lists import SessionQuery
from tests.graph.conftest import IBAN
from tests.graph.fakes import Room, said_in


def of(room: Room, session: str = "s") -> tuple[str, str, str]:
    project = room.versions.version.project
    return project.tenant, project.name, session


async def test_a_fork_goes_on_from_an_earlier_turn(room: Room) -> None:
    await room.says("send 500", message_id="m1")
    await room.says(IBAN, message_id="m2")
    await room.says("yes", message_id="m3")

    fork = await room.past.fork(*of(room), after="m2")
    assert fork is not None
    answer = await room.says("yes but 600", fork)
    origin = await room.turns.session(*of(room))

    assert (answer["outcome"], answer["slots"]["amount"]["amount"]) == ("confirming", 600)
    assert origin is not None
    assert origin["counters"]["turns"] == 3
    assert [turn.message for turn in await room.past.turns(*of(room, fork))] == ["send 500", IBAN, "yes but 600"]
    assert [turn.message for turn in await room.past.turns(*of(room))] == ["send 500", IBAN, "yes"]


async def test_a_fork_has_its_own_name_in_every_answer_and_is_listed(room: Room) -> None:
    await room.says("balance", message_id="m1")

    fork = await room.past.fork(*of(room), after="m1")
    assert fork is not None
    again = await room.past.fork(*of(room, fork), after="m1")

    assert again not in (None, fork)
    [turn] = await room.past.turns(*of(room, fork))
    assert turn.answer["session_id"] == fork
    assert set(await room.past.forks(*of(room))) == {fork, again}
    listed, _ = await room.turns.sessions(SessionQuery(tenants=[of(room)[0]]))
    assert {row["session_id"]: row["turns"] for row in listed} == {"s": 1, fork: 1, again: 1}


async def test_a_repeated_message_id_of_the_origin_is_known_to_the_fork(room: Room) -> None:
    await room.says("balance", message_id="m1")
    fork = await room.past.fork(*of(room), after="m1")
    assert fork is not None

    answer = await room.says("balance", fork, message_id="m1")

    assert answer["session_id"] == fork
    assert len(await room.past.turns(*of(room, fork))) == 1


async def test_what_a_person_said_after_the_turn_belongs_to_the_fork(room: Room) -> None:
    await room.says("a person please", message_id="m1")
    await room.turns.desk_message(*of(room), text="Ben Ayşe", agent="Ayşe")

    fork = await room.past.fork(*of(room), after="m1")
    assert fork is not None
    said = await said_in(room.turns, *of(room, fork))

    assert said is not None
    assert said[-1]["content"] == "Ben Ayşe"
    state = await room.turns.session(*of(room, fork))
    assert state is not None
    assert state["owner"] == "person"


@pytest.mark.parametrize("after", ["m9", ""])
async def test_a_turn_that_was_not_cannot_be_gone_back_to(room: Room, after: str) -> None:
    await room.says("balance", message_id="m1")

    assert await room.past.fork(*of(room), after=after) is None
    assert await room.past.fork(*of(room, "nobody"), after="m1") is None


async def test_turns_come_in_pages_from_the_newest(room: Room) -> None:
    for number in range(1, 8):
        await room.says("thanks", message_id=f"m{number}")

    newest = await room.past.page(*of(room), before=None, limit=3)
    older = await room.past.page(*of(room), before=5, limit=3)
    oldest = await room.past.page(*of(room), before=2, limit=3)

    assert newest is not None
    assert older is not None
    assert oldest is not None
    assert (newest.first, newest.total, [turn.message_id for turn in newest.turns]) == (5, 7, ["m5", "m6", "m7"])
    assert (older.first, [turn.message_id for turn in older.turns]) == (2, ["m2", "m3", "m4"])
    assert (oldest.first, [turn.message_id for turn in oldest.turns]) == (1, ["m1"])
    before_all = await room.past.page(*of(room), before=1, limit=3)
    assert before_all is not None
    assert before_all.turns == []
    assert await room.past.page(*of(room, "nobody"), before=None, limit=3) is None


async def test_the_answer_names_its_path_through_the_graph(room: Room) -> None:
    await room.says("send 500")
    await room.says(IBAN)
    answer = await room.says("yes")
    transferred = await room.says("a person please")
    muted = await room.says("balance")

    assert path(answer)[:5] == ["open_turn", "detect_intent", "fill_slots", "call_api", "fill_slots"]
    assert path(answer)[-3:] == ["score_confidence", "decide_transfer", "close_turn"]
    assert path(transferred)[-2:] == ["transfer", "close_turn"]
    assert path(muted) == ["open_turn", "close_turn"]


def path(answer):
    return answer["metadata"]["diagnostics"]["path"]


async def test_replies_are_offered_where_there_are_few(room: Room) -> None:
    asked = await room.says("send 500")
    confirming = await room.says(IBAN)
    done = await room.says("yes")

    assert asked["quick_replies"] == []
    assert [each["message"] for each in confirming["quick_replies"]] == ["yes", "no"]
    assert done["quick_replies"] == []
    [ended] = [done["metadata"]["diagnostics"]["ended"]]
    assert ended["slots"]["iban"]["quote"] == IBAN
