"""Many turns on end: does anything grow? `python -m evals.soak --turns 20000`.

One service, many sessions at once, short conversations. After each quarter of
the turns the service's memory, files, threads, tasks and database are looked at. The last quarter may hold at most 5 %
more memory than the second; files, threads and tasks must not grow. With `--one-session` all turns are one
conversation: it must not become slower either.
"""

import asyncio
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final

import httpx2
import typer
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.table import Table

from evals.bench_figures import percentile
from evals.bench_processes import Running
from evals.bench_turns import disk_bytes
from evals.load import MESSAGES, Place, switchboard
from evals.load_client import Door, Line, Measured, press
from evals.postgres_server import database, postgres_server

QUARTERS: Final = 4
MOST_GROWTH: Final = 1.05
MOST_SLOWER: Final = 1.5
"""Of the median turn, last quarter to second: other work of the machine moves it, too."""
MORE: Final = 2
"""Files, threads or tasks that may be there more by chance."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """What the service holds."""

    turns: int
    resident_mb: float
    files: int
    threads: int
    tasks: int
    database_bytes: int
    p50_ms: float = 0.0
    """Of the quarter before."""


def look(running: Running, turns: int, size: int) -> Look:
    """Look at a process."""
    process = running.process
    return Look(
        turns=turns,
        resident_mb=running.resident_mb(),
        files=process.num_fds(),
        threads=process.num_threads(),
        tasks=tasks_of(running.url),
        database_bytes=size,
    )


def tasks_of(url: str) -> int:
    """The tasks of a service's event loop, as it tells them."""
    told = httpx2.get(f"{url}/metrics", trust_env=False).text
    found = {sample.name: sample.value for family in text_string_to_metric_families(told) for sample in family.samples}
    return int(found["switchboard_tasks"])


async def one_session(_: Line) -> str:
    """The same again and again."""
    return "soak"


async def quarter(door: Door, turns: int, at_once: int) -> Measured:
    """A part of the turns."""
    measured = await press(door, MESSAGES, at_once=at_once, turns=turns, seconds=36_000)
    # Connections end with their sessions: what is looked at afterwards is what stays.
    await asyncio.sleep(2)
    return measured


def postgres_bytes(url: str) -> int:
    """The size of a database."""
    import psycopg

    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(found[0]) if found else 0


app = typer.Typer(add_completion=False)


@app.command()
def main(
    *,
    turns: Annotated[int, typer.Option(help="Turns in all.")] = 20_000,
    at_once: Annotated[int, typer.Option(help="Sessions at once.")] = 16,
    postgres: Annotated[bool, typer.Option("--postgres", help="Over a PostgreSQL server started for it.")] = False,
    single: Annotated[bool, typer.Option("--one-session", help="All turns in one conversation.")] = False,
) -> None:
    """Print what the service held after each quarter; fails where it grew."""
    console = Console(width=118)
    table = Table("after turns", "resident MB", "open files", "threads", "tasks", "p50 ms", "database bytes a turn")
    at_once = 1 if single else at_once
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="switchboard-soak-")))
        place = Place(scratch)
        place.lay()
        url = None
        if postgres:
            url = stack.enter_context(database(stack.enter_context(postgres_server(scratch / "postgres")), "soak"))
        door, running = stack.enter_context(switchboard(place, "first", 1, url))
        door = replace(door, begin=one_session) if single else door
        asyncio.run(quarter(door, 200, at_once))
        looks = [look(running, 0, _size(scratch, url))]
        for number in range(1, QUARTERS + 1):
            measured = asyncio.run(quarter(door, turns // QUARTERS, at_once))
            done = len(measured.wall_ms)
            found = look(running, looks[-1].turns + done, _size(scratch, url))
            looks.append(replace(found, p50_ms=percentile(measured.wall_ms, 50)))
            table.add_row(*_row(looks[-2], looks[-1]))
            console.print(f"quarter {number}: {looks[-1]}", highlight=False)
    console.print(table)
    if grew(looks[2], looks[-1], console) or (single and looks[-1].p50_ms > MOST_SLOWER * looks[2].p50_ms):
        raise typer.Exit(1)


def _row(before: Look, after: Look) -> list[str]:
    written = (after.database_bytes - before.database_bytes) / (after.turns - before.turns)
    counts = (
        str(number) for number in (after.turns, round(after.resident_mb), after.files, after.threads, after.tasks)
    )
    return [*counts, f"{after.p50_ms:.1f}", f"{written:,.0f}"]


def grew(second: Look, last: Look, console: Console) -> bool:
    """Whether the last quarter holds more than the second did."""
    growth = last.resident_mb / second.resident_mb
    console.print(f"memory of the last quarter to the second: {growth:.3f}", highlight=False)
    more = (last.files - second.files, last.threads - second.threads, last.tasks - second.tasks)
    return growth > MOST_GROWTH or max(more) > MORE


def _size(scratch: Path, url: str | None) -> int:
    return disk_bytes(scratch / "first") if url is None else postgres_bytes(url)


if __name__ == "__main__":
    app()
