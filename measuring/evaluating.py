"""How a project does on labelled messages: intents, slots, retrieval, confidence, and how often a model is asked."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from pydantic import JsonValue

from config.versions import Version
from dialogue.commands import Command
from dialogue.confidence import calibration_of
from measuring.figures import Judged, summarise
from measuring.fitting import judged
from measuring.questions import Material
from measuring.rows import Row
from measuring.trials import Outcome, ask
from tools.knowledge import ChromaKnowledge
from understanding.port import Situation, Understanding, Understood

NONE = "none"
TURN_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """The figures as plain data, and what diagrams are drawn of."""

    figures: dict[str, JsonValue]
    confusion: Counter[tuple[str, str]]
    """(expected, understood) → how often."""
    confidence: Judged | None


async def evaluate(
    version: Version, rows: Sequence[Row], *, understanding: Understanding, knowledge: ChromaKnowledge, now: datetime
) -> Evaluated:
    """Understand every row that has an intent or slots, ask the knowledge every row that names a passage."""
    spoken = [row for row in rows if row.intent is not None or row.slots is not None]
    understood = [await _understand(version, row, understanding, now) for row in spoken]
    outcomes = await _asked(version, rows, knowledge)
    confusion = Counter(
        (row.intent, meant(one.commands)) for row, one in zip(spoken, understood, strict=True) if row.intent is not None
    )
    trusted = _judged(outcomes)
    figures: dict[str, JsonValue] = {
        "project": version.project.name,
        "version": version.name,
        "rows": len(rows),
        "engines": dict(Counter(one.engine for one in understood)),
        "model_calls": _share(sum(bool(one.models) for one in understood), len(understood)),
        "intents": _intents(confusion) if confusion else None,
        "slots": _slots(spoken, understood),
        "retrieval": _retrieval(outcomes),
        "confidence": None if trusted is None else summarise(trusted),
    }
    return Evaluated(figures=figures, confusion=confusion, confidence=trusted)


def meant(commands: Sequence[Command]) -> str:
    """One label for what was understood: the intent begun, else the act, else `none`."""
    for command in commands:
        if command["command"] == "start":
            return command["intent"]
    for command in commands:
        if command["command"] not in ("unclear", "clarify", "fill"):
            return command["command"]
    return NONE


async def _understand(version: Version, row: Row, understanding: Understanding, now: datetime) -> Understood:
    situation = Situation(
        message=row.message,
        locale=row.locale or version.project.default_locale,
        now=now,
        deadline=asyncio.get_running_loop().time() + TURN_SECONDS,
    )
    return await understanding.understand(version, situation)


async def _asked(version: Version, rows: Sequence[Row], knowledge: ChromaKnowledge) -> list[Outcome]:
    if not any(row.asks_knowledge for row in rows):
        return []
    passages = await knowledge.run(lambda: knowledge.passages(version))
    return await ask(knowledge, version, Material(version=version, passages=passages).of_rows(rows))


def _intents(confusion: Mapping[tuple[str, str], int]) -> dict[str, JsonValue]:
    total = sum(confusion.values())
    right = sum(count for (wanted, found), count in confusion.items() if wanted == found)
    names = sorted({wanted for wanted, _ in confusion})
    each: dict[str, JsonValue] = {}
    scores: list[float] = []
    for name in names:
        hit = confusion.get((name, name), 0)
        wanted = sum(count for (one, _), count in confusion.items() if one == name)
        found = sum(count for (_, other), count in confusion.items() if other == name)
        scores.append(2 * hit / (wanted + found))
        each[name] = {"rows": wanted, "precision": _share(hit, found), "recall": _share(hit, wanted)}
    return {
        "accuracy": _share(right, total),
        "macro_f1": round(sum(scores) / len(scores), 4),
        "each": each,
        "confusion": [
            {"expected": wanted, "understood": found, "count": count}
            for (wanted, found), count in sorted(confusion.items())
        ],
    }


def _slots(rows: Sequence[Row], understood: Sequence[Understood]) -> JsonValue:
    """Precision, recall and F1 of slot values, each with the very value that is expected."""
    right = given = wanted = 0
    for row, one in zip(rows, understood, strict=True):
        if row.slots is None:
            continue
        filled = {command["slot"]: command["value"] for command in one.commands if command["command"] == "fill"}
        right += sum(slot in filled and filled[slot] == value for slot, value in row.slots.items())
        given += len(filled)
        wanted += len(row.slots)
    if not wanted and not given:
        return None
    return {
        "values": wanted,
        "precision": _share(right, given),
        "recall": _share(right, wanted),
        "f1": _share(2 * right, given + wanted),
    }


def _retrieval(outcomes: Sequence[Outcome]) -> JsonValue:
    answerable = [one for one in outcomes if one.trial.kind == "answerable"]
    if not answerable:
        return None
    places = [one.place for one in answerable]
    return {
        "questions": len(places),
        "R@1": _share(sum(place == 0 for place in places), len(places)),
        "R@5": _share(sum(place is not None and place < 5 for place in places), len(places)),
        "missed": [
            {"message": one.trial.text, "place": one.place, "found": one.found["passages"][0]["source"]}
            for one in answerable
            if one.place != 0
        ],
    }


def _judged(outcomes: Sequence[Outcome]) -> Judged | None:
    if not outcomes:
        return None
    confidence = np.array([one.confidence(calibration_of(one.found)) for one in outcomes])
    return judged(outcomes, confidence, np.ones(len(outcomes)))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
