"""Two sets of figures side by side: what rose, what fell."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

LEFT_OUT: Final = frozenset({"bands", "selective", "confusion", "missed", "rows", "questions", "points", "suggested"})


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One figure in both."""

    name: str
    before: float | None
    after: float | None

    @property
    def change(self) -> float | None:
        """After less before; None where one of them is missing."""
        return None if self.before is None or self.after is None else self.after - self.before


def compare(before: Mapping[str, JsonValue], after: Mapping[str, JsonValue]) -> list[Difference]:
    """Every number of either that differs or is missing in one, in the order of the newer."""
    old, new = dict(_numbers(before)), dict(_numbers(after))
    return [
        Difference(name=name, before=old.get(name), after=new.get(name))
        for name in dict.fromkeys([*new, *old])
        if old.get(name) != new.get(name)
    ]


def _numbers(figures: Mapping[str, JsonValue], above: Sequence[str] = ()) -> Iterator[tuple[str, float]]:
    for key, value in figures.items():
        if key in LEFT_OUT:
            continue
        if isinstance(value, dict):
            yield from _numbers(value, [*above, key])
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield ".".join([*above, key]), float(value)
