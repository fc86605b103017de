"""Reads an OpenAPI document: bounded in size and depth, references followed inside the document only."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from config.reading import read_file
from importing.notes import ImportRefusedError, Notes

MAX_BYTES: Final = 32_000_000
MAX_DEPTH: Final = 200
MAX_REFERENCES: Final = 30
"""References that lead to references."""

Object = Mapping[str, JsonValue]
NOTHING: Final[Object] = {}


@dataclass(frozen=True)
class Document:
    """A document of OpenAPI 3.0 or 3.1."""

    root: Object
    notes: Notes

    def resolve(self, value: JsonValue, where: str) -> Object:
        """An object, or what its local `$ref` leads to; empty, with a note, where that is nothing usable."""
        for _ in range(MAX_REFERENCES):
            if not isinstance(value, dict):
                return NOTHING
            target = value.get("$ref")
            if not isinstance(target, str):
                return value
            if not target.startswith("#"):
                self.notes.add(where, f"the reference {target[:80]!r} leads out of the document and is not followed")
                return NOTHING
            found = self._at(target)
            if found is None:
                self.notes.add(where, f"the reference {target[:80]!r} leads nowhere")
                return NOTHING
            value = found
        self.notes.add(where, "a reference leads in a circle")
        return NOTHING

    def _at(self, pointer: str) -> JsonValue:
        here: JsonValue = dict(self.root)
        for part in pointer.removeprefix("#").strip("/").split("/"):
            key = part.replace("~1", "/").replace("~0", "~").replace("%7B", "{").replace("%7D", "}")
            if isinstance(here, dict):
                here = here.get(key)
            elif isinstance(here, list) and key.isascii() and key.isdigit() and int(key) < len(here):
                here = here[int(key)]
            else:
                return None
        return here

    def objects(self, value: JsonValue, where: str) -> list[Object]:
        """The objects of a list, references followed."""
        return [found for one in value if (found := self.resolve(one, where))] if isinstance(value, list) else []


def read_document(path: Path, notes: Notes) -> Document:
    """The document in a JSON or YAML file; raises ImportRefusedError."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ImportRefusedError(f"{path.name} is larger than {MAX_BYTES} bytes")
        raw = path.read_bytes()
    except OSError as error:
        raise ImportRefusedError(f"{path} cannot be read: {error.strerror}") from error
    root = _from_json(raw, path.name) if raw.lstrip()[:1] == b"{" else _from_yaml(path, notes)
    if not isinstance(root, dict):
        raise ImportRefusedError(f"{path.name} holds no OpenAPI document")
    _check_version(root, path.name)
    return Document(root, notes)


def _check_version(root: Object, name: str) -> None:
    version = root.get("openapi")
    if "swagger" in root:
        raise ImportRefusedError(f"{name} is Swagger {root['swagger']}; convert it to OpenAPI 3.0 or 3.1 first")
    if not isinstance(version, str) or not version.startswith(("3.0", "3.1")):
        raise ImportRefusedError(f"{name} is not OpenAPI 3.0 or 3.1; its 'openapi' is {str(version)[:20]!r}")
    if not isinstance(root.get("paths"), dict):
        raise ImportRefusedError(f"{name} has no paths")


def _from_json(raw: bytes, name: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ImportRefusedError(f"{name} is not valid JSON") from error
    level: list[JsonValue] = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, dict | list)]
        if not level:
            return value
    raise ImportRefusedError(f"{name} nests deeper than {MAX_DEPTH} levels")


def _inside(value: JsonValue) -> Iterator[JsonValue]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _from_yaml(path: Path, notes: Notes) -> JsonValue:
    reading = read_file(path)
    if reading.data is None or any("too large" in problem.message for problem in reading.problems):
        told = str(reading.problems[0]) if reading.problems else f"{path.name} is empty"
        raise ImportRefusedError(f"{told}; a document this large is read as JSON only: convert it first")
    for problem in reading.problems:
        notes.add(f"line {problem.line}", problem.message)
    return _text_keys(reading.data)


def _text_keys(value: JsonValue) -> JsonValue:
    """Statuses are written as numbers in YAML and as texts in JSON."""
    if isinstance(value, dict):
        return {str(key): _text_keys(inner) for key, inner in value.items()}
    return [_text_keys(inner) for inner in value] if isinstance(value, list) else value
