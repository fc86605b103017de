"""The arithmetic of the benchmarks, and what one of them reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from pydantic import JsonValue
from rich.table import Table


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of the values do not exceed, between neighbours by their distance; 0 for no values."""
    return float(np.percentile(values, percent)) if values else 0.0


def mean(values: Sequence[float]) -> float:
    """The average; 0 for no values."""
    return sum(values) / len(values) if values else 0.0


def ratio(value: float, base: float) -> float | None:
    """How many times `base` fits; None where there is nothing to compare with."""
    return value / base if base > 0 else None


def times(value: float | None) -> str:
    """A ratio as tables show it."""
    return "–" if value is None else f"{value:.2f}×"


@dataclass
class Sample:
    """Turns that were measured: the wall time of each, and the CPU time of all."""

    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: float = 0.0

    @property
    def turns(self) -> int:
        """How many turns."""
        return len(self.wall_ms)

    @property
    def cpu_per_turn(self) -> float:
        """Milliseconds of CPU a turn."""
        return self.cpu_ms / self.turns if self.turns else 0.0

    def figures(self) -> dict[str, JsonValue]:
        """What of it is printed, as data."""
        return {
            "turns": self.turns,
            "p50_ms": round(percentile(self.wall_ms, 50), 3),
            "p99_ms": round(percentile(self.wall_ms, 99), 3),
            "mean_ms": round(mean(self.wall_ms), 3),
            "cpu_ms": round(self.cpu_per_turn, 3),
        }


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one benchmark found: a table for people, the same figures as data, and remarks."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    figures: Mapping[str, JsonValue]
    remarks: Sequence[str] = ()

    def table(self) -> Table:
        """The report as a table; the first column names, the others are figures."""
        table = Table(title=self.title, title_justify="left", caption="\n".join(self.remarks), caption_justify="left")
        for number, column in enumerate(self.columns):
            table.add_column(column, justify="right" if number else "left")
        for row in self.rows:
            table.add_row(*row)
        return table
