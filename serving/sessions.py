"""Sessions: state, transcript, erasure."""

from typing import Annotated, cast

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import JsonValue

from dialogue.state import TurnEvent
from graph.calls import TurnCall
from graph.session_lists import Owner, SessionQuery
from serving.auditing import audit
from serving.auth import Admin, Agent, Caller, Chatter, Visitor, needs
from serving.chat import Counted, problems
from serving.contract import ChatAnswer, Done, Identifier
from serving.cross_origin import refuse_guessable
from serving.figures import Figures
from serving.ports import Services
from serving.reach import Open, no_session, project_of, session_place, tenants_of
from serving.strict import StrictRoute
from serving.text import to_json

router = APIRouter(
    prefix="/sessions", route_class=StrictRoute, tags=["sessions"], responses=problems(401, 403, 404, 422)
)

ProjectQuery = Annotated[
    str | None, Query(description="The session's project; needed only where two projects have a session of that id.")
]

NewSession = Annotated[Identifier, Path(description="The session; where there is none of that id, it begins.")]


@router.get("", response_model=dict[str, JsonValue])
async def list_sessions(
    *,
    caller: Agent,
    services: Open,
    project: Annotated[str | None, Query(description="Only those of this project.")] = None,
    owner: Annotated[Owner | None, Query(description="Only those that this one answers in.")] = None,
    contains: Annotated[str, Query(max_length=200, description="Only those whose id holds this text.")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> Response:
    """The sessions of the caller's tenant, the most recently active first; `transfer` says why a person has one."""
    wanted = SessionQuery(
        tenants=tenants_of(caller, services.versions),
        project=project,
        owner=owner,
        contains=contains,
        limit=limit,
        offset=offset,
    )
    found, total = await services.turns.sessions(wanted)
    return _json({"sessions": [*found], "total": total, "limit": limit, "offset": offset})


# A session's id may hold slashes: the longer addresses stand first, the path parameter takes the rest.
@router.get("/{session_id:path}/messages", response_model=dict[str, JsonValue])
async def messages(session_id: str, caller: Visitor, services: Open, project: ProjectQuery = None) -> Response:
    """The transcript, oldest first; with a key of public pages, of a session that began with one.

    It goes back as far as a turn may read, and `earlier` says how many messages were before it: `…/turns` has them all.
    """
    if not caller.public:
        caller = await needs("desk")(caller)
    refuse_guessable(caller, session_id)
    tenant, name = await session_place(caller, services, session_id, project)
    found = await services.turns.transcript(tenant, name, session_id)
    if found is None:
        raise no_session()
    told, earlier = found
    return _json(
        {"session_id": session_id, "project": name, "messages": [dict(line) for line in told], "earlier": earlier}
    )


@router.post("/{session_id:path}/silence", response_model=ChatAnswer)
async def silence(session_id: NewSession, caller: Chatter, request: Request, project: ProjectQuery = None) -> Response:
    """Tell that the customer has been silent: the question again, then patience, then a rest. An answer as of /chat."""
    return await _event("silence", session_id, caller, request, project)


@router.post("/{session_id:path}/begin", response_model=ChatAnswer)
async def begin(session_id: NewSession, caller: Chatter, request: Request, project: ProjectQuery = None) -> Response:
    """Let the bot speak first in a session. An answer as of /chat."""
    return await _event("begin", session_id, caller, request, project)


@router.get("/{session_id:path}", response_model=dict[str, JsonValue])
async def session(session_id: str, caller: Agent, services: Open, project: ProjectQuery = None) -> Response:
    """The session's state: slots, open question, stack of flows, owner, counters."""
    tenant, name = await session_place(caller, services, session_id, project)
    found = await services.turns.session(tenant, name, session_id)
    if found is None:
        raise no_session()
    return _json(found)


@router.delete("/{session_id:path}", responses={200: {"description": "Nothing of it is left."}})
async def erase(session_id: str, caller: Admin, services: Open, project: ProjectQuery = None) -> Done:
    """Erase the session with what was forked from it: checkpoints, log, transcript."""
    tenant, name = await session_place(caller, services, session_id, project)
    copies = await services.past.forks(tenant, name, session_id)
    erased = [await services.turns.erase(tenant, name, each) for each in (session_id, *copies)]
    if not any(erased):
        raise no_session()
    audit(caller, "erased", tenant, name, session=session_id)
    return Done()


async def _event(event: TurnEvent, session_id: str, caller: Caller, request: Request, project: str | None) -> Response:
    services, figures = cast(Services, request.app.state.services), cast(Figures, request.app.state.figures)
    version = project_of(caller, services.versions, project)
    call = TurnCall(
        tenant=version.project.tenant, project=version.project.name, session_id=session_id, message="", event=event
    )
    return _json(await Counted(services, figures).answer(call))


def _json(value: JsonValue) -> Response:
    return Response(to_json(value), media_type="application/json")
