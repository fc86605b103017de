"""What was said before: the finished turns of a session, as a scenario too, and a new session that begins at one."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from scenarios.recording import record
from serving.auditing import audit
from serving.auth import Admin, Agent
from serving.chat import problems
from serving.contract import ChatAnswer, Identifier
from serving.problems import ProblemError
from serving.reach import Open, no_session, project_of, session_place
from serving.sessions import ProjectQuery
from serving.strict import StrictRoute
from serving.text import to_json

router = APIRouter(
    prefix="/sessions", route_class=StrictRoute, tags=["sessions"], responses=problems(401, 403, 404, 422)
)


class FinishedTurn(BaseModel):
    """One turn as it was answered."""

    number: int = Field(description="The session's oldest turn has the number 1.", examples=[1])
    message_id: str = Field(examples=["m-7"])
    message: str = Field(description="The customer's words; empty for an event of the channel.", examples=["Merhaba"])
    answer: ChatAnswer


class FinishedTurns(BaseModel):
    """Some turns of a session, oldest first."""

    session_id: str = Field(examples=["web-42"])
    project: str = Field(examples=["bank"])
    total: int = Field(description="Finished turns in all.", examples=[1])
    turns: list[FinishedTurn]


class ForkRequest(BaseModel):
    """Where the new session begins."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"after": "m-7"}]})

    after: Identifier = Field(description="The `message_id` of the turn after which it begins.")


class Fork(BaseModel):
    """The new session."""

    session_id: str = Field(examples=["web-42~fork-9f2c11aa"])
    project: str = Field(examples=["bank"])


@router.get("/{session_id:path}/turns", response_model=FinishedTurns)
async def turns(
    *,
    session_id: str,
    caller: Agent,
    services: Open,
    project: ProjectQuery = None,
    before: Annotated[int | None, Query(ge=1, description="Only turns before this number.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Response:
    """The session's turns with their whole answers: the newest, or those before a number."""
    tenant, name = await session_place(caller, services, session_id, project)
    page = await services.past.page(tenant, name, session_id, before=before, limit=limit)
    if page is None:
        raise no_session()
    listed: list[JsonValue] = [
        {"number": number, "message_id": turn.message_id, "message": turn.message, "answer": turn.answer}
        for number, turn in enumerate(page.turns, page.first)
    ]
    return _json({"session_id": session_id, "project": name, "total": page.total, "turns": listed})


@router.get(
    "/{session_id:path}/scenario",
    response_class=Response,
    responses={200: {"content": {"text/yaml": {"schema": {"type": "array", "items": {"type": "object"}}}}}},
)
async def scenario(session_id: str, caller: Agent, services: Open, project: ProjectQuery = None) -> Response:
    """The session as a scenario in YAML, to be kept in the project's `scenarios/`."""
    tenant, name = await session_place(caller, services, session_id, project)
    said = await services.past.turns(tenant, name, session_id)
    if not said:
        raise no_session()
    version = project_of(caller, services.versions, name)
    return Response(record(version.project, f"recorded from {session_id}", said), media_type="text/yaml; charset=utf-8")


@router.post("/{session_id:path}/fork", status_code=201, responses=problems(400, 415))
async def fork(session_id: str, body: ForkRequest, caller: Admin, services: Open, project: ProjectQuery = None) -> Fork:
    """Begin a new session where this one stood after a turn; this one stays as it is. What the new one does is real."""
    tenant, name = await session_place(caller, services, session_id, project)
    begun = await services.past.fork(tenant, name, session_id, after=body.after)
    if begun is None:
        raise ProblemError(404, "session_not_found", f"The session has no finished turn {body.after[:64]!r}.")
    audit(caller, "forked", tenant, name, session=session_id)
    return Fork(session_id=begun, project=name)


def _json(value: JsonValue, *, status: int = 200) -> Response:
    return Response(to_json(value), status, media_type="application/json")
