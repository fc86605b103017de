"""restaurant8k: spans of time, date, people and names in English, by rules alone and with the tagger."""

import json
import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from config.project import Slot
from understanding.grammar.loading import load_language
from understanding.grammar.reading import Reading
from understanding.slot_assignment import Asked
from understanding.slots import extract
from understanding.tagger import Marked, SlotTagger

FILE = "restaurant8k.train_1k.json"
SLOTS = {
    "time": Slot(type="time"),
    "people": Slot(type="count"),
    "date": Slot(type="date"),
    "first_name": Slot(type="name"),
    "last_name": Slot(type="name"),
}
NOW = datetime(2018, 8, 1, 9, tzinfo=ZoneInfo("Europe/London"))
Span = tuple[str, int, int]


def load(path: Path) -> list[Marked]:
    """The sentences with their spans and what was asked for."""
    marked = []
    for item in json.loads(path.read_text(encoding="utf-8")):
        spans = [(label["slot"], label["valueSpan"]) for label in item.get("labels", [])]
        requested = item.get("context", {}).get("requestedSlots", [])
        marked.append(
            Marked(
                text=item["userInput"]["text"],
                marks=tuple((slot, span.get("startIndex", 0), span["endIndex"]) for slot, span in spans),
                locale="en",
                requested=tuple(dict.fromkeys(name for name in requested if name in SLOTS)),
            )
        )
    return marked


def read(example: Marked, tagger: SlotTagger | None) -> list[Span]:
    """What the whole extractor finds."""
    found = extract(
        example.text, SLOTS, locale="en", locales=["en"], now=NOW, requested=example.requested, tagger=tagger
    )
    return [(each.slot, each.start, each.end) for each in found if not each.negated]


def tag(example: Marked, tagger: SlotTagger) -> list[Span]:
    """What the tagger alone finds."""
    language = load_language("en")
    if language is None:
        return []
    reading = Reading(example.text, language, NOW)
    spans = tagger.spans(reading, SLOTS, Asked(requested=example.requested, filled={}))
    return [(each.slot, each.start, each.end) for each in spans]


def f1(gold: Sequence[Sequence[Span]], found: Sequence[Sequence[Span]], *, exact: bool) -> dict[str, float]:
    """F1 by slot: of identical spans, or of spans that overlap."""
    right, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    for marks, spans in zip(gold, found, strict=True):
        left = list(spans)
        for mark in marks:
            match = next((span for span in left if _same(mark, span, exact=exact)), None)
            if match is None:
                missed[mark[0]] += 1
            else:
                right[mark[0]] += 1
                left.remove(match)
        wrong.update(span[0] for span in left)
    return {name: 2 * right[name] / max(1, 2 * right[name] + wrong[name] + missed[name]) for name in SLOTS}


def _same(mark: Span, span: Span, *, exact: bool) -> bool:
    if mark[0] != span[0]:
        return False
    return mark == span if exact else mark[1] < span[2] and span[1] < mark[2]


def report(data: Path, out: TextIO) -> None:
    """Both halves in turn: rules, and taggers trained on samples of the other half."""
    examples = load(data / FILE)
    random.Random(0).shuffle(examples)  # noqa: S311 - a sample, not a secret
    halves = examples[: len(examples) // 2], examples[len(examples) // 2 :]
    out.write("\nrestaurant8k, exact / overlapping spans; the rules were tuned on the first half\n")
    for name, test, train in (("first half", halves[0], halves[1]), ("second half", halves[1], halves[0])):
        gold = [example.marks for example in test]
        _row(out, f"{name}: rules", gold, [read(example, None) for example in test])
        for size in (256, len(train)):
            sample = random.Random(0).sample(train, size)  # noqa: S311 - a sample, not a secret
            tagger = SlotTagger.train(sample, SLOTS, now=NOW, minimum=0)
            if tagger is not None:
                _row(out, f"{name}: tagger, {size}", gold, [tag(example, tagger) for example in test])
                _row(out, f"{name}: extract, {size}", gold, [read(example, tagger) for example in test])


def _row(out: TextIO, name: str, gold: Sequence[Sequence[Span]], found: Sequence[Sequence[Span]]) -> None:
    exact, overlap = f1(gold, found, exact=True), f1(gold, found, exact=False)
    columns = " ".join(f"{slot} {exact[slot]:.3f}/{overlap[slot]:.3f}" for slot in SLOTS)
    macro = sum(exact.values()) / len(SLOTS), sum(overlap.values()) / len(SLOTS)
    out.write(f"{name:<28}{columns}  macro {macro[0]:.3f}/{macro[1]:.3f}\n")
