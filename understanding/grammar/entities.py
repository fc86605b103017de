"""What the grammar finds in a text."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import JsonValue

Kind = Literal["number", "percent", "money", "date", "time", "moment", "duration", "count"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One typed piece of a text; offsets are those of the original."""

    kind: Kind
    start: int
    end: int
    values: tuple[JsonValue, ...]
    """Canonical readings, the likeliest first."""
    score: float = 1.0
    weak: bool = False
    """Only meant where the dialogue waits for it: "one", a bare hour, 3/4."""
    partial: bool = False
    """Of a date: only a day of the month or of the week, to be read after the date before it."""
    noun: str = ""
    """Of a count: what is counted."""
    parts: "tuple[Entity, ...]" = ()
    """Of a count: what it is the sum of, "2 adults" and "a baby"."""


def longest(entities: Iterable[Entity]) -> list[Entity]:
    """The entities without those that overlap a longer, or an as long and surer one; in the order of the text.

    A score above 1 marks one half of a range, which stands whatever overlaps it.
    """
    kept: list[Entity] = []
    starts: list[int] = []
    for entity in sorted(entities, key=lambda each: (each.score <= 1, each.start - each.end, -each.score)):
        place = bisect_left(starts, entity.start)
        clear_before = place == 0 or kept[place - 1].end <= entity.start
        if clear_before and (place == len(kept) or entity.end <= starts[place]):
            starts.insert(place, entity.start)
            kept.insert(place, entity)
    return kept


def whole(number: float) -> int | float:
    """5.0 as 5: JSON numbers without needless decimals."""
    rounded = round(number, 6)
    return int(rounded) if rounded == int(rounded) else rounded


def moved(entity: Entity, *, start: int | None = None, end: int | None = None) -> Entity:
    """The same entity over another piece of the text."""
    return replace(entity, start=entity.start if start is None else start, end=entity.end if end is None else end)
