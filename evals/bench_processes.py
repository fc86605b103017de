"""The service and the demo businesses as processes of their own, so that their time and memory can be read apart."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2
import psutil

from demo.serve import demo_environment

ROOT: Final = Path(__file__).parent.parent
READY_SECONDS: Final = 300.0
STOP_SECONDS: Final = 40.0
_LOOK_SECONDS: Final = 0.05
_FOREIGN: Final = ("SWITCHBOARD_", "OPENAI_", "LANGSMITH_", "LANGCHAIN_", "OTEL_")


class BenchError(Exception):
    """A process that is measured did not do its part; the message says which and ends with what it printed."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """A process that answers."""

    url: str
    process: psutil.Process
    seconds: float
    """From its start until it was ready."""

    def cpu_ms(self) -> float:
        """CPU milliseconds it has used, of all its threads and none of its children."""
        spent = self.process.cpu_times()
        return float(spent.user + spent.system) * 1000

    def resident_mb(self) -> float:
        """Megabytes of it in memory."""
        return float(self.process.memory_info().rss) / 1e6


@contextmanager
def run_service(folder: Path, *, business: str | None = None) -> Iterator[Running]:
    """`switchboard serve` over the demo projects, with `folder` as its data.

    Without `business` it is what `make run` starts: the demo businesses too, documents read and examples learnt first.
    """
    port = free_port()
    command = ["cli", "serve", "--port", str(port), "--projects", str(ROOT / "projects")]
    extra = ["--demo"] if business is None else []
    known = demo_environment(business) if business else {}
    environment = {**known, "SWITCHBOARD_DATA": str(folder), "SWITCHBOARD_DEBUG": "0"}
    with _run([*command, *extra], environment, port, folder.parent, ready="/readyz") as running:
        yield running


@contextmanager
def run_business(scratch: Path, *, port: int | None = None) -> Iterator[Running]:
    """The demo business API, on a free port unless one is named."""
    port = port or free_port()
    with _run(["demo.serve", "--port", str(port)], {}, port, scratch, ready="/effects") as running:
        yield running


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without settings of ours or of tracing: every machine measures the same service."""
    return {name: value for name, value in environment.items() if not name.startswith(_FOREIGN)}


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _run(
    module: list[str], environment: Mapping[str, str], port: int, scratch: Path, *, ready: str
) -> Iterator[Running]:
    with run_command([sys.executable, "-m", *module], environment, port, scratch, ready=ready) as running:
        yield running


@contextmanager
def run_command(
    command: list[str], environment: Mapping[str, str], port: int, scratch: Path, *, ready: str
) -> Iterator[Running]:
    """A command that listens on `port`, from when `ready` answers 200."""
    known = {**clean_environment(os.environ), "LANGGRAPH_STRICT_MSGPACK": "true", "PYTHONPATH": str(ROOT)}
    # A folder without an .env file, so that nobody's keys or models take part.
    scratch.mkdir(parents=True, exist_ok=True)
    said = scratch / f"{Path(command[0]).name}-{port}.log"
    with said.open("wb") as output:
        begun = time.perf_counter()
        started = subprocess.Popen(  # noqa: S603  # our own modules, in this interpreter
            command,
            cwd=scratch,
            env={**known, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_ready(f"{url}{ready}", started, said)
            seconds = time.perf_counter() - begun
            yield Running(url=url, process=psutil.Process(started.pid), seconds=seconds)
        finally:
            _stop(started)


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]", said: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(httpx2.HTTPError):
            if httpx2.get(url, timeout=10, trust_env=False).status_code == httpx2.codes.OK:
                return
        time.sleep(_LOOK_SECONDS)
    tail = said.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise BenchError(f"{said.stem} is not ready after {READY_SECONDS:.0f} s or has ended; it said:\n{tail}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask it to end as Ctrl-C does, and see to it that nothing it started stays behind."""
    children: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        children = psutil.Process(process.pid).children(recursive=True)
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in children:
        with suppress(psutil.NoSuchProcess):
            child.kill()
