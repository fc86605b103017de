"""What a pydantic error means for somebody who writes a project file: one sentence, and what is expected instead."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, cast

from pydantic import JsonValue
from pydantic_core import ErrorDetails

from config.errors import Problem
from config.reading import KeyPath, Place, Reading, dotted

_NAME: Final = "a name of lower-case letters, digits and _ that begins with a letter"
_PATTERNS: Final = {
    r"^[a-z][a-z0-9_]{0,63}$": _NAME,
    r"^[a-z0-9][a-z0-9_-]{0,63}$": "a name of lower-case letters, digits, _ and -",
    r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$": "a locale such as tr, en or zh-CN",
    r"^[A-Z]{3}$": "an ISO 4217 code such as TRY",
    r"^[A-Z]{2}$": "an ISO 3166 code such as TR",
}
_TYPES: Final = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
}
_KINDS: Final = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list"}


@dataclass(frozen=True)
class _Told:
    message: str
    expected: str = ""


def explain(errors: Sequence[ErrorDetails], reading: Reading, schema: Mapping[str, JsonValue]) -> list[Problem]:
    """One problem for each mistake, at its place in the file."""
    located: dict[KeyPath, list[ErrorDetails]] = {}
    for error in errors:
        located.setdefault(key_path(error["loc"], reading.data), []).append(error)
    # A union complains for each of its members: the complaint deepest in the file is the one to hear.
    hidden = {path for path in located for other in located if len(other) > len(path) and other[: len(path)] == path}
    kept = ((path, found) for path, found in located.items() if path not in hidden or _is_own(found))
    return [_problem(path, found, reading, schema) for path, found in kept]


def _is_own(found: Sequence[ErrorDetails]) -> bool:
    return any(error["type"] in ("extra_forbidden", "missing", "value_error") for error in found)


def key_path(location: Sequence[str | int], data: JsonValue) -> KeyPath:
    """The keys of the file that lead to an error; the names of union members are left out."""
    path: list[str | int] = []
    for position, part in enumerate(location):
        last = position == len(location) - 1
        if _holds(data, part):
            data = data[part]  # type: ignore[index] # _holds saw to it
        elif not (last and isinstance(data, dict) and isinstance(part, str)) or not _is_key(part):
            continue
        path.append(part)
    return tuple(path)


def _holds(data: JsonValue, part: str | int) -> bool:
    if isinstance(data, dict):
        return part in data
    return isinstance(data, list) and isinstance(part, int) and part < len(data)


def _is_key(part: str) -> bool:
    return re.fullmatch(r"[a-z_]+", part) is not None and part not in ("str", "int", "float", "bool")


def _problem(
    path: KeyPath, found: Sequence[ErrorDetails], reading: Reading, schema: Mapping[str, JsonValue]
) -> Problem:
    told = [_tell(error, path, schema) for error in found]
    expected = " or ".join(dict.fromkeys(one.expected for one in told if one.expected))
    if expected == "text or keys with values":
        expected = "a text, or one text per locale"
    place = _place(path, found[0], reading)
    return Problem(
        file=reading.file,
        line=place.line,
        column=place.column,
        key=dotted(path),
        message=told[0].message,
        expected=expected,
    )


def _place(path: KeyPath, error: ErrorDetails, reading: Reading) -> Place:
    about_key = error["type"] in ("extra_forbidden", "missing") or error["loc"][-1:] == ("[key]",)
    return reading.place(path) if about_key else reading.value_place(path)


def _tell(error: ErrorDetails, path: KeyPath, schema: Mapping[str, JsonValue]) -> _Told:
    kind, context, value = error["type"], error.get("ctx", {}), error["input"]
    name = str(path[-1]) if path else ""
    match kind:
        case "extra_forbidden":
            return _unknown_key(name, keys_at(schema, path[:-1]))
        case "missing":
            return _Told(f"{name!r} is missing", description_at(schema, path))
        case "literal_error":
            return _not_among(value, str(context.get("expected", "")))
        case "string_pattern_mismatch":
            return _Told(
                f"{str(value)!r} is not allowed here", _PATTERNS.get(str(context.get("pattern")), error["msg"])
            )
        case "union_tag_not_found" | "union_tag_invalid":
            key = str(context.get("discriminator", "")).strip("'")
            tags = str(context.get("expected_tags", "")) or _tags(schema, path, key)
            return _Told(f"{key!r} is missing or unknown", f"{key}: one of {tags}".replace("'", ""))
        case "value_error":
            message, _, expected = str(context.get("error", error["msg"])).partition("; expected ")
            return _Told(message, expected)
    if kind in _TYPES:
        return _wrong_type(value, _TYPES[kind])
    return _Told(
        f"{_shown(value)} is not allowed", error["msg"].replace("Input should be ", "").replace("Value ", "a value ")
    )


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str | int | float | bool) else _kind(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _kind(value: object) -> str:
    return "nothing" if value is None else _KINDS.get(type(value), "keys with values")


def _wrong_type(value: object, expected: str) -> _Told:
    if value is None:
        return _Told("nothing is written here", expected)
    if expected == "text" and isinstance(value, bool | int | float):
        spelt = str(value).lower() if isinstance(value, bool) else str(value)
        return _Told(f"{spelt} is read as {_kind(value)}", f'text, in quotes: "{spelt}"')
    if expected == "true or false" and str(value).lower() in ("yes", "no", "on", "off"):
        return _Told(f"{value!r} is a word in YAML 1.2", "true" if str(value).lower() in ("yes", "on") else "false")
    if expected == "text" and isinstance(value, Mapping) and any(isinstance(key, str) for key in value):
        return _Told("keys with values stand here", "text, in quotes where it contains ': ' or braces")
    return _Told(
        f"{_shown(value)} is {_kind(value)}" if isinstance(value, str) else f"{_kind(value)} stands here", expected
    )


def _unknown_key(name: str, known: Sequence[str]) -> _Told:
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    if near:
        return _Told(f"unknown key {name!r}", f"{near[0]!r} (did you mean that?)")
    return _Told(f"unknown key {name!r}", f"one of {', '.join(known)}" if known else "")


def _not_among(value: object, expected: str) -> _Told:
    choices = re.findall(r"'([^']*)'", expected)
    near = get_close_matches(str(value), choices, n=1, cutoff=0.6)
    meant = f" (did you mean {near[0]!r}?)" if near else ""
    return _Told(f"{_shown(value)} is unknown", f"one of {', '.join(choices)}{meant}")


def _steps(schema: Mapping[str, JsonValue], node: JsonValue) -> Iterator[dict[str, JsonValue]]:
    """The schema node with its references followed and its unions opened."""
    if not isinstance(node, dict):
        return
    reference = node.get("$ref")
    if isinstance(reference, str):
        definitions = cast("dict[str, JsonValue]", schema.get("definitions", {}))
        yield from _steps(schema, definitions.get(reference.rsplit("/", 1)[-1]))
    yield node
    for union in ("anyOf", "oneOf", "allOf"):
        for member in cast("list[JsonValue]", node.get(union, [])):
            yield from _steps(schema, member)


def _below(schema: Mapping[str, JsonValue], node: JsonValue, part: str | int) -> Iterator[JsonValue]:
    for step in _steps(schema, node):
        properties = cast("dict[str, JsonValue]", step.get("properties", {}))
        patterns = cast("dict[str, JsonValue]", step.get("patternProperties", {}))
        if part in properties:
            yield properties[part]
        elif isinstance(part, int) and "items" in step:
            yield step["items"]
        else:
            yield from patterns.values()
            if isinstance(step.get("additionalProperties"), dict):
                yield step["additionalProperties"]


def _nodes_at(schema: Mapping[str, JsonValue], path: KeyPath) -> list[JsonValue]:
    nodes: list[JsonValue] = [dict(schema)]
    for part in path:
        nodes = [inner for node in nodes for inner in _below(schema, node, part)]
    return nodes


def keys_at(schema: Mapping[str, JsonValue], path: KeyPath) -> list[str]:
    """The keys that may stand under `path`."""
    steps = (step for node in _nodes_at(schema, path) for step in _steps(schema, node))
    return list(
        dict.fromkeys(key for step in steps for key in cast("dict[str, JsonValue]", step.get("properties", {})))
    )


def description_at(schema: Mapping[str, JsonValue], path: KeyPath) -> str:
    """What the models say about the key at `path`."""
    steps = (step for node in _nodes_at(schema, path) for step in _steps(schema, node))
    return next((text.rstrip(".") for step in steps if isinstance(text := step.get("description"), str)), "")


def _tags(schema: Mapping[str, JsonValue], path: KeyPath, key: str) -> str:
    nodes = _nodes_at(schema, (*path, key))
    return ", ".join(str(node["const"]) for node in nodes if isinstance(node, dict) and "const" in node)
