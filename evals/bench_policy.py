"""The dialogue policy by itself: pure code over the states that real conversations come to."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast
from uuid import uuid4
from zoneinfo import ZoneInfo

from config.clock import utc_now
from config.versions import Version
from dialogue.commands import Command
from dialogue.policy import advance
from dialogue.scene import scene_of, update_of
from dialogue.state import DialogueState
from dialogue.tidy import tidy
from evals.bench_conversations import Conversation, Mix, load_mix
from evals.bench_figures import Report, mean, percentile
from evals.bench_ground import Ground, context_of, open_ground, turn_input
from evals.bench_processes import run_business
from graph.sessions import config_of

ROUNDS: Final = 40
Case = tuple[DialogueState, Version]


async def measure_policy(folder: Path, *, quick: bool = False) -> list[Report]:
    """Microseconds a turn, over every state in which the mix asks the policy what is next."""
    mix = load_mix()
    with run_business(folder.parent) as business:
        async with open_ground(folder, business.url) as ground:
            cases = await states(mix, ground)
    rounds = 2 if quick else ROUNDS
    steps = {"policy": decide, "clean-up of commands": clean}
    found = {name: [timed(step, case) for _ in range(rounds) for case in cases] for name, step in steps.items()}
    rows = [
        (name, f"{percentile(us, 50):.0f}", f"{percentile(us, 99):.0f}", f"{mean(us):.0f}")
        for name, us in found.items()
    ]
    return [
        Report(
            title="The dialogue policy alone",
            columns=("", "p50 µs", "p99 µs", "mean µs"),
            rows=rows,
            figures={
                name: {"p50_us": round(percentile(us, 50), 1), "p99_us": round(percentile(us, 99), 1)}
                for name, us in found.items()
            },
            remarks=[f"{len(cases)} states of real conversations, {rounds} times each, in processor time."],
        )
    ]


def decide(case: Case) -> object:
    """What `fill_slots` does: a scene, the policy over its commands, the update."""
    state, version = case
    now = _now(version)
    return update_of(advance(scene_of(state, version, now)))


def clean(case: Case) -> object:
    """What `detect_intent` does with the commands of an engine."""
    state, version = case
    commands = cast(tuple[Command, ...], tuple(state["pending"]))
    return tidy(commands, scene_of(state, version, _now(version)), state["request"]["message"])


def timed(step: Callable[[Case], object], case: Case) -> float:
    """Microseconds of the processor for one call; what else the machine does is not the policy's."""
    begun = time.thread_time()
    step(case)
    return (time.thread_time() - begun) * 1e6


async def states(mix: Mix, ground: Ground) -> list[Case]:
    """What the policy is given in every turn of every conversation."""
    found: list[Case] = []
    for conversation in mix.conversations:
        session = uuid4().hex
        for message in mix.worded(conversation, 0):
            found += await _turn(ground, conversation, message, session)
    return found


async def _turn(ground: Ground, conversation: Conversation, message: str, session: str) -> list[Case]:
    version = ground.versions[conversation.project]
    stream = ground.in_memory.astream(
        turn_input(conversation, message),
        config_of(session),
        context=context_of(version, session),
        stream_mode="tasks",
        durability="exit",
    )
    found: list[Case] = []
    async for event in stream:
        task = cast(dict[str, Any], event)
        if task["name"] == "fill_slots" and "input" in task:
            found.append((cast(DialogueState, task["input"]), version))
    return found


def _now(version: Version) -> datetime:
    return utc_now().astimezone(ZoneInfo(version.project.timezone))
