"""A JSON Schema as one flat thing: references followed, `allOf` joined, one variant chosen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from importing.documents import NOTHING, Document, Object
from importing.notes import UnsupportedError

MAX_NESTING: Final = 12
MAX_STEPS: Final = 5_000
"""Schemas that one operation may lead to: a few that hold each other lead to millions."""

_JOINED: Final = ("properties", "required", "allOf", "oneOf", "anyOf", "$ref")


@dataclass
class Schemas:
    """Flattens the schemas that one operation reads."""

    document: Document
    _steps: int = 0

    def flat(self, value: JsonValue | Object, where: str, depth: int = 0) -> Object:
        """The schema without `$ref`, `allOf`, `oneOf` and `anyOf`; empty where it is too deep or nothing usable."""
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise UnsupportedError("its schemas hold too many others")
        schema = self.document.resolve(dict(value) if isinstance(value, Mapping) else value, where)
        if not schema or depth > MAX_NESTING:
            if schema:
                self.document.notes.add(where, "the schema nests too deeply")
            return NOTHING
        parts = [self.flat(one, where, depth + 1) for one in _listed(schema.get("allOf"))]
        parts += [self._variant(_listed(schema.get(key)), where, depth) for key in ("oneOf", "anyOf")]
        return _joined([schema, *parts])

    def _variant(self, variants: list[JsonValue], where: str, depth: int) -> Object:
        """The first variant that is an object, else the first that is something."""
        found = [flat for one in variants if (flat := self.flat(one, where, depth + 1)) and kind_of(flat) != "null"]
        if not found:
            return NOTHING
        chosen = next((one for one in found if kind_of(one) == "object"), found[0])
        if len(found) > 1:
            self.document.notes.add(where, f"of {len(found)} variants the first {kind_of(chosen)} is taken")
        if len(found) < len(variants):
            return {**chosen, "nullable": True}
        return chosen

    def properties(self, schema: Object) -> dict[str, JsonValue]:
        """The properties of a flat schema."""
        found = schema.get("properties")
        return found if isinstance(found, dict) else {}


def _joined(parts: Iterable[Object]) -> Object:
    joined: dict[str, JsonValue] = {}
    properties: dict[str, JsonValue] = {}
    required: list[JsonValue] = []
    for part in parts:
        joined = {**{key: value for key, value in part.items() if key not in _JOINED}, **joined}
        own = part.get("properties")
        properties = {**properties, **own} if isinstance(own, dict) else properties
        required += _listed(part.get("required"))
    if properties:
        joined["properties"] = properties
    if required:
        joined["required"] = required
    return joined


def _listed(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def kind_of(schema: Object) -> str:
    """The schema's type; of several the first that is not null; guessed where it is not said."""
    said = schema.get("type")
    if isinstance(said, list):
        said = next((one for one in said if one != "null"), "null")
    if isinstance(said, str):
        return said
    if "properties" in schema or "additionalProperties" in schema:
        return "object"
    if "items" in schema:
        return "array"
    known = [one for one in _listed(schema.get("enum")) if one is not None]
    if known and all(isinstance(one, int) and not isinstance(one, bool) for one in known):
        return "integer"
    return "string"


def constant_of(schema: Object) -> JsonValue:
    """The one value a schema allows; None where there are several or none."""
    if "const" in schema:
        return schema["const"]
    values = [one for one in _listed(schema.get("enum")) if one is not None]
    return values[0] if len(values) == 1 else None


def choices_of(schema: Object) -> list[str]:
    """The texts a schema allows."""
    return list(dict.fromkeys(one for one in _listed(schema.get("enum")) if isinstance(one, str) and one.strip()))


def required_of(schema: Object) -> set[str]:
    """The names of the properties that must be given."""
    return {one for one in _listed(schema.get("required")) if isinstance(one, str)}
