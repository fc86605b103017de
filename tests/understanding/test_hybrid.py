"""The hybrid asks the model only where the embedded engine is unsure, and never fails with it."""

import asyncio

import pytest

from config.project import Project
from dialogue.commands import Act, Start, Unclear
from dialogue.state import ModelUse, Ranked
from tests.understanding.conftest import at, make_version
from understanding.hybrid import HybridUnderstanding
from understanding.port import Understood

START = (Start(command="start", intent="a"),)
OTHER = (Start(command="start", intent="b"),)
RANKING = (Ranked(intent="a", score=0.5),)


class Scripted:
    """An engine that answers what it was told to, and counts."""

    def __init__(self, understood: Understood) -> None:
        self.understood = understood
        self.asked = 0
        self.prepared = 0

    async def prepare(self, version):
        self.prepared += 1

    async def understand(self, version, situation):
        self.asked += 1
        return self.understood


def use(failure: str | None = None) -> ModelUse:
    return ModelUse(
        purpose="understand", model="m", input_tokens=1, output_tokens=1, mode="tools", failure=failure, ms=1.0
    )


def embedded(certainty: float = 0.9, commands=START) -> Scripted:
    return Scripted(Understood(commands=commands, certainty=certainty, ranking=RANKING))


def model(commands=OTHER, failure: str | None = None) -> Scripted:
    return Scripted(Understood(commands=commands, engine="llm", models=(use(failure),)))


def bot(mode: str, **given):
    return make_version(Project(name="bot", locales=["en"], understanding=mode, **given))


@pytest.mark.parametrize(
    ("mode", "certainty", "calls", "commands"),
    [
        ("embedded", 0.1, 0, START),
        ("hybrid", 0.9, 0, START),
        ("hybrid", 0.3, 1, OTHER),
        ("llm", 0.9, 1, OTHER),
    ],
)
async def test_the_model_is_asked_as_the_project_says_and_at_most_once(mode, certainty, calls, commands):
    llm = model()

    understood = await HybridUnderstanding(embedded(certainty), llm).understand(bot(mode), at("hello"))

    assert llm.asked == calls
    assert understood.commands == commands
    assert understood.ranking == RANKING


async def test_an_unclear_reading_is_never_sure():
    llm = model()
    unclear = embedded(0.99, (Unclear(command="unclear", reason="no_match"),))

    await HybridUnderstanding(unclear, llm).understand(bot("hybrid"), at("hello"))

    assert llm.asked == 1


async def test_an_empty_message_is_not_worth_a_call():
    llm = model()
    empty = embedded(0.5, (Unclear(command="unclear", reason="empty"),))

    await HybridUnderstanding(empty, llm).understand(bot("llm"), at(""))

    assert llm.asked == 0


@pytest.mark.parametrize(
    "failed",
    [model(failure="timeout"), model(commands=(Unclear(command="unclear", reason="unreadable"),))],
    ids=["failure", "unreadable"],
)
async def test_a_failed_model_leaves_the_embedded_reading_and_says_so(failed):
    understood = await HybridUnderstanding(embedded(0.3), failed).understand(bot("hybrid"), at("hello"))

    assert understood.commands == START
    assert understood.models == failed.understood.models
    assert understood.notices


async def test_no_model_is_asked_when_the_budget_is_used_up():
    llm = model()

    understood = await HybridUnderstanding(embedded(0.3), llm).understand(bot("hybrid"), at("x", model_allowed=False))

    assert llm.asked == 0
    assert "budget" in understood.notices[0]


async def test_a_project_that_wants_a_model_is_told_when_there_is_none():
    understood = await HybridUnderstanding(embedded(), None).understand(bot("llm"), at("hello"))

    assert understood.commands == START
    assert "no model" in understood.notices[0]


async def test_both_engines_are_prepared_where_both_may_be_asked():
    first, second = embedded(), model()

    await HybridUnderstanding(first, second).prepare(bot("hybrid"))

    assert (first.prepared, second.prepared) == (1, 1)


async def test_the_record_names_both_engines_and_what_they_read():
    person = (Act(command="person"),)
    understood = await HybridUnderstanding(embedded(0.2), model(person)).understand(bot("hybrid"), at("hello"))

    assert understood.engine == "hybrid:llm"
    assert [(one["engine"], one["commands"], one["served"]) for one in understood.readings] == [
        ("embedded", list(START), False),
        ("llm", list(person), True),
    ]
    assert understood.readings[0]["certainty"] == 0.2


async def test_a_failed_reading_is_in_the_record_too():
    engine = HybridUnderstanding(embedded(0.3), model(failure="timeout:deadline"))
    understood = await engine.understand(bot("hybrid"), at("hello"))

    assert understood.engine == "hybrid:embedded"
    assert [(one["engine"], one["failure"], one["served"]) for one in understood.readings] == [
        ("embedded", None, True),
        ("llm", "timeout:deadline", False),
    ]


@pytest.mark.parametrize(("sure", "calls"), [(0.0, 0), (0.5, 0), (0.51, 1), (1.0, 1)])
async def test_a_project_says_how_sure_is_sure(sure, calls):
    llm = model()
    await HybridUnderstanding(embedded(0.5), llm).understand(bot("hybrid", sure=sure), at("hello"))

    assert llm.asked == calls


@pytest.mark.parametrize(("certainty", "engine", "models"), [(0.9, "embedded", 0), (0.2, "hybrid:llm", 1)])
async def test_both_may_be_read_to_compare_them(certainty, engine, models):
    """What comes of it is what a customer's message would come to; the other reading stands beside it."""
    hybrid = HybridUnderstanding(embedded(certainty), model())
    understood = await hybrid.read_both(bot("hybrid"), at("hello"))

    assert (understood.engine, len(understood.models)) == (engine, models)
    assert [one["commands"] for one in understood.readings] == [list(START), list(OTHER)]
    assert [one["served"] for one in understood.readings] == [certainty == 0.9, certainty != 0.9]


class Slow(Scripted):
    """A model that takes its time, and notices when nobody waits any more."""

    def __init__(self) -> None:
        super().__init__(Understood(commands=OTHER, engine="llm"))
        self.begun = asyncio.Event()
        self.given_up = False

    async def understand(self, version, situation):
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.given_up = True
            raise


async def test_a_turn_that_is_given_up_gives_up_its_model():
    slow = Slow()
    reading = asyncio.create_task(HybridUnderstanding(embedded(0.2), slow).understand(bot("hybrid"), at("hello")))
    await asyncio.wait_for(slow.begun.wait(), 5)
    reading.cancel()

    with pytest.raises(asyncio.CancelledError):
        await reading
    assert slow.given_up
