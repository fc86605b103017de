"""Errors in the shape that clients of OpenAI's API read."""

from typing import Final

from pydantic import JsonValue

OPENAI: Final = "/v1/"
"""Begins the addresses whose clients expect it."""

STATUS: Final = {422: 400}
"""Statuses that OpenAI's API gives otherwise."""

_TYPES: Final = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
_CODES: Final = {"unauthorized": "invalid_api_key", "project_not_found": "model_not_found"}


def openai_error(kind: str, message: str, status: int, field: str | None = None) -> dict[str, JsonValue]:
    """The `error` of an answer: what a person reads, what a program tells it by, and the field it is about."""
    usual = "invalid_request_error" if status < 500 else "server_error"
    return {
        "message": message,
        "type": _TYPES.get(status, usual),
        "param": field,
        "code": _CODES.get(kind, kind),
    }
