"""The hybrid asks the model only where the embedded engine is unsure, and never fails with it."""

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


def bot(mode: str):
    return make_version(Project(name="bot", locales=["en"], understanding=mode))


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


async def test_the_record_names_both_engines():
    understood = await HybridUnderstanding(embedded(0.2), model((Act(command="person"),))).understand(
        bot("hybrid"), at("hello")
    )

    assert understood.engine == "hybrid:llm"
