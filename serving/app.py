"""The app: what is mounted, what is opened and closed. It knows no prompt, slot or model."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

from serving import (
    chat,
    chatwoot,
    completions,
    desk,
    drawing,
    knowledge,
    operation,
    page,
    past,
    projects,
    rest_channel,
    sessions,
)
from serving.auth import Keys
from serving.chat import HEARTBEAT_SECONDS
from serving.cross_origin import CrossOrigin
from serving.edge import BODY_SECONDS, Edge
from serving.figures import Figures, Prices
from serving.langserve_mount import agent_router
from serving.openapi import describe
from serving.ports import Services
from serving.problems import install_problems

DRAIN_SECONDS = 20.0

OpenServices = Callable[[], AbstractAsyncContextManager[Services]]


def create_app(
    open_services: OpenServices,
    *,
    keys: Keys | None = None,
    debug: bool = False,
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
    drain_seconds: float = DRAIN_SECONDS,
    body_seconds: float = BODY_SECONDS,
    prices: Prices | None = None,
) -> FastAPI:
    """The app; its lifespan opens the services, and drains the running turns before it closes them."""
    figures = Figures(prices=prices)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services() as services:
            app.state.services = services
            app.state.chatwoot = chatwoot.Inbox(services)
            yield
            await services.turns.drain(drain_seconds)
            await app.state.chatwoot.drain(drain_seconds)

    # No docs page: FastAPI's loads its scripts from another host. redirect_slashes builds an address from the caller's
    # Host header.
    app = FastAPI(title="Switchboard", lifespan=lifespan, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.keys = keys or Keys()
    app.state.figures = figures
    app.state.heartbeat_seconds = heartbeat_seconds
    app.add_middleware(CrossOrigin, keys=app.state.keys)
    app.add_middleware(Edge, figures=figures, body_seconds=body_seconds)
    install_problems(app)
    talking = (chat, completions, rest_channel, chatwoot, desk, past, sessions)
    for part in (*talking, knowledge, projects, operation, drawing, page):
        app.include_router(part.router)
    app.include_router(agent_router(lambda: app.state.services, figures, debug=debug))
    app.mount("/web", page.web_files())
    describe(app)
    return app
