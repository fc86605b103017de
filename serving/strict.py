"""Bodies read strictly: JSON by its media type, in UTF-8, without the numbers JSON does not have."""

import json
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final, NoReturn

from fastapi import Request, Response, params
from fastapi.routing import APIRoute
from pydantic import JsonValue

from serving.problems import ProblemError

DEPTH: Final = 32
"""Levels of a body."""
KEYS: Final = 1000
"""Keys of one object."""


class StrictRequest(Request):
    """A request whose JSON is either right or a clear refusal."""

    async def json(self) -> JsonValue:
        """The parsed body; raises a problem that says what is wrong with it."""
        if not hasattr(self, "_json"):
            self._json = read_json(self.headers.get("content-type", ""), await self.body())
        parsed: JsonValue = self._json
        return parsed


class StrictRoute(APIRoute):
    """A route whose handler gets a StrictRequest."""

    # FastAPI's own signature, hence its Any.
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the check of the media type."""
        handle = super().get_route_handler()
        takes_json = self.body_field is not None and not isinstance(self.body_field.field_info, params.Form)

        async def strict(request: Request) -> Response:
            if takes_json and request.method not in ("GET", "HEAD"):
                refuse_other_media(request.headers.get("content-type", ""))
            return await handle(StrictRequest(request.scope, request.receive))

        return strict


def refuse_other_media(content_type: str) -> None:
    """Raise for a body that does not say it is JSON in UTF-8."""
    media, _, parameters = content_type.partition(";")
    media = media.strip().lower()
    if media != "application/json" and not (media.startswith("application/") and media.endswith("+json")):
        raise ProblemError(
            415, "validation", "Send the body as application/json.", headers={"Accept": "application/json"}
        )
    charset = parameters.lower().partition("charset=")[2].strip(' "').partition(";")[0].strip(' "')
    if charset not in ("", "utf-8", "utf8"):
        raise ProblemError(415, "validation", "Send the body in UTF-8.", headers={"Accept": "application/json"})


def read_json(content_type: str, body: bytes) -> JsonValue:
    """The body as JSON."""
    refuse_other_media(content_type)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProblemError(400, "validation", f"The body is not UTF-8 (byte {error.start}).") from None
    try:
        parsed: JsonValue = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ProblemError(
            400, "validation", f"The body is not JSON: {error.msg} at line {error.lineno} column {error.colno}."
        ) from None
    except RecursionError:
        raise ProblemError(400, "validation", "The body is nested too deep.") from None
    except ValueError:
        raise ProblemError(400, "validation", "The body has a number that JSON does not allow here.") from None
    _refuse_shape(parsed)
    return parsed


def _refuse_shape(parsed: JsonValue) -> None:
    """Raise for what no caller needs and what costs more than its bytes: endless nesting, thousands of keys."""
    level: list[JsonValue] = [parsed]
    for _ in range(DEPTH):
        level = [inner for value in level for inner in _inner(value)]
        if not level:
            return
    raise ProblemError(400, "validation", f"The body is nested too deep: at most {DEPTH} levels.")


def _inner(value: JsonValue) -> Iterable[JsonValue]:
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return ()
    if len(value) > KEYS:
        raise ProblemError(400, "validation", f"An object of the body has too many keys: at most {KEYS}.")
    return value.values()


def _refuse_constant(name: str) -> NoReturn:
    raise ProblemError(400, "validation", f"The body is not JSON: {name} is not a number.")
