"""An operation's parameters and body as the url, query, headers and body of an action."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import JsonValue

from importing.asking import Asked
from importing.documents import NOTHING, Document, Object
from importing.naming import inert
from importing.notes import UnsupportedError
from importing.schemas import kind_of

_ONE_OF_LIST: Final = re.compile(r"\{\{ \[(slots\.\w+)\]")
_GAP: Final = re.compile(r"\{([^{}]+)\}")
_NAME: Final = re.compile(r"[\w.~:\-]{1,100}")
_PLAIN_PATH: Final = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*")
_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,100}")
_OURS: Final = frozenset(
    {"accept", "content-type", "authorization", "idempotency-key", "host", "content-length", "cookie", "user-agent"}
)
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"

Request = dict[str, JsonValue]


def parameters_of(document: Document, path_item: Object, operation: Object, where: str) -> list[Object]:
    """The parameters of an operation; its own stand for the path's of the same name and place."""
    found: dict[tuple[str, str], Object] = {}
    for source in (path_item, operation):
        for one in document.objects(source.get("parameters"), where):
            found[str(one.get("name")), str(one.get("in"))] = one
    return list(found.values())


def request_of(path: str, parameters: list[Object], body: Object, *, base: str, asked: Asked) -> Request:
    """The url, query, headers and body; raises UnsupportedError."""
    request: Request = {"url": base + _path(path, parameters, asked)}
    query = _query([one for one in parameters if one.get("in") == "query"], asked)
    headers = _headers([one for one in parameters if one.get("in") == "header"], asked)
    for one in parameters:
        if one.get("in") == "cookie":
            asked.notes.add(asked.where, f"the cookie {str(one.get('name'))[:40]} is not sent")
    request |= {"query": query} if query else {}
    request |= {"headers": headers} if headers else {}
    return {**request, **_body(body, asked)}


def takes_key(parameters: list[Object]) -> bool:
    """Whether the API says that it takes an idempotency key."""
    return any(one.get("in") == "header" and str(one.get("name")).lower() == "idempotency-key" for one in parameters)


def _path(path: str, parameters: list[Object], asked: Asked) -> str:
    described = {str(one.get("name")): one for one in parameters if one.get("in") == "path"}
    pieces = _GAP.split(path)
    if not path.startswith("/") or not all(_PLAIN_PATH.fullmatch(piece) for piece in pieces[::2]):
        raise UnsupportedError("its path has characters that an address does not have")
    if any(segment in (".", "..") for segment in path.split("/")):
        raise UnsupportedError("its path climbs")
    built = pieces[0]
    if any(piece.endswith("$") for piece in pieces[:-1:2]) or not all(map(_NAME.fullmatch, pieces[1::2])):
        raise UnsupportedError("its path has a gap that is none")
    for name, literal in zip(pieces[1::2], pieces[2::2], strict=True):
        if name not in described:
            asked.notes.add(asked.where, f"the path's {name[:40]} is not described; it is taken as a text")
        schema = _schema(described.get(name, NOTHING), asked)
        if kind_of(schema) in ("object", "array"):
            raise UnsupportedError(f"the path's {name[:40]} is no single value")
        built += f"{asked.scalar(schema, name, required=True)}{literal}"
    return built


def _schema(parameter: Object, asked: Asked) -> Object:
    """A parameter's flat schema, described as the parameter is."""
    schema = asked.schemas.flat(parameter.get("schema"), asked.where)
    told = {key: parameter[key] for key in ("description", "deprecated") if key in parameter}
    return {**schema, **told}


def _query(parameters: list[Object], asked: Asked) -> dict[str, JsonValue]:
    query: dict[str, JsonValue] = {}
    for one in sorted(parameters, key=lambda each: each.get("required") is not True):
        name, required = str(one.get("name")), one.get("required") is True
        schema = _schema(one, asked)
        if kind_of(schema) == "array":
            items = schema.get("items")
            inner = asked.schemas.flat(items if isinstance(items, dict) else {}, asked.where)
            asked.notes.add(asked.where, f"{name[:40]} is a list; one item is asked for")
            schema = {**inner, **{key: schema[key] for key in ("description",) if key in schema}}
        if "content" in one or kind_of(schema) in ("object", "array"):
            _leave(name, asked, required=required)
            continue
        value = asked.value(dict(schema), (name,), required=required)
        if value is not None:
            query[name] = value
    return query


def _leave(name: str, asked: Asked, *, required: bool) -> None:
    if required:
        raise UnsupportedError(f"its parameter {name[:40]} is no single value")
    asked.left_out.append(name)


def _headers(parameters: list[Object], asked: Asked) -> dict[str, JsonValue]:
    headers: dict[str, JsonValue] = {}
    for one in parameters:
        name = str(one.get("name"))
        if name.lower() in _OURS:
            continue
        if one.get("required") is not True:
            asked.left_out.append(name)
            continue
        if not _HEADER.fullmatch(name):
            raise UnsupportedError("it needs a header whose name is none")
        value = asked.value(dict(_schema(one, asked)), (name,), required=True)
        if isinstance(value, dict | list) or value is None:
            raise UnsupportedError(f"its header {name} is no single value")
        headers[name] = str(value)
    return headers


def _body(body: Object, asked: Asked) -> Request:
    content = body.get("content")
    if not isinstance(content, dict) or not content:
        return {}
    kind, media = _kind(content)
    schema = media.get("schema")
    if kind == "text":
        asked.notes.add(asked.where, "the body is one text")
        return {"text": asked.scalar({"type": "string"}, "body", required=True)}
    required = body.get("required") is True
    filled = asked.value(schema, (), required=True) if required else _optional(schema, asked)
    if filled is None or filled == {}:
        return {"json": {}} if required and kind == "json" else {}
    if kind == "json":
        return {"json": filled}
    if not isinstance(filled, dict):
        raise UnsupportedError("its form is no object")
    return {"form": dict(_form(filled, ""))}


def _optional(schema: JsonValue, asked: Asked) -> JsonValue:
    """A body that may be left out: what must stand in it where there is one is asked for all the same."""
    return asked.value(schema, (), required=True)


def _kind(content: Mapping[str, JsonValue]) -> tuple[str, Object]:
    kinds = {name.partition(";")[0].strip().lower(): media for name, media in content.items()}
    for name, media in kinds.items():
        if name == JSON or name.endswith("+json") or name == "*/*":
            return "json", media if isinstance(media, dict) else NOTHING
    if FORM in kinds:
        media = kinds[FORM]
        return "form", media if isinstance(media, dict) else NOTHING
    if "text/plain" in kinds:
        return "text", NOTHING
    raise UnsupportedError(f"its body is {next(iter(kinds))[:60]}")


def _form(values: Mapping[str, JsonValue], prefix: str) -> Iterator[tuple[str, JsonValue]]:
    """Fields of a form; what is nested is written in brackets."""
    for name, value in values.items():
        full = f"{prefix}[{name}]" if prefix else name
        if isinstance(value, dict):
            yield from _form(value, full)
        elif isinstance(value, list):
            yield from _form({str(at): one for at, one in enumerate(value)}, full)
        elif isinstance(value, str):
            one = _ONE_OF_LIST.match(value)
            # A field whose value is None is left out of a form by itself.
            yield (f"{full}[0]", f"{{{{ {one[1]} }}}}") if one else (full, value)
        elif inert(str(value)):
            yield full, str(value).lower() if isinstance(value, bool) else str(value)
