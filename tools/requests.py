"""Builds the exact request of an action, by structure: values are data wherever they land, never syntax."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from pydantic import JsonValue

from config.project import Action
from config.secrets import resolve_template
from config.templates import TemplateError, as_text, names_in, render_text, render_value
from tools.egress import authority
from tools.errors import EgressRefusedError, RequestRefusedError
from tools.http import Request

MAX_URL: Final = 8000
MAX_BODY: Final = 256 * 1024

_ORIGIN: Final = re.compile(r"https?://[^/?#]+", re.IGNORECASE)
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_OURS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "idempotency-key"})
_OPERATORS: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
_PATH_SAFE: Final = "/:@!$&'()*+,;=~-._%"

Values = Mapping[str, object]
Environment = Mapping[str, str] | None


def build_request(action: Action, values: Values, environment: Environment = None) -> Request:
    """The request of `action` filled with `values`; raises ActionError, and MissingVariableError of the environment.

    An optional slot that has no value is left out of queries and bodies; in a path it is refused.
    """
    try:
        offered = _with_gaps(action, values)
        url = build_url(action.url, action.query, offered, environment)
        headers = build_headers(action.headers, offered, environment)
        kind, content = _body(action, offered, environment)
    except TemplateError as error:
        raise RequestRefusedError(f"a template cannot be filled: {error.message}") from error
    except UnicodeError as error:
        raise RequestRefusedError("a value is not text that can be sent") from error
    if kind and not any(name.lower() == "content-type" for name, _ in headers):
        headers = [*headers, ("Content-Type", kind)]
    if len(content) > MAX_BODY or len(url) > MAX_URL:
        raise RequestRefusedError("the filled request is too large")
    return Request(method=action.method, url=url, headers=tuple(headers), content=content)


def _with_gaps(action: Action, values: Values) -> Values:
    """Values in which slots and variables that a template reads and nobody gave are None."""
    read = names_read(action)
    filled = dict(values)
    for group in ("slots", "variables"):
        gaps = {name: None for first, name in read if first == group}
        given = values.get(group)
        filled[group] = {**gaps, **given} if isinstance(given, Mapping) else gaps
    return filled


def names_read(action: Action) -> frozenset[tuple[str, str]]:
    """The group and the name of everything that the action's templates read: `slots` and `amount`."""
    return frozenset(name for text in _texts(_templates(action)) for name in _names(text))


def _templates(action: Action) -> JsonValue:
    form: dict[str, JsonValue] = dict(action.form or {})
    return [action.url, action.text, dict(action.headers), dict(action.query), action.body, form]


def _texts(template: JsonValue) -> Iterator[str]:
    if isinstance(template, str):
        yield template
    elif isinstance(template, dict | list):
        for inner in template.values() if isinstance(template, dict) else template:
            yield from _texts(inner)


@lru_cache(maxsize=4096)
def _names(text: str) -> frozenset[tuple[str, str]]:
    """The group and the name of what a template reads: `slots` and `amount` for `slots.amount.currency`."""
    dotted = (name.split(".") for name in names_in(text))
    return frozenset((path[0], path[1]) for path in dotted if len(path) > 1)


def build_url(template: str, query: Mapping[str, JsonValue], values: Values, environment: Environment) -> str:
    """A url whose scheme, host and port are the author's and whose path keeps its shape."""
    resolved = resolve_template(template, environment)
    origin = _ORIGIN.match(resolved)
    if origin is None or "{" in origin[0]:
        raise EgressRefusedError("a url begins with http:// or https:// and a constant host")
    authority(resolved)
    path, mark, written = resolved[origin.end() :].partition("?")
    if "#" in path + written:
        raise RequestRefusedError("a url of an action has no fragment")
    filled = quote(render_text(path, values, finalize=_segment), safe=_PATH_SAFE)
    if any(segment in (".", "..") for segment in filled.split("/")) or (filled and not filled.startswith("/")):
        raise RequestRefusedError("a path has no segments of dots")
    pairs = parse_qsl(render_text(written, values, finalize=_parameter), keep_blank_values=True) if mark else []
    for name, value in query.items():
        pairs += _pairs(name, fill(value, values, environment))
    return origin[0] + (filled or "/") + (f"?{urlencode(pairs)}" if pairs else "")


def _segment(value: object) -> str:
    text = str(as_text(value))
    if not text or any(part in (".", "..") for part in re.split(r"[/\\]", text)):
        raise RequestRefusedError("a value in a path is empty or climbs out of it")
    if not text.isprintable():
        raise RequestRefusedError("a value in a path has unprintable characters")
    return quote(text, safe="")


def _parameter(value: object) -> str:
    return quote(str(as_text(value)), safe="")


def _pairs(name: str, value: JsonValue) -> list[tuple[str, str]]:
    if value is None:
        return []
    values: Sequence[JsonValue] = value if isinstance(value, list) else [value]
    return [(name, str(as_text(one))) for one in values if one is not None]


def build_headers(headers: Mapping[str, str], values: Values, environment: Environment) -> list[tuple[str, str]]:
    """Headers with filled values; names are the author's, and those that carry identity hold no customer's values."""
    built = []
    for name, template in headers.items():
        lower = name.lower()
        if not _HEADER_NAME.fullmatch(name) or lower in _OURS:
            raise RequestRefusedError(f"the header {name!r} cannot be set")
        if lower in _OPERATORS and names_in(template):
            raise RequestRefusedError(f"the header {name!r} takes no template; use auth")
        built.append((name, header_value(name, render_text(resolve_template(template, environment), values))))
    return built


def header_value(name: str, value: str) -> str:
    """A header's value, refused where it could end the header or is not plain text."""
    if not value.isascii() or not value.isprintable():
        raise RequestRefusedError(f"the value of the header {name!r} has characters that headers do not carry")
    return value.strip(" ")


def fill(template: JsonValue, values: Values, environment: Environment) -> JsonValue:
    """A JSON value by structure; a template that came to nothing (None) leaves its key or item out."""
    if isinstance(template, dict):
        filled = {key: fill(inner, values, environment) for key, inner in template.items()}
        return {key: value for key, value in filled.items() if value is not None or template[key] is None}
    if isinstance(template, list):
        items = [(inner, fill(inner, values, environment)) for inner in template]
        return [value for inner, value in items if value is not None or inner is None]
    if isinstance(template, str):
        return render_value(resolve_template(template, environment), values)
    return template


def json_bytes(value: JsonValue) -> bytes:
    """Compact JSON in UTF-8; infinities are not JSON."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except ValueError as error:
        raise RequestRefusedError("a value is not a JSON value") from error


def _body(action: Action, values: Values, environment: Environment) -> tuple[str, bytes]:
    if action.body is not None:
        return "application/json", json_bytes(fill(action.body, values, environment))
    if action.form is not None:
        return "application/x-www-form-urlencoded", form_bytes(action.form, values, environment)
    if action.text is not None:
        text = render_text(resolve_template(action.text, environment), values)
        return "text/plain; charset=utf-8", text.encode()
    return "", b""


def form_bytes(form: Mapping[str, str], values: Values, environment: Environment) -> bytes:
    """A form's fields; one that came to nothing is left out."""
    pairs = [pair for name, template in form.items() for pair in _pairs(name, fill(template, values, environment))]
    return urlencode(pairs).encode()
