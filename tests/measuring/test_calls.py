"""Accuracy against the share of model calls."""

import random
from datetime import UTC, datetime

import pytest
from rich.console import Console

from dialogue.commands import Command, Start, Unclear
from dialogue.state import EngineReading
from measuring.calls import Compared, points, suggested, summary
from measuring.diagrams import draw_calls
from measuring.evaluating import BothEngines, evaluate
from measuring.rows import Row
from models.chat import open_language_model
from terminal.evaluate import tell
from tests.openai_server import Seen, Step, calls, serving_openai, status
from understanding.hybrid import HybridUnderstanding
from understanding.llm import LLMUnderstanding
from understanding.port import Situation, Understood

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
START: list[Command] = [Start(command="start", intent="book")]


def compared(certainty: float | None, embedded: bool, model: bool | None, commands: list[Command] = START) -> Compared:
    reading = EngineReading(engine="embedded", commands=commands, certainty=certainty, failure=None, served=True)
    return Compared(embedded=reading, embedded_right=embedded, model_right=model)


def test_a_threshold_decides_who_reads():
    some = [
        compared(0.9, True, False),
        compared(0.7, True, True),
        compared(0.3, False, True),
        compared(0.2, False, None),
    ]
    low, middle, high = points(some, [0.0, 0.5, 1.0])

    assert [(point.asked, point.accuracy) for point in (low, middle, high)] == [(0, 0.5), (0.5, 0.75), (1, 0.5)]
    assert (middle.kept_right, middle.ceiling, high.kept_right) == (1.0, 1.0, None)


def test_what_says_nothing_is_never_sure_and_what_is_nothing_never_asked():
    unclear = compared(0.99, False, True, [Unclear(command="unclear", reason="no_match")])
    empty = compared(0.1, True, True, [Unclear(command="unclear", reason="empty")])

    assert unclear.asks(0.0)
    assert not empty.asks(1.0)


def test_calls_are_suggested_as_long_as_they_are_worth_it():
    some = [compared(certainty / 100, certainty > 30, True) for certainty in range(100)]
    rare = [compared(certainty / 100, certainty % 20 > 0, True) for certainty in range(100)]

    assert suggested(points(some)).sure == 0.35
    assert suggested(points(rare)).sure == 0.05
    assert summary(some, 0.6)["now"] == {"sure": 0.6, "asked": 0.6, "accuracy": 1.0, "kept_right": 1.0, "ceiling": 1.0}


class Guesses:
    """An engine that is right as often as it says it is sure."""

    async def prepare(self, version) -> None:
        """Nothing to train."""

    async def understand(self, version, situation: Situation) -> Understood:
        name, certainty = situation.message.split()[0], float(situation.message.split()[-1])
        right = random.Random(situation.message).random() < certainty  # noqa: S311 -- no secret
        return Understood(commands=(Start(command="start", intent=name if right else "book"),), certainty=certainty)


def mostly_right(seen: Seen) -> Step:
    """A model that knows what every message is labelled with, and errs at one in ten; one in twenty it fails at."""
    message = seen.body["messages"][-1]["content"]
    chance = random.Random(f"model {message}").random()  # noqa: S311 -- no secret
    if chance < 0.05:
        return status(400, "no")
    return calls((message.split()[0] if chance > 0.1 else "book", {}))


@pytest.fixture
def chatty(hotel):
    names = ("cancel", "change", "invoice")
    project = hotel.project.model_validate(
        {"name": "hotel", "locales": ["en"], "intents": {name: {"description": name} for name in (*names, "book")}}
    )
    rows = [Row(message=f"{names[at % 3]} it number {at} {at / 120}", intent=names[at % 3]) for at in range(120)]
    return type(hotel)(**{**vars(hotel), "project": project}), rows


async def test_a_model_is_measured_against_what_it_is_asked(chatty, knowledge, tmp_path):
    version, rows = chatty
    with serving_openai(respond=mostly_right) as server:
        model = open_language_model(model="m", base_url=server.url)
        assert model is not None
        engine = BothEngines(HybridUnderstanding(Guesses(), LLMUnderstanding(model)))
        done = await evaluate(version, rows, understanding=engine, knowledge=knowledge, now=NOW)
        await model.aclose()

    found = done.figures["calls"]
    assert isinstance(found, dict)
    assert len(server.requests) == found["messages"] == 120
    assert found["read_by_model"] < 120
    assert found["embedded_alone"] < 0.65 < found["model_alone"]
    assert done.figures["model_calls"] == found["now"]["asked"] == version.project.sure
    assert found["now"]["accuracy"] == done.figures["intents"]["accuracy"]
    assert 0 < found["suggested"]["asked"] < 1
    assert found["suggested"]["accuracy"] > found["embedded_alone"]
    assert found["points"][0]["accuracy"] == found["embedded_alone"]
    draw_calls(tmp_path / "calls.png", found, title="hotel")
    assert (tmp_path / "calls.png").read_bytes().startswith(b"\x89PNG")
    console = Console(record=True, width=120)
    tell(done.figures, console)
    assert f"`sure: {found['suggested']['sure']:g}`" in console.export_text()


async def test_without_a_model_the_curve_says_what_one_could_bring_at_most(chatty, knowledge, tmp_path):
    version, rows = chatty
    engine = BothEngines(HybridUnderstanding(Guesses(), None))
    done = await evaluate(version, rows, understanding=engine, knowledge=knowledge, now=NOW)

    found = done.figures["calls"]
    assert isinstance(found, dict)
    assert (found["model_alone"], found["suggested"], found["read_by_model"]) == (None, None, 0)
    assert found["points"][-1]["ceiling"] == 1.0
    assert found["now"]["kept_right"] > found["embedded_alone"]
    draw_calls(tmp_path / "calls.png", found, title="hotel")
    console = Console(record=True, width=120)
    tell(done.figures, console)
    assert "no model is configured" in console.export_text()
