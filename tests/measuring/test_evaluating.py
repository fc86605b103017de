"""A project measured on labelled messages."""

from datetime import UTC, datetime
from typing import ClassVar

from rich.console import Console

from dialogue.commands import Command
from measuring.comparing import compare
from measuring.diagrams import draw_confusion
from measuring.evaluating import evaluate, meant
from measuring.rows import Row
from terminal.evaluate import tell, tell_difference
from tests.knowledge.fakes import make_version
from understanding.port import Situation, Understood

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MEANT: dict[str, list[Command]] = {
    "book a room": [
        {"command": "start", "intent": "book"},
        {"command": "fill", "slot": "nights", "value": 2, "quote": "2"},
    ],
    "cancel it": [{"command": "start", "intent": "book"}],
    "what does parking cost": [{"command": "question", "text": "?"}],
}


NOTHING: list[Command] = [{"command": "unclear", "reason": "no_match"}]


class Engine:
    """Understands what it was told."""

    async def prepare(self, version) -> None:
        """Nothing to train."""

    async def understand(self, version, situation: Situation) -> Understood:
        return Understood(commands=tuple(MEANT.get(situation.message, NOTHING)))


ROWS = [
    Row(message="book a room", intent="book", slots={"nights": 2, "beds": 1}),
    Row(message="cancel it", intent="cancel"),
    Row(message="gibberish", intent="none"),
    Row(message="what does parking cost", intent="question", source=["parking.md", "faq.csv"]),
    Row(message="is there a casino on the roof", answerable=False),
]


async def test_intents_slots_retrieval_and_confidence_are_measured(hotel, knowledge, tmp_path):
    done = await evaluate(hotel, ROWS, understanding=Engine(), knowledge=knowledge, now=NOW)
    figures = done.figures

    assert figures["intents"]["accuracy"] == 0.75
    assert figures["intents"]["each"]["cancel"] == {"rows": 1, "precision": None, "recall": 0.0}
    assert (figures["slots"]["precision"], figures["slots"]["recall"], figures["slots"]["f1"]) == (1.0, 0.5, 0.6667)
    assert figures["retrieval"]["R@1"] == 1.0
    assert figures["confidence"]["questions"] == 2
    assert figures["model_calls"] == 0.0
    draw_confusion(tmp_path / "c.png", done.confusion, title="hotel")
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


async def test_what_was_not_labelled_is_not_measured(hotel, knowledge):
    done = await evaluate(hotel, ROWS[:1], understanding=Engine(), knowledge=knowledge, now=NOW)

    assert (done.figures["retrieval"], done.figures["confidence"], done.confidence) == (None, None, None)


async def test_labels_that_cannot_be_met_are_told_with_their_row(hotel, knowledge):
    rows = [
        *ROWS,
        Row(message="what does the laundry cost", source=["landry.md"]),
        Row(message="what does the laundry cost", passage="49 ducats"),
        Row(message="stop", intent="cancel"),
        Row(message="book", intent="bok", locale="fr"),
    ]

    done = await evaluate(hotel, rows, understanding=Engine(), knowledge=knowledge, now=NOW)
    console = Console(record=True, width=200)
    tell(done.figures, console)

    told = console.export_text()
    assert "row 6: no passage of the knowledge is named by landry.md" in told
    assert "row 7: no passage of the knowledge is named by “49 ducats”" in told
    assert "row 9: locale 'fr' is not among `locales` (en)" in told
    assert "row 9: there is no intent 'bok'; expected one of" in told
    assert done.figures["retrieval"]["R@5"] == 0.3333
    assert "not found" in told
    assert "row 8" not in told


async def test_a_row_is_read_in_the_language_of_its_words_where_it_names_none(hotel, knowledge):
    class Listening(Engine):
        heard: ClassVar[list[str]] = []

        async def understand(self, version, situation: Situation) -> Understood:
            self.heard.append(situation.locale)
            return await super().understand(version, situation)

    spoken = make_version(hotel.folder, name="hotel", locales=["en", "tr", "zh"])
    rows = [
        Row(message="the room that we booked was rather cold", intent="none"),
        Row(message="ayırttığımız oda oldukça soğuktu ve sıcak su yoktu", intent="none"),
        Row(message="我们订的房间太冷了", intent="none"),
        Row(message="ok", intent="none", locale="tr"),
        Row(message="ok", intent="none"),
    ]

    engine = Listening()
    await evaluate(spoken, rows, understanding=engine, knowledge=knowledge, now=NOW)

    assert engine.heard == ["en", "tr", "zh", "tr", "en"]


async def test_two_runs_are_compared_figure_by_figure_and_told(hotel, knowledge):
    one = await evaluate(hotel, ROWS, understanding=Engine(), knowledge=knowledge, now=NOW)
    other = await evaluate(hotel, ROWS[:1], understanding=Engine(), knowledge=knowledge, now=NOW)
    console = Console(record=True, width=120)
    tell(one.figures, console)
    tell_difference(one.figures, other.figures, console)

    changes = {found.name: found.change for found in compare(one.figures, other.figures)}
    assert changes["intents.accuracy"] == 0.25
    assert changes["retrieval.R@1"] is None
    assert compare(one.figures, one.figures) == []
    assert "intents.accuracy" in console.export_text()


def test_a_message_is_labelled_by_the_intent_it_begins_else_by_its_act():
    assert meant([{"command": "affirm"}, {"command": "start", "intent": "book"}]) == "book"
    assert meant([{"command": "person"}]) == "person"
    assert meant([{"command": "clarify", "intents": ["a", "b"]}]) == "none"
