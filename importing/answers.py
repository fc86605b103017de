"""What an operation's answers are said to hold, as result variables and texts for errors."""

import json
import re
from http import HTTPStatus
from typing import Final

from pydantic import JsonValue

from importing.documents import NOTHING, Document, Object
from importing.naming import sentence, snake, unique
from importing.notes import UnsupportedError
from importing.schemas import Schemas, constant_of, kind_of, required_of

MAX_RESULTS: Final = 8
TOLD: Final = frozenset({"400", "402", "404", "409", "410", "412", "422", "429"})
"""Statuses that mean something to a customer; the others are ours to mend."""

_FIRST: Final = ("reference", "id", "number", "status", "state", "name", "title")
_ADDRESS: Final = re.compile(r"(^|_)(url|uri|href|link|node_id|etag)$")
_PHRASES: Final = frozenset(
    {re.sub(r"[^a-z ]", "", status.phrase.casefold()) for status in HTTPStatus}
    | {"validation error", "validation failed", "resource not found", "the resource was not found", "error"}
    | {"not found error", "the specified resource was not found", "bad request error", "invalid request"}
)
"""What is said of a status anywhere: the bot's own words are better, and in the customer's language."""
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def result_of(document: Document, operation: Object, where: str) -> dict[str, JsonValue]:
    """Variables from the answer's simple fields, by JMESPath; none where the answer is too much to read."""
    try:
        return _fields(document, Schemas(document), operation, where)
    except UnsupportedError:
        document.notes.add(where, "the answer's schema holds too many others; nothing of it is kept")
        return {}


def _fields(document: Document, schemas: Schemas, operation: Object, where: str) -> dict[str, JsonValue]:
    schema = schemas.flat(_success(document, operation, where), where)
    if kind_of(schema) == "array":
        return {"count": "length(@)"}
    properties = schemas.properties(schema)
    found = _simple(schemas, properties, required_of(schema), (), where)
    if found:
        return found
    for name, inner in list(properties.items())[:10]:
        flat = schemas.flat(inner if isinstance(inner, dict) else {}, where)
        if kind_of(flat) == "array":
            found.setdefault("count", f"length({_path((name,))})")
        elif not found and kind_of(flat) == "object":
            found |= _simple(schemas, schemas.properties(flat), required_of(flat), (name,), where)
    return found


def _success(document: Document, operation: Object, where: str) -> JsonValue:
    responses = document.resolve(operation.get("responses"), where)
    for status in sorted(one for one in responses if one.startswith("2")):
        content = document.resolve(responses[status], where).get("content")
        for kind, media in content.items() if isinstance(content, dict) else ():
            if isinstance(media, dict) and ("json" in kind or kind == "*/*"):
                return media.get("schema")
    return {}


def _simple(
    schemas: Schemas, properties: dict[str, JsonValue], needed: set[str], prefix: tuple[str, ...], where: str
) -> dict[str, JsonValue]:
    kept = []
    for name in list(properties)[:60]:
        inner = properties[name]
        flat = schemas.flat(inner if isinstance(inner, dict) else {}, where) or NOTHING
        single = flat and kind_of(flat) not in ("object", "array", "null") and constant_of(flat) is None
        if single and flat.get("writeOnly") is not True:
            kept.append(name)
    kept.sort(key=lambda name: (_place(name), name not in needed))
    found: dict[str, JsonValue] = {}
    for name in kept[:MAX_RESULTS]:
        found[unique(snake(name, "field"), found)] = _path((*prefix, name))
    return found


def _place(name: str) -> int:
    """What a customer is told first; addresses last."""
    if _ADDRESS.search(snake(name, "field")):
        return len(_FIRST) + 1
    return _FIRST.index(name) if name in _FIRST else len(_FIRST)


def _path(names: tuple[str, ...]) -> str:
    return ".".join(name if _PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False) for name in names)


def errors_of(document: Document, operation: Object, where: str) -> dict[str, str]:
    """A sentence for every documented status that a customer can do something about."""
    responses = document.resolve(operation.get("responses"), where)
    told = {
        status: sentence(document.resolve(responses[status], where).get("description"), 200)
        for status in sorted(responses)
        if status in TOLD
    }
    told = {status: text for status, text in told.items() if _folded(text) not in _PHRASES}
    return {
        status: text if text.endswith((".", "!", "?", "…")) else f"{text}." for status, text in told.items() if text
    }


def _folded(text: str) -> str:
    return " ".join(re.sub(r"[^a-z ]", "", text.casefold()).split())
