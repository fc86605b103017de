"""The desk: a person answers in a session, and gives it back."""

from fastapi import APIRouter

from serving.auditing import audit
from serving.auth import Agent
from serving.chat import problems
from serving.contract import DeskMessage, Done
from serving.reach import Open, no_session, session_place
from serving.sessions import ProjectQuery
from serving.strict import StrictRoute

router = APIRouter(
    prefix="/sessions", route_class=StrictRoute, tags=["desk"], responses=problems(400, 401, 403, 404, 409, 415, 422)
)


@router.post("/{session_id:path}/desk/messages")
async def say(session_id: str, body: DeskMessage, caller: Agent, services: Open, project: ProjectQuery = None) -> Done:
    """Enter a person's words into the session."""
    tenant, name = await session_place(caller, services, session_id, project)
    known = await services.turns.desk_message(
        tenant, name, session_id, text=body.text, agent=body.agent, message_id=body.message_id
    )
    if not known:
        raise no_session()
    audit(caller, "said as a person", tenant, name, session=session_id)
    return Done()


@router.post("/{session_id:path}/desk/release")
async def release(session_id: str, caller: Agent, services: Open, project: ProjectQuery = None) -> Done:
    """Give the session back to the bot."""
    tenant, name = await session_place(caller, services, session_id, project)
    if not await services.turns.desk_release(tenant, name, session_id):
        raise no_session()
    audit(caller, "gave back to the bot", tenant, name, session=session_id)
    return Done()
