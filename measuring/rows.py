"""
Labelled messages as people bring them: YAML, CSV or JSON lines.

* DataError   the file cannot be read, or a row says something that does not go together
"""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from config.errors import ConfigError

_MOST_BYTES = 50 * 2**20


class DataError(ConfigError):
    """The labelled data cannot be used; the message names file and row."""


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Row(BaseModel):
    """One message and what is known of it; what is not written is not measured."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    message: str = Field(min_length=1)
    locale: str | None = None
    intent: str | None = Field(None, description="An intent's name; `question`, `none` or a dialogue act otherwise.")
    slots: dict[str, JsonValue] | None = None
    source: Annotated[list[str], BeforeValidator(_listed)] | None = Field(
        None, description="The document that answers, as citations name it, or a part of its name."
    )
    passage: str | None = Field(None, description="Words of the passage that answers.")
    answerable: bool | None = Field(None, description="Whether the knowledge answers it; false needs no source.")

    @property
    def asks_knowledge(self) -> bool:
        """Whether it is known what the knowledge has for this message."""
        return bool(self.source or self.passage) or self.answerable is False


def read_rows(path: Path) -> list[Row]:
    """The rows of a file, by its ending: .yaml, .csv, .jsonl (or .json, a list); raises DataError."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DataError(f"{path}: larger than {_MOST_BYTES} bytes; divide it")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({type(error).__name__})") from None
    readers = {".yaml": _yaml, ".yml": _yaml, ".csv": _csv, ".jsonl": _json_lines, ".json": _json}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"{path}: unknown kind of file; expected one of {', '.join(sorted(readers))}")
    rows = [_row(path, at, value) for at, value in enumerate(reader(path, text), 1)]
    if not rows:
        raise DataError(f"{path}: no rows in it")
    return rows


def _row(path: Path, at: int, value: object) -> Row:
    try:
        return Row.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DataError(f"{path}: row {at}: {place + ': ' if place else ''}{first['msg']}") from None


def _yaml(path: Path, text: str) -> Sequence[object]:
    try:
        return _list(path, YAML(typ="safe", pure=True).load(text))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise DataError(f"{path}:{line}: not YAML: {error.problem}") from None


def _json(path: Path, text: str) -> Sequence[object]:
    return _list(path, _parse(path, 1, text))


def _json_lines(path: Path, text: str) -> Iterator[object]:
    for at, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield _parse(path, at, line)


def _csv(path: Path, text: str) -> Iterator[object]:
    """Columns as the fields are called; an empty cell says nothing, slots are a JSON object."""
    for at, cells in enumerate(csv.DictReader(text.splitlines()), 2):
        filled: dict[str, object] = {name: value for name, value in cells.items() if name and value}
        slots = filled.get("slots")
        if isinstance(slots, str):
            filled["slots"] = _parse(path, at, slots)
        source = filled.get("source")
        if isinstance(source, str):
            filled["source"] = [part.strip() for part in source.split("|")]
        yield filled


def _parse(path: Path, line: int, text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise DataError(f"{path}:{line}: not JSON: {error}") from None


def _list(path: Path, value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise DataError(f"{path}: expected a list of rows")
    return value
