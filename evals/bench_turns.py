"""Turns through POST /chat of a real service process: alone, and with many sessions at once; memory and disk."""

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx2
from pydantic import JsonValue

from evals.bench_conversations import Conversation, Mix, load_mix
from evals.bench_figures import Report, Sample, percentile, ratio, times
from evals.bench_processes import BenchError, Running, run_business, run_service

AT_ONCE: Final = 32
TABLES: Final = {"checkpoints": "checkpoints", "checkpoint writes": "writes", "turn log": "turns"}


@dataclass
class Load:
    """What some turns came to."""

    sample: Sample = field(default_factory=Sample)
    seconds: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)


async def say(
    client: httpx2.AsyncClient, conversation: Conversation, message: str, *, session: str, first: bool
) -> tuple[float, dict[str, JsonValue]]:
    """One turn and its milliseconds; a turn that is not answered ends the benchmark."""
    body: dict[str, JsonValue] = {"message": message, "session_id": session, "project": conversation.project}
    if first:
        body["locale"] = conversation.locale
    begun = time.perf_counter()
    response = await client.post("/chat", json=body)
    spent = (time.perf_counter() - begun) * 1000
    if response.status_code != httpx2.codes.OK:
        raise BenchError(f"POST /chat answered {response.status_code}: {response.text[:300]}")
    return spent, response.json()


async def play(mix: Mix, running: Running, *, turns: int, at_once: int, first: int) -> Load:
    """Whole conversations until about `turns` turns are done, `at_once` sessions at any time."""
    load = Load()
    waiting = enough(mix, turns=turns, first=first)
    limits = httpx2.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    async with httpx2.AsyncClient(base_url=running.url, timeout=120, trust_env=False, limits=limits) as client:

        async def customers() -> None:
            for conversation, variant in waiting:
                await _converse(mix, client, load, conversation, variant)

        cpu, begun = running.cpu_ms(), time.perf_counter()
        await asyncio.gather(*(customers() for _ in range(at_once)))
        load.seconds = time.perf_counter() - begun
        load.sample.cpu_ms = running.cpu_ms() - cpu
    return load


def enough(mix: Mix, *, turns: int, first: int) -> Iterator[tuple[Conversation, int]]:
    """So many conversations that their turns reach `turns`."""
    for conversation, variant in mix.sessions(first):
        if turns <= 0:
            return
        turns -= len(conversation.turns)
        yield conversation, variant


async def _converse(mix: Mix, client: httpx2.AsyncClient, load: Load, conversation: Conversation, variant: int) -> None:
    session = f"bench-{uuid4().hex}"
    for number, message in enumerate(mix.worded(conversation, variant)):
        spent, answer = await say(client, conversation, message, session=session, first=number == 0)
        load.sample.wall_ms.append(spent)
        load.outcomes[str(answer["outcome"])] += 1
        load.said[message] += 1


async def measure_turns(folder: Path, *, quick: bool = False) -> list[Report]:
    """Both loads against one process, what it held in memory, and what it wrote."""
    mix = load_mix()
    alone_turns, many_turns = (20, 64) if quick else (200, 640)
    before = disk_bytes(folder)
    with run_business(folder.parent) as business, run_service(folder, business=business.url) as running:
        started = running.resident_mb()
        # Connections, tokens of the businesses and lazily read files are not what a turn costs.
        warm = await play(mix, running, turns=mix.turns, at_once=1, first=0)
        alone = await play(mix, running, turns=alone_turns, at_once=1, first=1)
        many = await play(mix, running, turns=many_turns, at_once=AT_ONCE, first=10)
        loaded = running.resident_mb()
    turns = warm.sample.turns + alone.sample.turns + many.sample.turns
    written = (disk_bytes(folder) - before) / turns
    return [_speed(alone, many), _space(folder, started, loaded, written, turns)]


def _speed(alone: Load, many: Load) -> Report:
    named = {"alone": alone, f"{AT_ONCE} sessions at once": many}
    base = alone.sample
    rows = []
    for name, load in named.items():
        sample = load.sample
        p50, p99 = percentile(sample.wall_ms, 50), percentile(sample.wall_ms, 99)
        rate, cpu = sample.turns / load.seconds, sample.cpu_per_turn
        row = (name, str(sample.turns), f"{p50:.1f}", f"{p99:.1f}", f"{cpu:.1f}", f"{rate:.0f}")
        rows.append((*row, times(ratio(p50, percentile(base.wall_ms, 50))), times(ratio(cpu, base.cpu_per_turn))))
    figures: dict[str, JsonValue] = {
        name: {
            **load.sample.figures(),
            "turns_per_second": round(load.sample.turns / load.seconds, 1),
            "outcomes": dict(sorted(load.outcomes.items())),
        }
        for name, load in named.items()
    }
    outcomes = ", ".join(f"{name} {count}" for name, count in (alone.outcomes + many.outcomes).most_common())
    new = sum(1 for count in (alone.said + many.said).values() if count)
    remarks = [
        f"Outcomes: {outcomes}.",
        "Failed: the demo businesses refuse what was done before, such as a second return.",
        f"{new} of {alone.sample.turns + many.sample.turns} messages differ; the rest repeat (yes, numbers).",
        "The client runs on the same machine; CPU is the service's process alone.",
    ]
    return Report(
        title="Turns through POST /chat, embedded engine, SQLite",
        columns=("", "turns", "p50 ms", "p99 ms", "CPU ms a turn", "turns/s", "p50 to alone", "CPU to alone"),
        rows=rows,
        figures=figures,
        remarks=remarks,
    )


def _space(folder: Path, started: float, loaded: float, written: float, turns: int) -> Report:
    rows = [
        ("resident MB, ready", f"{started:.0f}"),
        (f"resident MB, after {turns} turns", f"{loaded:.0f}"),
        ("database bytes a turn", f"{written:,.0f}"),
    ]
    figures: dict[str, JsonValue] = {
        "resident_mb_ready": round(started, 1),
        "resident_mb_loaded": round(loaded, 1),
        "database_bytes_a_turn": round(written),
        "turns": turns,
    }
    for name, size in table_bytes(folder / "switchboard.db").items():
        rows.append((f"  of it, {name}, a row", f"{size:,.0f}"))
        figures[f"{name.replace(' ', '_')}_bytes_a_row"] = round(size)
    return Report(title="Memory and disk", columns=("", "figure"), rows=rows, figures=figures)


def disk_bytes(folder: Path) -> int:
    """What the databases that grow with turns take on disk, logs of unfinished writes included."""
    names = [f"{name}.db{part}" for name in ("switchboard", "ledger", "desk") for part in ("", "-wal")]
    return sum((folder / name).stat().st_size for name in names if (folder / name).exists())


def table_bytes(database: Path) -> dict[str, float]:
    """The average size of a row's values, by what the table is for."""
    found = {}
    with closing(sqlite3.connect(database)) as connection:
        for name, table in TABLES.items():
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            total = " + ".join(f"coalesce(length({column}), 0)" for column in columns)
            (size,) = connection.execute(f"SELECT avg({total}) FROM {table}").fetchone()  # noqa: S608 - our own names
            found[name] = float(size or 0.0)
    return found
