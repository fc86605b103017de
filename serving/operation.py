"""Operation: is it alive, is it ready, what has it done."""

import asyncio
import time
from typing import Annotated, cast

import structlog
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, JsonValue

from graph.session_lists import SessionQuery
from serving.auth import Admin, needs
from serving.chat import problems
from serving.figures import Figures
from serving.problems import ProblemError
from serving.reach import Open, tenants_of
from serving.text import to_json
from tools.errors import LedgerUnavailableError

log = structlog.get_logger("serving")

router = APIRouter(tags=["operation"])


class Alive(BaseModel):
    """The process answers."""

    status: str = "alive"


class Ready(BaseModel):
    """The service can take turns."""

    status: str = "ready"
    dependencies: dict[str, str]


@router.get("/livez")
async def livez() -> Alive:
    """Whether the process answers at all."""
    return Alive()


@router.get("/readyz", responses=problems(503))
async def readyz(services: Open) -> Ready:
    """Whether turns can be taken; 503 names the dependency that is not ready."""
    dependencies = await services.turns.ready()
    ailing = {name: state for name, state in dependencies.items() if state != "ok"}
    if ailing:
        named = "; ".join(f"{name}: {state}" for name, state in ailing.items())
        raise ProblemError(
            503, "internal_error", f"Not ready: {named}", more={"dependencies": cast(JsonValue, dependencies)}
        )
    return Ready(dependencies=dependencies)


@router.get("/stats", response_model=dict[str, JsonValue], responses=problems(401, 403, 422))
async def stats(
    request: Request, caller: Admin, services: Open, limit: Annotated[int, Query(ge=0, le=1000)] = 100
) -> Response:
    """Sessions and turns: of this process, and of the most recent sessions that exist for the caller."""
    recent, total = await services.turns.sessions(
        SessionQuery(tenants=tenants_of(caller, services.versions), limit=limit)
    )
    found: dict[str, JsonValue] = {"known_sessions": total, "sessions": [*recent]}
    if caller.tenant is None or len({version.project.tenant for version in services.versions.all()}) == 1:
        # The process's own figures tell of every tenant's traffic.
        found |= services.turns.statistics()
    figures = cast(Figures, request.app.state.figures)
    found["uptime_seconds"] = round(time.time() - figures.started, 1)
    return Response(to_json(found), media_type="application/json")


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses=problems(401, 403),
    dependencies=[Depends(needs("admin"))],
)
async def metrics(request: Request, services: Open) -> Response:
    """Counters in Prometheus' text format; no tenant, session or text is in them."""
    figures = cast(Figures, request.app.state.figures)
    figures.tasks(len(asyncio.all_tasks()))
    try:
        figures.backlog(await services.turns.backlog())
    except LedgerUnavailableError:
        # What was counted here is told all the same: who watches needs it most when a database is gone.
        log.warning("backlog_not_counted")
    return Response(figures.text(), media_type=CONTENT_TYPE_LATEST)
