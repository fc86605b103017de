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
from dialogue.state import EngineReading
from measuring.calls import Compared, summary
from measuring.figures import Judged, summarise
from measuring.fitting import judged
from measuring.labels import NONE, doubts, locale_of
from measuring.questions import Material
from measuring.rows import Row
from measuring.trials import Outcome, ask
from tools.knowledge import ChromaKnowledge
from understanding.hybrid import HybridUnderstanding
from understanding.port import Situation, Understanding, Understood

TURN_SECONDS = 60.0
AT_ONCE = 4
"""Messages read at the same time."""


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """The figures as plain data, and what diagrams are drawn of."""

    figures: dict[str, JsonValue]
    confusion: Counter[tuple[str, str]]
    """(expected, understood) → how often."""
    confidence: Judged | None


class BothEngines:
    """Reads every message with both engines, so that they can be compared; what comes of it is the hybrid's reading."""

    def __init__(self, hybrid: HybridUnderstanding) -> None:
        self._hybrid = hybrid

    async def prepare(self, version: Version) -> None:
        """Prepare both."""
        await self._hybrid.prepare(version)

    async def understand(self, version: Version, situation: Situation) -> Understood:
        """Read one message, by the model too where there is one."""
        return await self._hybrid.read_both(version, situation)


async def evaluate(
    version: Version, rows: Sequence[Row], *, understanding: Understanding, knowledge: ChromaKnowledge, now: datetime
) -> Evaluated:
    """Understand every row that has an intent or slots, ask the knowledge every row that names a passage.

    A row that names a passage which is not there counts as missed, and is told among `doubts`.
    """
    spoken = [row for row in rows if row.intent is not None or row.slots is not None]
    understood = await _understand_all(version, spoken, understanding, now)
    passages = await knowledge.run(lambda: knowledge.passages(version))
    outcomes = await ask(knowledge, version, Material(version=version, passages=passages).of_rows(rows))
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
        "calls": _calls(version, spoken, understood),
        "intents": _intents(confusion) if confusion else None,
        "slots": _slots(spoken, understood),
        "retrieval": _retrieval(outcomes),
        "doubts": [*doubts(rows, version, passages)],
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


def is_right(row: Row, commands: Sequence[Command]) -> bool:
    """Whether a reading has the intent and the values that a row is labelled with."""
    if row.intent is not None and meant(commands) != row.intent:
        return False
    filled = {command["slot"]: command["value"] for command in commands if command["command"] == "fill"}
    return all(slot in filled and filled[slot] == value for slot, value in (row.slots or {}).items())


def _calls(version: Version, rows: Sequence[Row], understood: Sequence[Understood]) -> JsonValue:
    """Accuracy against the share of model calls; None where no engine told what it read."""
    compared = [_compared(row, one.readings) for row, one in zip(rows, understood, strict=True) if one.readings]
    return summary(compared, version.project.sure) if compared else None


def _compared(row: Row, readings: Sequence[EngineReading]) -> Compared:
    embedded, *others = readings
    heard = [other for other in others if other["failure"] is None]
    return Compared(
        embedded=embedded,
        embedded_right=is_right(row, embedded["commands"]),
        model_right=is_right(row, heard[0]["commands"]) if heard else None,
    )


async def _understand_all(
    version: Version, rows: Sequence[Row], understanding: Understanding, now: datetime
) -> list[Understood]:
    """A few at a time: a model answers while others wait."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(row: Row) -> Understood:
        async with room:
            return await _understand(version, row, understanding, now)

    return list(await asyncio.gather(*(one(row) for row in rows)))


async def _understand(version: Version, row: Row, understanding: Understanding, now: datetime) -> Understood:
    situation = Situation(
        message=row.message,
        locale=locale_of(row, version),
        now=now,
        deadline=asyncio.get_running_loop().time() + TURN_SECONDS,
    )
    return await understanding.understand(version, situation)


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
