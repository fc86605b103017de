"""Finds tool calls in a model's plain text, for models that answer so instead of calling.

Read are JSON in several shapes, fenced or not, inside `<tool_call>` or after hidden thoughts, and the tagged text
`#DETECTED_INTENT: name`. Arguments are taken only from JSON that is whole: a repaired argument is a guessed one.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, cast

import json_repair
from pydantic import JsonValue

from models.ports import ToolCall
from models.replies import clean_reply

_MAX_TEXT: Final = 60_000
_MAX_STARTS: Final = 60
_MAX_CALLS: Final = 50
_LISTS: Final = ("calls", "tool_calls", "function_calls", "intents", "commands", "actions")
_NAMES: Final = ("name", "tool", "function", "intent", "command", "action", "tool_name", "function_name")
_ARGUMENTS: Final = ("arguments", "parameters", "args", "params", "input", "slots", "function_args")
_WORDS: Final = ("reply", "response", "answer", "message", "text", "content")
_TAG: Final = re.compile(r"#\s?DETECTED_INTENT\s*[:=：]?\s*[`*\"']*(?P<name>[\w.-]+)[`*\"']*", re.IGNORECASE)
_FUNCTION_TAG: Final = re.compile(r"<function=(?P<name>[\w.-]+)>")
_THOUGHTS: Final = re.compile(
    r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)|\A.*?</(?:think|thinking|reasoning)>", re.DOTALL | re.IGNORECASE
)
_FENCE: Final = re.compile(r"```[a-z]*|</?(?:tool_calls?|function_call|function|tools)>", re.IGNORECASE)
_ROLES: Final = ("assistant", "user", "system", "asistan", "model")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a model's text held."""

    calls: tuple[ToolCall, ...]
    text: str
    """Its words without what was read as calls."""
    structured: bool
    """Whether it kept to the asked form at all, even with nothing usable in it."""


def read_calls(text: str, names: Collection[str]) -> Reading:
    """Tool calls in `text`, only of tools called one of `names`."""
    text = _THOUGHTS.sub("", text[:_MAX_TEXT])
    values, rest = _split(text)
    calls: list[ToolCall] = []
    words: list[str] = []
    for value in values:
        calls.extend(_calls(value, names))
        words.extend(_words(value))
    tagged = list(_tagged(text, names))
    if not calls:
        calls = tagged
    structured = bool(calls or values or _TAG.search(text))
    if not calls and not values:
        calls = _names_only(text, names)
    said = clean_reply(_FENCE.sub("", rest)) or " ".join(words).strip()
    return Reading(calls=tuple(calls[:_MAX_CALLS]), text=said, structured=structured or bool(calls))


def whole_object(text: str) -> dict[str, JsonValue] | None:
    """The JSON object `text` begins with, if it is complete."""
    start = text.find("{")
    if start < 0:
        return None
    found = _decode(text, start)
    return found[0] if found and isinstance(found[0], dict) else None


def known_name(name: str, names: Collection[str]) -> str | None:
    """The tool meant by `name`: namespaces, case and a glued-on role word aside."""
    bare = name.strip().removeprefix("functions.").strip("`*\"' .")
    candidates = [bare, bare.lower(), *(bare.lower().removesuffix(role).rstrip("_-") for role in _ROLES)]
    return next((candidate for candidate in candidates if candidate in names), None)


def _refuse_constant(constant: str) -> JsonValue:
    raise ValueError(constant)


_DECODER: Final = json.JSONDecoder(strict=False, parse_constant=_refuse_constant)


def _decode(text: str, start: int) -> tuple[JsonValue, int] | None:
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return value, end


def _split(text: str) -> tuple[list[JsonValue], str]:
    """The JSON objects and lists in `text`, and the words around them."""
    values: list[JsonValue] = []
    rest, at, tries = "", 0, 0
    while tries < _MAX_STARTS and (opening := re.compile(r"[{\[]").search(text, at)):
        tries += 1
        found = _decode(text, opening.start())
        if found is None or not isinstance(found[0], dict | list) or not found[0]:
            rest, at = rest + text[at : opening.end()], opening.end()
            continue
        values.append(found[0])
        rest, at = rest + text[at : opening.start()], found[1]
    return values, rest + text[at:]


def _calls(value: JsonValue, names: Collection[str], depth: int = 0) -> Iterator[ToolCall]:
    """The calls in one JSON value, in the shapes models use."""
    if depth > 4:
        return
    if isinstance(value, list):
        for item in value[:_MAX_CALLS]:
            yield from _calls(item, names, depth + 1)
    elif isinstance(value, str):
        if name := known_name(value, names):
            yield ToolCall(name=name, arguments={})
    elif isinstance(value, dict):
        yield from _object(value, names, depth)


def _object(value: Mapping[str, JsonValue], names: Collection[str], depth: int) -> Iterator[ToolCall]:
    for key in _LISTS:
        if isinstance(inner := value.get(key), list | dict):
            yield from _calls(inner, names, depth + 1)
            return
    named = next((value[key] for key in _NAMES if isinstance(value.get(key), dict | str)), None)
    if isinstance(named, dict):
        yield from _calls(named, names, depth + 1)
        return
    if isinstance(named, str):
        if name := known_name(named, names):
            yield ToolCall(name=name, arguments=_arguments(value))
        return
    for key, inner in value.items():
        if (name := known_name(key, names)) and isinstance(inner, dict | str | bool | None):
            yield ToolCall(name=name, arguments=inner if isinstance(inner, dict) else {})


def _arguments(value: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    given = next((value[key] for key in _ARGUMENTS if key in value), None)
    if isinstance(given, str):
        given = whole_object(given)
    return given if isinstance(given, dict) else {}


def _words(value: JsonValue) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (said for key in _WORDS if isinstance(said := value.get(key), str))


def _tagged(text: str, names: Collection[str]) -> Iterator[ToolCall]:
    for pattern in (_TAG, _FUNCTION_TAG):
        for tag in pattern.finditer(text):
            if name := known_name(tag["name"], names):
                after = text[tag.end() :].split("\n", 1)[0] if pattern is _TAG else text[tag.end() :]
                given = whole_object(after) if after.lstrip("`*\"' ").startswith("{") else None
                yield ToolCall(name=name, arguments=given or {})


def _names_only(text: str, names: Collection[str]) -> list[ToolCall]:
    """The tools named in JSON that is not quite JSON, without their arguments."""
    start = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=-1)
    if start < 0:
        return []
    try:
        repaired = cast("JsonValue", json_repair.loads(text[start : start + 4000]))
    except (ValueError, RecursionError):
        return []
    if not isinstance(repaired, dict | list):
        return []
    return [ToolCall(name=call.name, arguments={}) for call in _calls(repaired, names)]
