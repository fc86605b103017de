"""What the checks read and where they write."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from pydantic import JsonValue

from config.errors import Problem
from config.project import Project
from config.reading import KeyPath, Reading, dotted


@dataclass
class Report:
    """One project under check and the problems found so far."""

    project: Project
    folder: Path
    reading: Reading
    environment: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def error(self, path: KeyPath, message: str, expected: str = "") -> None:
        """A mistake that breaks the bot."""
        self._add("error", path, message, expected)

    def warn(self, path: KeyPath, message: str, expected: str = "") -> None:
        """Something that works and is probably not meant."""
        self._add("warning", path, message, expected)

    def _add(self, severity: Literal["error", "warning"], path: KeyPath, message: str, expected: str) -> None:
        place = self.reading.place(path)
        self.problems.append(
            Problem(
                file=self.reading.file,
                line=place.line,
                column=place.column,
                key=dotted(path),
                message=message,
                expected=expected,
                severity=severity,
            )
        )

    def written(self, path: KeyPath) -> bool:
        """Whether the author wrote this key, rather than leaving its default."""
        return path in self.reading.keys


def one_of(name: str, known: Iterable[str]) -> str:
    """What is expected instead of an unknown `name`."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"{near[0]!r} (did you mean that?)"
    return f"one of {', '.join(names)}" if names else "a name that is defined"


def texts_in(value: JsonValue, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Every text of a JSON value with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts_in(inner, (*path, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from texts_in(inner, (*path, position))
