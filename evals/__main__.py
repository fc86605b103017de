"""The benchmarks: `make bench`, or `python -m evals --help`.

Each is a process or a few on loopback with a data folder of its own, bounded in turns, and ends by itself. Ratios are
taken within one run; absolute figures stand beside them and are those of the machine.
"""

import asyncio
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import psutil
import structlog
import typer
from rich.console import Console
from uvicorn.loops.auto import auto_loop_factory

from evals.bench_figures import Report


class Name(StrEnum):
    """A benchmark."""

    START = "start"
    TURNS = "turns"
    LAYERS = "layers"
    POLICY = "policy"
    PROFILE = "profile"


DEFAULT = (Name.START, Name.TURNS, Name.LAYERS, Name.POLICY)
"""What is run without `--only`; a profile is asked for by name."""

WIDTH = 118


def main(
    only: Annotated[list[Name] | None, typer.Option(help="Only this one; may be given again.")] = None,
    *,
    quick: Annotated[bool, typer.Option(help="Few turns: figures to look at, not to compare.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file too.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Keep the data folder here; a prepared one is not prepared again.")
    ] = None,
) -> None:
    """Measure the service with the embedded engine on SQLite and print what was found."""
    _quiet()
    chosen = tuple(only or DEFAULT)
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    load = psutil.getloadavg()[0]
    console.print(f"{psutil.cpu_count()} CPUs, load {load:.1f} before the first figure.", highlight=False)
    with tempfile.TemporaryDirectory(prefix="switchboard-bench-") as scratch:
        folder = (data or Path(scratch)).resolve() / "data"
        found = run(chosen, folder, console=console, quick=quick)
    if json_file is not None:
        json_file.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def run(chosen: tuple[Name, ...], folder: Path, *, console: Console, quick: bool) -> dict[str, object]:
    """Run the chosen benchmarks one after the other; the figures by the reports' titles."""
    found: dict[str, object] = {}
    begun = time.perf_counter()
    if Name.START in chosen or not (folder / "knowledge.db").exists():
        from evals.bench_start import measure_start

        with console.status("start: the first one learns and reads everything…"):
            _show(console, found, [measure_start(folder)])
    for name in (*DEFAULT[1:], Name.PROFILE):
        if name in chosen:
            with console.status(f"{name}…"):
                reports = _measured(_measure(name)(folder, quick))
            _show(console, found, reports)
    console.print(f"{time.perf_counter() - begun:.0f} s in all.", highlight=False)
    return found


def _measure(name: Name) -> Callable[[Path, bool], Coroutine[None, None, list[Report]]]:
    """The benchmark of that name; heavy libraries are imported by the one that needs them."""
    if name is Name.TURNS:
        from evals.bench_turns import measure_turns

        return lambda folder, quick: measure_turns(folder, quick=quick)
    if name is Name.LAYERS:
        from evals.bench_layers import measure_layers

        return lambda folder, quick: measure_layers(folder, quick=quick)
    if name is Name.POLICY:
        from evals.bench_policy import measure_policy

        return lambda folder, quick: measure_policy(folder, quick=quick)
    from evals.bench_profile import measure_profile

    return lambda folder, quick: measure_profile(folder, quick=quick)


def _measured(work: Coroutine[None, None, list[Report]]) -> list[Report]:
    # The loop that the service runs on.
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        return runner.run(work)


def _show(console: Console, found: dict[str, object], reports: list[Report]) -> None:
    for report in reports:
        console.print()
        console.print(report.table())
        found[report.title] = dict(report.figures)


def _quiet() -> None:
    """Warnings only, and nothing of this machine's tracing; before LangGraph is first imported."""
    from evals.bench_processes import clean_environment

    kept = clean_environment(os.environ)
    for name in set(os.environ) - set(kept):
        del os.environ[name]
    os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


if __name__ == "__main__":
    typer.run(main)
