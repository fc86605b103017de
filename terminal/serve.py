"""`switchboard serve`: the service, and with `--demo` the businesses behind the demo bots too."""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from types import FrameType

import uvicorn
from rich.console import Console
from uvicorn.loops.auto import auto_loop_factory

from config.errors import ConfigError
from config.settings import Settings
from config.tracing import hide_content, start_tracing
from config.versions import DRAFT
from graph.services import Services, open_services
from graph.unread import warn_of_unread
from ingest.run import run_ingest
from scenarios.gate import ChildGate
from serving.app import DRAIN_SECONDS, OpenServices, create_app
from serving.auth import Keys, load_keys, refuse_open_bind
from serving.logs import configure_logs
from serving.protocol import BoundedHttp
from terminal.businesses import demo_businesses
from terminal.workers import Word, Workers
from tools.knowledge_errors import KnowledgeError
from tools.redaction import Redactor

_WORD_SECONDS = 1.0
_COLLECT_AFTER = (20_000, 20, 20)
"""New objects until the collector looks at the youngest, and how often it does so before it looks at older ones."""
_BACKLOG = 2048


def serve(settings: Settings, *, host: str, port: int, demo: bool, workers: int = 1) -> None:
    """Serve until stopped; raises ConfigError or OSError where it cannot begin."""
    keys = _keys(settings)
    refuse_open_bind(host, keys)
    _refuse_taken(host, port)
    redactor = Redactor()
    configure_logs(settings.log, redactor)
    console = Console(stderr=True)
    serving = Serving(settings=settings, host=host, port=port)
    with contextlib.ExitStack() as stack:
        if demo:
            stack.enter_context(demo_businesses())
        if workers == 1:
            _run(serving.run(keys, console, redactor, read=demo, welcome=demo))
            return
        # Before the workers begin, so that each of them writes its counts there.
        os.environ.setdefault(
            "PROMETHEUS_MULTIPROC_DIR", stack.enter_context(tempfile.TemporaryDirectory(prefix="switchboard-metrics-"))
        )
        listening = stack.enter_context(_listen(host, port))
        work = Worker(serving=serving, demo=demo)
        Workers(work, listening, workers).run(started=lambda: serving.welcome(console) if demo else None)


def _run(work: Coroutine[None, None, None]) -> None:
    # uvicorn drains, then sends itself the signal again: to be told to stop is no failure.
    signal.signal(signal.SIGTERM, _stop)
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        runner.run(work)


def _stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature is the system's
    raise SystemExit(0)


@dataclass(frozen=True, kw_only=True)
class Serving:
    """What a process of the service needs to begin; picklable."""

    settings: Settings
    host: str
    port: int

    async def run(
        self,
        keys: Keys,
        console: Console,
        redactor: Redactor,
        *,
        read: bool,
        welcome: bool = False,
        sockets: Sequence[socket.socket] | None = None,
        parent: Connection | None = None,
        later: bool = False,
    ) -> None:
        """Serve at once; `/readyz` says when the projects are trained.

        With `read` the documents are read and the examples learnt first, so that the first answer is a good one.
        """
        hide_content()
        sent = start_tracing()
        # Opened before the server, so that what is wrong with a folder or a file is told in a line.
        async with open_services(self.settings, redactor=redactor, gate=ChildGate(self.settings)) as services:
            telling = asyncio.create_task(_tell(parent, services)) if parent else None
            settling = asyncio.create_task(_settle(services))
            if read:
                await self._learn(services, console)
            if later:
                await services.training.finished()
            if services.knowledge_base.owns_index:
                await warn_of_unread(services.versions.all(), services.knowledge_base)
            if welcome:
                self.welcome(console)
            server = self._server(lambda: _opened(services), keys)
            await server.serve(sockets=list(sockets) if sockets else None)
            for task in (telling, settling):
                if task is not None:
                    task.cancel()
        await asyncio.to_thread(sent)

    def _server(self, services: OpenServices, keys: Keys) -> uvicorn.Server:
        app = create_app(services, keys=keys, debug=self.settings.debug, prices=self.settings.prices)
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

    async def _learn(self, services: Services, console: Console) -> None:
        base = services.knowledge_base
        for version in services.versions.all():
            # Publishing brought a published version's documents in.
            if version.project.knowledge.enabled and version.name.startswith(DRAFT):
                try:
                    await base.run(partial(run_ingest, version, knowledge=base, console=console))
                except KnowledgeError as error:
                    # The bot is served without its documents, says so, and hands over; /readyz tells the operator.
                    console.print(f"{version.project.name}: {error}", style="red", markup=False, soft_wrap=True)
        with console.status("Learning the projects' examples…"):
            await services.training.finished()

    def welcome(self, console: Console) -> None:
        """Say where to click."""
        base = f"http://{self.host}:{self.port}"
        console.print(f"\n[bold]Switchboard[/] is at {base}/ (chat page)", highlight=False)
        console.print(f"  POST {base}/chat · LangServe {base}/agent/playground/", highlight=False)
        console.print("  Press Ctrl-C to stop.\n")


@dataclass(frozen=True, kw_only=True)
class Worker:
    """One of several processes; see `terminal.workers.Work`."""

    serving: Serving
    demo: bool

    def __call__(self, listening: socket.socket, parent: Connection, *, first: bool, later: bool) -> None:
        """Serve until a signal comes or the parent is gone."""
        settings, redactor = self.serving.settings, Redactor()
        configure_logs(settings.log, redactor)
        try:
            _run(
                self.serving.run(
                    _keys(settings),
                    Console(stderr=True),
                    redactor,
                    read=self.demo and first,
                    sockets=[listening],
                    parent=parent,
                    later=later,
                )
            )
        except (ConfigError, OSError) as error:
            parent.send(Word(failure=str(error)))
            raise SystemExit(1) from None


async def _tell(parent: Connection, services: Services) -> None:
    """Say every second that this process lives, and whether it is ready; end it when nobody listens any more."""
    while True:
        ready = await services.training.check() is None
        try:
            parent.send(Word(ready=ready))
        except OSError:
            os.kill(os.getpid(), signal.SIGTERM)
            return
        await asyncio.sleep(_WORD_SECONDS if ready else 0.1)


async def _settle(services: Services) -> None:
    """Keep the garbage collector from what was loaded and learnt: it lives as long as the process.

    A turn makes thousands of short-lived objects, for which the collector would go through the models again and again.
    """
    await services.training.finished()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


def _keys(settings: Settings) -> Keys:
    return load_keys(settings.keys.get_secret_value() if settings.keys else None)


@contextlib.asynccontextmanager
async def _opened(services: Services) -> AsyncIterator[Services]:
    yield services


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.create_server((host, port), family=_family(host), backlog=_BACKLOG)
    listening.set_inheritable(True)
    return listening


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _refuse_taken(host: str, port: int) -> None:
    """Say at once, and plainly, that a port is taken; a server would say it after everything was loaded."""
    with socket.socket(_family(host)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise OSError(
                f"cannot listen on {host}:{port}: {error.strerror};"
                " stop what listens there, or choose another with --port (make run PORT=…)"
            ) from error
