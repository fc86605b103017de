"""Operation: is it alive, is it ready, what has it done."""

import time
from collections.abc import Iterable
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, JsonValue

from serving.auth import Admin, needs
from serving.chat import problems
from serving.edge import Figures
from serving.problems import ProblemError
from serving.reach import Open, sessions_of
from serving.text import to_json

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
    own = await sessions_of(caller, services.versions, services.turns)
    recent: list[JsonValue] = [{"tenant": tenant, **session} for tenant, session in own[:limit]]
    found: dict[str, JsonValue] = {"known_sessions": len(own), "sessions": recent}
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
async def metrics(request: Request) -> Response:
    """Counters in Prometheus' text format; no tenant, session or text is in them."""
    text = "".join(_lines(cast(Figures, request.app.state.figures)))
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


def _lines(figures: Figures) -> Iterable[str]:
    yield from _metric(
        "switchboard_requests_total",
        "Requests answered.",
        (
            ({"route": route, "method": method, "status": str(status)}, count)
            for (route, method, status), count in figures.requests.items()
        ),
    )
    yield from _metric(
        "switchboard_request_seconds_total",
        "Time spent answering requests.",
        (({"route": route, "method": method}, seconds) for (route, method), seconds in figures.seconds.items()),
    )
    for name, help_text, label, counts in (
        ("switchboard_turns_total", "Turns answered.", "outcome", figures.turns),
        ("switchboard_turns_failed_total", "Turns that broke or were refused.", "kind", figures.refused),
        ("switchboard_transfers_total", "Transfers to a person.", "reason", figures.transfers),
    ):
        yield from _metric(name, help_text, (({label: key}, count) for key, count in counts.items()))


def _metric(name: str, help_text: str, samples: Iterable[tuple[dict[str, str], float]]) -> Iterable[str]:
    yield f"# HELP {name} {help_text}\n# TYPE {name} counter\n"
    for labels, value in samples:
        inner = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        yield f"{name}{{{inner}}} {value}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
