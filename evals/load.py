"""Turns a second under load, beside other ways to serve the same graph: `python -m evals.load`.

One small project, the same short conversation, the same machine, one run: `switchboard serve` over SQLite and
PostgreSQL with one and two workers; the same graph behind a bare FastAPI route; the same graph in `langgraph dev`, and
in Aegra where `--aegra` names an interpreter that has it. The messages are few and known, so that their embeddings are
remembered and what is measured is everything else. The client takes part of the processors; ratios within a run are
what can be compared.
"""

import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, cast

import psutil
import typer
from pydantic import JsonValue
from rich.console import Console
from rich.table import Table

from evals.bench_figures import percentile
from evals.bench_processes import ROOT, Running, free_port, run_command
from evals.crash_business import PROJECT
from evals.load_client import Door, Line, Measured, new_name, press
from evals.postgres_server import database, postgres_server
from evals.share import share_out, workers_of

MESSAGES: Final = ["I want to order an item", "cancel that", "hold a table please", "cancel that"]
AT_ONCE: Final = (1, 32, 256)
_IDLE_MS: Final = 50.0
"""CPU in a second of a service that has nothing to do."""
_SECONDS_TO_SETTLE: Final = 60


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A way to serve the graph."""

    name: str
    open: Callable[[], AbstractContextManager[tuple[Door, Running]]]
    most: int = 256
    """Sessions at once that it is asked to bear."""
    workers: int | None = None
    """Of Switchboard; None for all else."""


@dataclass(frozen=True)
class Place:
    """Where everything of a run stands."""

    scratch: Path

    def environment(self, data: str, url: str | None = None) -> dict[str, str]:
        """A data folder of its own, the small project, and no API: nothing is acted on."""
        known = {
            "SWITCHBOARD_PROJECTS": str(self.scratch / "projects"),
            "SWITCHBOARD_DATA": str(self.scratch / data),
            "COUNTING_API": "http://127.0.0.1:9",
        }
        return known | ({"SWITCHBOARD_DATABASE": url} if url else {})

    def lay(self) -> None:
        """Write the project."""
        folder = self.scratch / "projects" / "counting"
        folder.mkdir(parents=True)
        (folder / "project.yaml").write_text(PROJECT, encoding="utf-8")

    def warm(self, data: str) -> None:
        """What the first contender has learnt the others need not learn again."""
        first = self.scratch / "first"
        if first.exists() and not (self.scratch / data).exists():
            (self.scratch / data).mkdir()
            for name in ("training", "vectors.db"):
                source = first / name
                if source.is_dir():
                    shutil.copytree(source, self.scratch / data / name)
                elif source.exists():
                    shutil.copyfile(source, self.scratch / data / name)


async def _chat(line: Line, session: str, message: str) -> JsonValue:
    return await line.post("/chat", {"message": message, "session_id": session})


@contextmanager
def switchboard(place: Place, data: str, workers: int, url: str | None = None) -> Iterator[tuple[Door, Running]]:
    """`switchboard serve`."""
    port = free_port()
    place.warm(data)
    command = [sys.executable, "-m", "cli", "serve", "--port", str(port), "--workers", str(workers)]
    with run_command(command, place.environment(data, url), port, place.scratch, ready="/readyz") as running:
        yield Door(url=running.url, begin=new_name, say=_chat), running


@contextmanager
def bare(place: Place, data: str) -> Iterator[tuple[Door, Running]]:
    """A FastAPI route around `graph.ainvoke`."""
    port = free_port()
    place.warm(data)
    command = [sys.executable, "-m", "uvicorn", "--factory", "evals.load_bare:app", "--port", str(port)]
    command += ["--log-level", "warning"]
    with run_command(command, place.environment(data), port, place.scratch, ready="/readyz") as running:
        yield Door(url=running.url, begin=new_name, say=_chat), running


@contextmanager
def langgraph_dev(place: Place, data: str) -> Iterator[tuple[Door, Running]]:
    """LangGraph's own development server, over the drawing that `langgraph.json` names."""
    port = free_port()
    place.warm(data)
    folder = _linked(place.scratch / "studio")
    command = [str(Path(sys.executable).with_name("langgraph")), "dev", "--no-browser", "--no-reload"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    environment = place.environment(data) | {"LANGSMITH_TRACING": "false", "LANGGRAPH_CLI_NO_ANALYTICS": "1"}
    with run_command(command, environment, port, folder, ready="/ok") as running:
        yield Door(url=running.url, begin=_begin_thread, say=_run_thread), running


@contextmanager
def aegra(place: Place, data: str, python: Path, server: str) -> Iterator[tuple[Door, Running]]:
    """Aegra, the open server of LangGraph's protocol, over the same drawing, in an environment of its own."""
    port = free_port()
    place.warm(data)
    folder = _linked(place.scratch / "aegra")
    command = [str(python), "-m", "uvicorn", "aegra_api.main:app", "--port", str(port), "--log-level", "warning"]
    with database(server, "aegra") as url:
        environment = place.environment(data) | {"DATABASE_URL": url, "LOG_LEVEL": "WARNING", "AUTH_TYPE": "noop"}
        with run_command(command, environment, port, folder, ready="/health") as running:
            yield Door(url=running.url, begin=_begin_thread, say=_run_thread), running


def _linked(folder: Path) -> Path:
    """A folder with the code in it and no settings of this machine."""
    folder.mkdir()
    for path in ROOT.iterdir():
        if not path.name.startswith(".") and path.name != "data":
            (folder / path.name).symlink_to(path)
    return folder


async def _begin_thread(line: Line) -> str:
    made = cast(dict[str, str], await line.post("/threads", {}))
    return made["thread_id"]


async def _run_thread(line: Line, session: str, message: str) -> JsonValue:
    body: JsonValue = {"assistant_id": "switchboard", "input": {"message": message}, "durability": "exit"}
    return await line.post(f"/threads/{session}/runs/wait", body)


def contenders(place: Place, server: str, postgres: str, aegra_python: Path | None) -> list[Contender]:
    """All of them."""
    others = []
    if aegra_python:
        python = aegra_python.absolute()
        others = [Contender(name="Aegra, PostgreSQL", open=lambda: aegra(place, "seven", python, server), most=32)]
    return [
        Contender(name="switchboard, SQLite, 1 worker", workers=1, open=lambda: switchboard(place, "first", 1)),
        Contender(name="switchboard, SQLite, 2 workers", workers=2, open=lambda: switchboard(place, "two", 2)),
        Contender(
            name="switchboard, PostgreSQL, 1 worker", workers=1, open=lambda: switchboard(place, "three", 1, postgres)
        ),
        Contender(
            name="switchboard, PostgreSQL, 2 workers", workers=2, open=lambda: switchboard(place, "four", 2, postgres)
        ),
        Contender(name="FastAPI + graph.ainvoke, SQLite", open=lambda: bare(place, "five")),
        Contender(name="langgraph dev", open=lambda: langgraph_dev(place, "six"), most=32),
        *others,
    ]


def cpu_ms(running: Running) -> float:
    """CPU milliseconds of a service, its workers included."""
    total = 0.0
    for process in [running.process, *running.process.children(recursive=True)]:
        spent = process.cpu_times()
        total += float(spent.user + spent.system) * 1000
    return total


def settle(running: Running) -> None:
    """Wait until it has loaded and learnt all, each of its workers for itself: a service is ready when one is."""
    before = cpu_ms(running)
    for _ in range(_SECONDS_TO_SETTLE):
        time.sleep(1)
        now = cpu_ms(running)
        if now - before < _IDLE_MS:
            return
        before = now


app = typer.Typer(add_completion=False)


@app.command()
def main(
    *,
    seconds: Annotated[float, typer.Option(help="The longest that one figure may take.")] = 20.0,
    turns: Annotated[int, typer.Option(help="Turns a figure.")] = 2000,
    only: Annotated[list[str] | None, typer.Option(help="Contenders whose names have these words.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file too.")] = None,
    aegra_python: Annotated[
        Path | None, typer.Option("--aegra", help="A Python 3.12 with aegra-api and what this project needs.")
    ] = None,
    share: Annotated[
        float | None, typer.Option(help="So much of a processor for each worker of Switchboard, and no more.")
    ] = None,
) -> None:
    """Print turns a second and latencies."""
    console = Console(width=118)
    table = Table("", "at once", "turns/s", "p50 ms", "p99 ms", "CPU ms a turn", "to langgraph dev")
    found: dict[str, dict[str, float]] = {}
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="switchboard-load-")))
        place = Place(scratch)
        place.lay()
        server = stack.enter_context(postgres_server(scratch / "postgres"))
        url = stack.enter_context(database(server, "load"))
        for contender in contenders(place, server, url, aegra_python):
            if only and not any(words in contender.name for words in only):
                continue
            with console.status(contender.name), ExitStack() as opened:
                door, running = opened.enter_context(contender.open())
                settle(running)
                if share and contender.workers:
                    opened.enter_context(share_out(workers_of(running.process, contender.workers), share))
                for at_once in (number for number in AT_ONCE if number <= contender.most):
                    asyncio.run(press(door, MESSAGES, at_once=min(at_once, 8), turns=32, seconds=seconds))
                    before = cpu_ms(running)
                    measured = asyncio.run(press(door, MESSAGES, at_once=at_once, turns=turns, seconds=seconds))
                    figures = _figures(measured, cpu_ms(running) - before)
                    found[f"{contender.name}, {at_once} at once"] = figures
                    console.print(f"{contender.name}, {at_once} at once: {figures}", highlight=False)
    for name, figures in found.items():
        way, _, number = name.removesuffix(" at once").rpartition(", ")
        base = found.get(f"langgraph dev, {number} at once")
        ratio = f"{figures['turns_per_second'] / base['turns_per_second']:.1f}×" if base else ""
        values = (figures["turns_per_second"], figures["p50_ms"], figures["p99_ms"], figures["cpu_ms_a_turn"])
        table.add_row(way, number, *(f"{value:.1f}" for value in values), ratio)
    console.print(f"{psutil.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}", highlight=False)
    console.print(table)
    if json_file is not None:
        json_file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _figures(measured: Measured, cpu: float) -> dict[str, float]:
    return {
        "turns": len(measured.wall_ms),
        "turns_per_second": round(measured.rate, 1),
        "p50_ms": round(percentile(measured.wall_ms, 50), 1),
        "p99_ms": round(percentile(measured.wall_ms, 99), 1),
        "cpu_ms_a_turn": round(cpu / len(measured.wall_ms), 2),
    }


if __name__ == "__main__":
    app()
