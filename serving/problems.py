"""Every refusal and every failure as `application/problem+json`, with one line in the log.

What went wrong inside stays inside: a caller gets a kind, a sentence and an `error_id`; the log line of that id has
the cause.
"""

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Literal, cast
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, JsonValue, ValidationError
from starlette.exceptions import HTTPException

from config.project import ErrorKind
from graph.calls import Failed, TurnRefusedError
from serving.openai_errors import OPENAI, STATUS, openai_error
from serving.text import clean, to_json
from tools.errors import LedgerUnavailableError
from tools.knowledge_errors import KnowledgeError

ProblemKind = ErrorKind | Literal["validation", "unauthorized", "busy", "too_large", "budget_exhausted"]
"""Every kind of problem; a turn's own kinds arrive as plain strings from the graph."""

FAILURE_STATUS: Mapping[str, int] = {"api_timeout": 504, "llm_timeout": 504, "rate_limit": 429, "busy": 409}
"""HTTP status of a turn that broke, by kind; every other kind is 500."""

_KIND_OF_STATUS: Mapping[int, str] = {401: "unauthorized", 403: "unauthorized", 413: "too_large", 429: "rate_limit"}
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SHOWN_ERRORS = 20
_SHOWN_CHARACTERS = 200
_OUR_INPUTS = frozenset({"AgentRequest", "InvokeRequestShallowValidator", "BatchRequestShallowValidator"})

log = structlog.get_logger("serving")


class FieldError(BaseModel):
    """One field that is not as it should be."""

    field: str = Field(description="Dotted path in the body, or the parameter's name.", examples=["message"])
    message: str = Field(examples=["Field required"])


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str = Field(examples=["urn:switchboard:problem:validation"])
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(description="What is wrong and how to mend it.", examples=["message: Field required"])
    kind: ProblemKind = Field(description="What a program tells it by.", examples=["validation"])
    error_id: str = Field(description="Names the line in the service's log.", examples=["6f1c0f7e2b5a4b0e"])
    errors: list[FieldError] | None = Field(None, description="Of a validation problem: field by field.")


class ProblemError(HTTPException):
    """A request that is refused, with what its caller is told."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, JsonValue] | None = None,
        error_id: str | None = None,
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.kind = kind
        self.more = dict(more or {})
        self.error_id = error_id or new_error_id()
        self.logged = False
        """Whether the log has its line already."""


def new_error_id() -> str:
    """An id that a caller can quote and the log can be searched for."""
    return uuid4().hex[:16]


def refused(error: TurnRefusedError) -> ProblemError:
    """A turn that was not begun, as a problem."""
    headers = {} if error.retry_after is None else {"Retry-After": str(max(1, math.ceil(error.retry_after)))}
    more: dict[str, JsonValue] = {} if error.reply is None else {"reply": error.reply}
    return ProblemError(error.status, error.kind, error.detail, headers=headers, more=more)


def broken(failed: Failed) -> ProblemError:
    """A turn that broke, as a problem that also carries what a chat shows: the apology and the offer of a person."""
    return ProblemError(
        FAILURE_STATUS.get(failed.kind, 500),
        failed.kind,
        failed.message,
        error_id=failed.error_id,
        more={
            "reply": failed.message,
            "confidence": 0.0,
            "should_transfer": failed.should_transfer,
            "transfer_reason": "service_error" if failed.should_transfer else None,
        },
    )


def problem_response(problem: ProblemError, path: str = "") -> Response:
    """The problem on the wire; at some addresses with what their clients look for."""
    is_openai = path.startswith(OPENAI)
    status = STATUS.get(problem.status_code, problem.status_code) if is_openai else problem.status_code
    body: dict[str, JsonValue] = {
        "type": f"urn:switchboard:problem:{problem.kind}",
        "title": _title(status),
        "status": status,
        "detail": problem.detail,
        "kind": problem.kind,
        "error_id": problem.error_id,
        **problem.more,
    }
    if is_openai:
        told = str(problem.more.get("reply") or problem.detail)
        body["error"] = openai_error(problem.kind, told, status, _first_field(problem))
    content = to_json(body).encode()
    return Response(content, status, dict(problem.headers or {}), media_type="application/problem+json")


def _first_field(problem: ProblemError) -> str | None:
    errors = problem.more.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    return str(first.get("field")) if isinstance(first, dict) else None


def internal(error: BaseException, *, where: str) -> ProblemError:
    """An error nobody expected: logged with its cause, told without it."""
    problem = ProblemError(500, "internal_error", "The service could not do this. Quote the error_id to its operator.")
    log.error("request_broke", error_id=problem.error_id, where=where, cause=type(error).__name__, exc_info=error)
    problem.logged = True
    return problem


def install_problems(app: FastAPI) -> None:
    """Make every error of the app a problem."""
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(TurnRefusedError, _on_refused_turn)
    app.add_exception_handler(KnowledgeError, _on_knowledge_error)
    app.add_exception_handler(LedgerUnavailableError, _on_database_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(ValidationError, _on_invalid_model)


async def _on_http_error(request: Request, error: Exception) -> Response:
    if isinstance(error, ProblemError):
        return _answer(request, error)
    found = _from_http(cast(HTTPException, error))
    if found.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        methods = _methods_at(request)
        found.headers = {"Allow": ", ".join(methods)} if methods else found.headers
    return _answer(request, found)


def _methods_at(request: Request) -> list[str]:
    """Every method that the address takes; Starlette names those of the first route only."""
    path = str(getattr(request.scope.get("route"), "path", "")).replace(":path}", "}")
    described = cast(FastAPI, request.app).openapi()["paths"].get(path, {})
    return sorted(method.upper() for method in described)


async def _on_refused_turn(request: Request, error: Exception) -> Response:
    return _answer(request, refused(cast(TurnRefusedError, error)))


async def _on_knowledge_error(request: Request, error: Exception) -> Response:
    failed = cast(KnowledgeError, error)
    problem = ProblemError(503, "internal_error", f"The knowledge base is not ready: {failed.told}.")
    log.error("request_broke", error_id=problem.error_id, where=request.url.path, cause=str(failed))
    problem.logged = True
    return problem_response(problem, request.url.path)


async def _on_database_error(request: Request, error: Exception) -> Response:
    problem = ProblemError(503, "internal_error", "The database cannot be used now. Try again in a moment.")
    log.error("request_broke", error_id=problem.error_id, where=request.url.path, cause=str(error), exc_info=error)
    problem.logged = True
    return problem_response(problem, request.url.path)


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    return _answer(request, invalid(cast(RequestValidationError, error).errors()))


async def _on_invalid_model(request: Request, error: Exception) -> Response:
    # LangServe lets pydantic's own error out of its batch endpoint.
    wrong = cast(ValidationError, error)
    if wrong.title in _OUR_INPUTS:
        return _answer(request, invalid(wrong.errors(include_url=False, include_input=False)))
    return problem_response(internal(error, where=request.url.path), request.url.path)


def invalid(errors: Sequence[object]) -> ProblemError:
    """Fields that are not as they should be; a body that is no JSON at all is a 400."""
    shown = [_field_error(error) for error in errors[:_SHOWN_ERRORS]]
    if any(isinstance(error, Mapping) and error.get("type") == "json_invalid" for error in errors):
        return ProblemError(400, "validation", "The body is not JSON.")
    detail = "; ".join(f"{error.field}: {error.message}" if error.field else error.message for error in shown)
    return ProblemError(
        422, "validation", detail or "The request is not valid.", more={"errors": [item.model_dump() for item in shown]}
    )


def _field_error(error: object) -> FieldError:
    if not isinstance(error, Mapping):
        return FieldError(field="", message=_short(str(error)))
    place = [str(part) for part in error.get("loc", ())]
    if place and place[0] in ("body", "query", "path", "header"):
        place = place[1:]
    return FieldError(field=_short(".".join(place)) or "body", message=_short(str(error.get("msg", "is not valid"))))


def _from_http(error: HTTPException) -> ProblemError:
    kind = _KIND_OF_STATUS.get(error.status_code, "validation" if error.status_code < 500 else "internal_error")
    detail = {
        400: "The request could not be read.",
        404: "There is nothing at this address.",
        405: "This address does not take this method.",
    }.get(error.status_code, _title(error.status_code) + ".")
    return ProblemError(error.status_code, kind, detail, headers=error.headers)


def log_refusal(problem: ProblemError, method: str) -> None:
    """The one line of a request that was refused; what the caller wrote is not in it."""
    if problem.logged:
        return
    # Not being ready is no fault: it is polled while the projects are learnt.
    write = log.error if problem.status_code >= 500 and problem.status_code != 503 else log.info
    fields: JsonValue = problem.more.get("errors")
    named = [item.get("field") for item in fields if isinstance(item, dict)] if isinstance(fields, list) else []
    write(
        "request_refused",
        error_id=problem.error_id,
        kind=problem.kind,
        status=problem.status_code,
        method=method,
        cause=f"fields: {', '.join(str(name) for name in named)}" if named else _title(problem.status_code),
    )


def _answer(request: Request, problem: ProblemError) -> Response:
    log_refusal(problem, request.method)
    return problem_response(problem, request.url.path)


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _short(text: str) -> str:
    text = clean(text)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
