"""Where the event loop's own CPU goes in a turn: by package and by function, embeddings and storage threads aside."""

import cProfile
import pstats
import time
from collections import defaultdict
from pathlib import Path
from typing import Final
from uuid import uuid4

from evals.bench_conversations import Mix, load_mix
from evals.bench_figures import Report
from evals.bench_ground import Ground, open_ground, run_turn
from evals.bench_processes import ROOT, run_business

ROUNDS: Final = 3
SHOWN: Final = 25

Row = tuple[tuple[str, int, str], float, float, int]
"""A function, its own seconds, its seconds with all it calls, and how often it was called."""


async def measure_profile(folder: Path, *, quick: bool = False) -> list[Report]:
    """Profile `turns.run`; the profiler slows small functions down, so read the shares rather than the figures."""
    mix, profiler, turns = load_mix(), cProfile.Profile(time.thread_time), 0
    with run_business(folder.parent) as business:
        async with open_ground(folder, business.url) as ground:
            await play(mix, ground, variant=0)
            for variant in range(1, 2 if quick else 1 + ROUNDS):
                profiler.enable()
                turns += await play(mix, ground, variant=variant)
                profiler.disable()
    rows = read(pstats.Stats(profiler))
    return [by_package(rows, turns), by_function(rows, turns, own=True), by_function(rows, turns, own=False)]


async def play(mix: Mix, ground: Ground, *, variant: int) -> int:
    """Every conversation once; how many turns they had."""
    for conversation in mix.conversations:
        session = uuid4().hex
        for message in mix.worded(conversation, variant):
            await run_turn(ground, conversation, message, session)
    return mix.turns


def read(stats: pstats.Stats) -> list[Row]:
    """What the profiler counted; waiting for the event loop's sockets is no work."""
    raw = stats.stats  # type: ignore[attr-defined]  # pstats offers no other way to its figures
    rows = [(place, own, total, count) for place, (_, count, own, total, _) in raw.items()]
    return [row for row in rows if "poll" not in row[0][2] and "run_forever" not in row[0][2]]


def package(file: str) -> str:
    """Whose code a file is: a package of ours, a library, or Python itself."""
    if file.startswith(("~", "<")):
        return "built-in functions"
    path = Path(file)
    if "site-packages" in path.parts:
        return path.parts[path.parts.index("site-packages") + 1]
    if path.is_relative_to(ROOT):
        return f"ours: {path.relative_to(ROOT).parts[0]}"
    return f"python: {path.parent.name if path.name == '__init__.py' else path.stem}"


def by_package(rows: list[Row], turns: int) -> Report:
    """Time in a package's own code."""
    spent: defaultdict[str, float] = defaultdict(float)
    for place, own, _, _ in rows:
        spent[package(place[0])] += own * 1e6
    total = sum(spent.values())
    shown = sorted(spent.items(), key=lambda pair: -pair[1])[:SHOWN]
    return Report(
        title="Profile of turns.run, event loop only: by package",
        columns=("", "µs a turn", "share"),
        rows=[(name, f"{us / turns:.0f}", f"{us / total:.0%}") for name, us in shown],
        figures={name: round(us / turns, 1) for name, us in shown},
        remarks=[f"{turns} turns, {total / turns / 1000:.1f} ms each under the profiler, which counts what it slows."],
    )


def by_function(rows: list[Row], turns: int, *, own: bool) -> Report:
    """The functions that take longest: by themselves, or ours and their libraries' doors with all they call."""
    chosen = [row for row in rows if own or package(row[0][0]).startswith(("ours", "langgraph", "langchain"))]
    chosen.sort(key=lambda row: row[1] if own else row[2], reverse=True)
    found = [(f"{package(p[0])} {Path(p[0]).stem}.{p[2]}", (s if own else t) * 1e6, c) for p, s, t, c in chosen[:SHOWN]]
    return Report(
        title="By function" if own else "By function, with all it calls",
        columns=("", "µs a turn", "calls a turn"),
        rows=[(name, f"{us / turns:.0f}", f"{count / turns:.1f}") for name, us, count in found],
        figures={name: round(us / turns, 1) for name, us, _ in found},
    )
