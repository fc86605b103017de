"""`switchboard serve`: the service, and with `--demo` the businesses behind the demo bots too."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from types import FrameType

import uvicorn
from rich.console import Console
from uvicorn.loops.auto import auto_loop_factory

from config.settings import Settings
from config.versions import DRAFT
from graph.services import Services, open_services
from ingest.run import run_ingest
from scenarios.gate import ChildGate
from serving.app import DRAIN_SECONDS, OpenServices, create_app
from serving.auth import Keys, load_keys, refuse_open_bind
from serving.logs import configure_logs
from serving.protocol import BoundedHttp
from terminal.businesses import demo_businesses
from tools.knowledge_errors import KnowledgeError
from tools.redaction import Redactor


def serve(settings: Settings, *, host: str, port: int, demo: bool) -> None:
    """Serve until stopped; raises ConfigError or OSError where it cannot begin."""
    keys = load_keys(settings.keys.get_secret_value() if settings.keys else None)
    refuse_open_bind(host, keys)
    _refuse_taken(host, port)
    redactor = Redactor()
    configure_logs(settings.log, redactor)
    console = Console(stderr=True)
    # uvicorn drains, then sends itself the signal again: to be told to stop is no failure.
    signal.signal(signal.SIGTERM, _stop)
    with contextlib.ExitStack() as stack:
        if demo:
            stack.enter_context(demo_businesses())
        serving = Serving(settings=settings, keys=keys, host=host, port=port, console=console, redactor=redactor)
        with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
            runner.run(serving.run(demo=demo))


def _stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature is the system's
    raise SystemExit(0)


@dataclass(frozen=True, kw_only=True)
class Serving:
    """One process of the service."""

    settings: Settings
    keys: Keys
    host: str
    port: int
    console: Console
    redactor: Redactor

    async def run(self, *, demo: bool) -> None:
        """Serve at once; `/readyz` says when the projects are trained.

        A demo reads the documents and learns the examples first, so that the first answer is a good one.
        """
        # Opened before the server, so that what is wrong with a folder or a file is told in a line.
        async with open_services(self.settings, redactor=self.redactor, gate=ChildGate(self.settings)) as services:
            if demo:
                await self._learn(services)
                self._welcome()
            await self._server(lambda: _opened(services)).serve()

    def _server(self, services: OpenServices) -> uvicorn.Server:
        app = create_app(services, keys=self.keys, debug=self.settings.debug, prices=self.settings.prices)
        config = uvicorn.Config(
            app,
            host=self.host,
            port=self.port,
            http=BoundedHttp,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=int(DRAIN_SECONDS),
        )
        return uvicorn.Server(config)

    async def _learn(self, services: Services) -> None:
        base = services.knowledge_base
        for version in services.versions.all():
            # Publishing brought a published version's documents in.
            if version.project.knowledge.enabled and version.name.startswith(DRAFT):
                try:
                    await base.run(partial(run_ingest, version, knowledge=base, console=self.console))
                except KnowledgeError as error:
                    # The bot is served without its documents, says so, and hands over; /readyz tells the operator.
                    self.console.print(f"{version.project.name}: {error}", style="red", markup=False, soft_wrap=True)
        with self.console.status("Learning the projects' examples…"):
            await services.training.finished()

    def _welcome(self) -> None:
        base = f"http://{self.host}:{self.port}"
        self.console.print(f"\n[bold]Switchboard[/] is at {base}/ (chat page)", highlight=False)
        self.console.print(f"  POST {base}/chat · LangServe {base}/agent/playground/", highlight=False)
        self.console.print("  Press Ctrl-C to stop.\n")


@contextlib.asynccontextmanager
async def _opened(services: Services) -> AsyncIterator[Services]:
    yield services


def _refuse_taken(host: str, port: int) -> None:
    """Say at once, and plainly, that a port is taken; a server would say it after everything was loaded."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise OSError(
                f"cannot listen on {host}:{port}: {error.strerror};"
                " stop what listens there, or choose another with --port (make run PORT=…)"
            ) from error
