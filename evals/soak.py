"""Many turns on end: does anything grow? `python -m evals.soak --turns 20000`.

One service, many sessions at once, short conversations. After each quarter of
the turns the service's memory, files, threads and database are looked at. The last quarter may hold at most 5 % more
memory than the second; files and threads must not grow.
"""

import asyncio
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from evals.bench_processes import Running
from evals.bench_turns import disk_bytes
from evals.load import MESSAGES, Place, switchboard
from evals.load_client import Door, press
from evals.postgres_server import database, postgres_server

QUARTERS: Final = 4
MOST_GROWTH: Final = 1.05


@dataclass(frozen=True, kw_only=True)
class Look:
    """What the service holds."""

    turns: int
    resident_mb: float
    files: int
    threads: int
    database_bytes: int


def look(running: Running, turns: int, size: int) -> Look:
    """Look at a process."""
    process = running.process
    return Look(
        turns=turns,
        resident_mb=running.resident_mb(),
        files=process.num_fds(),
        threads=process.num_threads(),
        database_bytes=size,
    )


async def quarter(door: Door, turns: int, at_once: int) -> int:
    """A part of the turns; how many it came to."""
    measured = await press(door, MESSAGES, at_once=at_once, turns=turns, seconds=36_000)
    # Connections end with their sessions: what is looked at afterwards is what stays.
    await asyncio.sleep(2)
    return len(measured.wall_ms)


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
) -> None:
    """Print what the service held after each quarter; fails where it grew."""
    console = Console(width=118)
    table = Table("after turns", "resident MB", "open files", "threads", "database bytes a turn")
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="switchboard-soak-")))
        place = Place(scratch)
        place.lay()
        url = None
        if postgres:
            url = stack.enter_context(database(stack.enter_context(postgres_server(scratch / "postgres")), "soak"))
        door, running = stack.enter_context(switchboard(place, "first", 1, url))
        done = asyncio.run(quarter(door, 200, at_once))
        looks = [look(running, 0, _size(scratch, url))]
        for _ in range(QUARTERS):
            done = asyncio.run(quarter(door, turns // QUARTERS, at_once))
            looks.append(look(running, looks[-1].turns + done, _size(scratch, url)))
            before, after = looks[-2:]
            written = (after.database_bytes - before.database_bytes) / done
            table.add_row(
                str(after.turns), f"{after.resident_mb:.0f}", str(after.files), str(after.threads), f"{written:,.0f}"
            )
    console.print(table)
    second, last = looks[2], looks[-1]
    growth = last.resident_mb / second.resident_mb
    console.print(f"memory of the last quarter to the second: {growth:.3f}", highlight=False)
    if growth > MOST_GROWTH or last.files > second.files + 2 or last.threads > second.threads + 2:
        raise typer.Exit(1)


def _size(scratch: Path, url: str | None) -> int:
    return disk_bytes(scratch / "first") if url is None else postgres_bytes(url)


if __name__ == "__main__":
    app()
