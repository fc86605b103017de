"""The service as a process of its own that can be killed and started again over the same data folder."""

import asyncio
import os
import socket
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import psutil
import uvicorn
from fastapi import FastAPI

ROOT = Path(__file__).parent.parent
START_SECONDS = 300.0


@dataclass
class ServiceProcess:
    """`switchboard serve`, with its data in `folder`."""

    folder: Path
    projects: Path
    environment: Mapping[str, str]
    log: Path | None = None
    """Where its lines go; nowhere if unset."""
    workers: int = 1
    """Processes behind the port."""
    kills: int = 0
    starts: list[float] = field(default_factory=list)
    """Seconds each start took."""
    _process: Process | None = None
    _port: int = 0

    @property
    def url(self) -> str:
        """Where it listens, always the same."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Start it and wait until it is ready for turns."""
        self._port = self._port or free_port()
        begun = time.monotonic()
        environment = {**os.environ, **self.environment, "PYTHONPATH": str(ROOT), "SWITCHBOARD_DATA": str(self.folder)}
        self.folder.mkdir(parents=True, exist_ok=True)
        command = (sys.executable, "-P", "-m", "cli", "serve", "--projects", str(self.projects))
        options = ("--port", str(self._port), "--workers", str(self.workers))
        with (self.log or Path(os.devnull)).open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *command, *options, cwd=self.folder, env=environment, stdout=output, stderr=output
            )
        await self._until_ready(begun + START_SECONDS)
        self.starts.append(time.monotonic() - begun)

    async def _until_ready(self, until: float) -> None:
        async with httpx2.AsyncClient(trust_env=False, timeout=5) as client:
            while time.monotonic() < until:
                if self._process is None or self._process.returncode is not None:
                    code = self._process.returncode if self._process else None
                    raise RuntimeError(f"the service ended with {code} before it was ready: {self._last_words()}")
                try:
                    if (await client.get(f"{self.url}/readyz")).status_code == 200:
                        return
                except httpx2.TransportError:
                    pass
                await asyncio.sleep(0.1)
        raise TimeoutError(f"the service was not ready within {START_SECONDS:.0f} s")

    def _last_words(self) -> str:
        if self.log is None or not self.log.is_file():
            return "it left no log"
        return self.log.read_text(encoding="utf-8", errors="replace")[-1000:]

    async def kill(self) -> None:
        """SIGKILL, as a machine that runs out of memory does it."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
            self.kills += 1

    async def kill_worker(self, number: int) -> None:
        """SIGKILL to one of several workers, whose parent starts another."""
        workers = self.worker_processes()
        if workers:
            workers[number % len(workers)].kill()
            self.kills += 1

    def worker_processes(self) -> list[psutil.Process]:
        """The processes that serve, where there are several."""
        if self._process is None:
            return []
        children = psutil.Process(self._process.pid).children()
        return [child for child in children if "spawn_main" in " ".join(child.cmdline())]

    def said(self, words: str) -> int:
        """How often its log says so."""
        return (
            self.log.read_text(encoding="utf-8", errors="replace").count(words) if self.log and self.log.exists() else 0
        )

    async def until_said(self, words: str, times: int) -> None:
        """Wait until its log says so that often."""
        while self.said(words) < times:  # noqa: ASYNC110 - a file has no news
            await asyncio.sleep(0.1)

    def signal(self, number: int) -> None:
        """Send the service a signal."""
        if self._process is not None:
            self._process.send_signal(number)

    async def stop(self) -> None:
        """End it, politely at first."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), 30)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """Serve an app on a free loopback port in this event loop; gives its base URL."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    # Signals belong to whoever runs the command.
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def running(service: ServiceProcess) -> AsyncIterator[ServiceProcess]:
    """The service, started and in the end stopped."""
    try:
        await service.start()
        yield service
    finally:
        await service.stop()
