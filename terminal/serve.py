"""`switchboard serve`: the service, and with `--demo` the businesses behind the demo bots too."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType

import uvicorn
from rich.console import Console
from uvicorn.loops.auto import auto_loop_factory

from config.settings import Settings
from demo.serve import demo_environment
from graph.services import Services, open_services
from ingest.run import run_ingest
from serving.app import DRAIN_SECONDS, OpenServices, create_app
from serving.auth import Keys, load_keys, refuse_open_bind
from serving.logs import configure_logs
from tools.redaction import Redactor

DEMO_START_SECONDS = 30.0


def serve(settings: Settings, *, host: str, port: int, demo: bool) -> None:
    """Serve until stopped; raises ConfigError or OSError where it cannot begin."""
    keys = load_keys(settings.keys.get_secret_value() if settings.keys else None)
    refuse_open_bind(host, keys)
    _refuse_taken(host, port)
    redactor = Redactor()
    configure_logs(settings.log, redactor)
    console = Console(stderr=True)
    with contextlib.ExitStack() as stack:
        if demo:
            base = stack.enter_context(_demo_businesses())
            os.environ.update({name: value for name, value in demo_environment(base).items() if name not in os.environ})
        serving = Serving(settings=settings, keys=keys, host=host, port=port, console=console, redactor=redactor)
        # uvicorn drains, then sends itself the signal again: to be told to stop is no failure.
        signal.signal(signal.SIGTERM, _stop)
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
        async with open_services(self.settings, redactor=self.redactor) as services:
            if demo:
                await self._learn(services)
                self._welcome()
            await self._server(lambda: _opened(services)).serve()

    def _server(self, services: OpenServices) -> uvicorn.Server:
        app = create_app(services, keys=self.keys, debug=self.settings.debug)
        config = uvicorn.Config(
            app,
            host=self.host,
            port=self.port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=int(DRAIN_SECONDS),
        )
        return uvicorn.Server(config)

    async def _learn(self, services: Services) -> None:
        base = services.knowledge_base
        for version in services.versions.all():
            if version.project.knowledge.enabled:
                await base.run(partial(run_ingest, version, knowledge=base, console=self.console))
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


@contextlib.contextmanager
def _demo_businesses() -> Iterator[str]:
    """The demo business API in a process of its own on a free loopback port; gives its base URL."""
    port = _free_port()
    process = subprocess.Popen(  # noqa: S603  # our own module, in this interpreter
        [sys.executable, "-m", "demo.serve", "--port", str(port)], cwd=Path(__file__).parent.parent
    )
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + DEMO_START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise OSError("the demo business API did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _refuse_taken(host: str, port: int) -> None:
    """Say at once, and plainly, that a port is taken; a server would say it after everything was loaded."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise OSError(f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port") from error
