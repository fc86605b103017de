"""The service as a scenario meets it: the real app on loopback, its projects' APIs played by stubs."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
import uvicorn
from fastapi import FastAPI
from rich.console import Console

from config.clock import utc_now
from config.errors import ProjectNotFoundError, VersionNotFoundError
from config.settings import Settings
from config.versions import Version
from graph.services import Services, open_services
from ingest.run import ingest_project
from scenarios.stubs import Stubs, stub_environment, stubbed
from serving.app import create_app


class FixedVersions:
    """A few versions that never change."""

    def __init__(self, versions: Sequence[Version]) -> None:
        self._versions = {(v.project.tenant, v.project.name): v for v in versions}

    def current(self, tenant: str, project: str) -> Version:
        """The version new sessions take; raises ProjectNotFoundError."""
        try:
            return self._versions[tenant, project]
        except KeyError:
            raise ProjectNotFoundError(tenant, project) from None

    def get(self, tenant: str, project: str, version: str) -> Version:
        """A session's own version; raises VersionNotFoundError."""
        found = self._versions.get((tenant, project))
        if found is None or found.name != version:
            raise VersionNotFoundError(tenant, project, version)
        return found

    def all(self) -> list[Version]:
        """Every version, sorted by tenant and name."""
        return [self._versions[key] for key in sorted(self._versions)]


class ScenarioClock:
    """The service's clock in scenarios: it runs from `start`, or from now, and can be put forward."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start
        self._ahead = timedelta()
        self.begin(None)

    def __call__(self) -> datetime:
        """The present moment, aware."""
        return utc_now() + self._ahead

    def begin(self, moment: datetime | None) -> None:
        """Go on from `moment`; without one from where it started."""
        begin = moment or self._start
        self._ahead = timedelta() if begin is None else begin - utc_now()

    def pass_minutes(self, minutes: float) -> None:
        """Let time pass."""
        self._ahead += timedelta(minutes=minutes)


@dataclass(frozen=True, kw_only=True)
class PlayedService:
    """A running service, the stubs behind it and the clock it goes by."""

    client: httpx2.AsyncClient
    stubs: Stubs
    services: Services
    clock: ScenarioClock


@asynccontextmanager
async def play_service(
    versions: Sequence[Version],
    settings: Settings,
    *,
    vectors: Path | None = None,
    console: Console | None = None,
    start: datetime | None = None,
) -> AsyncIterator[PlayedService]:
    """Serve the versions on loopback with their knowledge ingested and their APIs stubbed.

    `vectors` is a file of embeddings that outlives the run, so that the next one need not embed the same texts again;
    `start` is the moment at which the scenarios begin, so that "tomorrow" is always the same day.
    """
    stubs, clock = Stubs(), ScenarioClock(start)
    async with run_app(stubs.app) as stub_url:
        played = FixedVersions([stubbed(version, stub_url) for version in versions])
        environment = {
            name: value for version in versions for name, value in stub_environment(version.project, os.environ).items()
        }
        async with open_services(
            settings, versions=played, environment=environment, vectors=vectors, clock=clock
        ) as services:
            for version in played.all():
                await services.understanding.prepare(version)
                await _ingest(services, version, console)
            app = create_app(lambda: _opened(services))
            async with run_app(app) as url, httpx2.AsyncClient(base_url=url, timeout=120, trust_env=False) as client:
                yield PlayedService(client=client, stubs=stubs, services=services, clock=clock)


async def _ingest(services: Services, version: Version, console: Console | None) -> None:
    if not version.project.knowledge.enabled:
        return
    base = services.knowledge_base
    summary = await base.run(lambda: ingest_project(version, knowledge=base))
    if console is not None:
        for source, why in summary.failed:
            console.print(f"{source}: {why}", markup=False)


@asynccontextmanager
async def _opened(services: Services) -> AsyncIterator[Services]:
    yield services


@asynccontextmanager
async def run_app(app: FastAPI) -> AsyncIterator[str]:
    """Serve an app on a free loopback port in this event loop; gives its base URL."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on", access_log=False))
    # Signals belong to whoever runs the command.
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:
            if task.done():
                await task
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


def scenario_settings(settings: Settings, folder: Path) -> Settings:
    """The same settings with everything stored in `folder`."""
    return settings.model_copy(update={"data": folder, "database": None, "knowledge": None, "keys": None})
