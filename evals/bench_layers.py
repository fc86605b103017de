"""What each layer of a turn adds: engine calls, the graph, its checkpoints, the turn around it, HTTP.

The same conversations are played through every layer, one after the other in each round, so that whatever else the
machine does falls on all of them alike; every layer gets messages that it has not seen.
"""

import shutil
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx2
from pydantic import JsonValue

from evals.bench_conversations import Conversation, Mix, load_mix
from evals.bench_engine import Again, Recorder, recorded
from evals.bench_figures import Report, Sample, mean, percentile, ratio, times
from evals.bench_ground import Ground, invoke, listened, open_ground, run_turn
from evals.bench_processes import run_business, run_service
from evals.bench_turns import say
from graph.build import ConversationGraph
from understanding.embedded import readable
from understanding.splitting import parts_of

Say = Callable[[Conversation, int, str, str], Awaitable[None]]
"""One turn of a conversation: which of its turns, the message, the session."""

Clock = Callable[[], float]
"""CPU milliseconds spent so far."""

ENGINE: Final = "engine calls alone"
OPENING: Final = "graph without checkpoints"
ROUNDS: Final = 4


@dataclass
class Layer:
    """One way to have a turn, and what was measured of it."""

    name: str
    say: Say
    cpu: Clock
    only_first: bool = False
    """Without checkpoints there is no second turn."""
    sample: Sample = field(default_factory=Sample)
    opening: list[float] = field(default_factory=list)
    """Wall milliseconds of the conversations' first turns."""
    opening_cpu: float = 0.0

    def clear(self) -> None:
        """Forget the round that warmed it up."""
        self.sample, self.opening, self.opening_cpu = Sample(), [], 0.0


def own_cpu() -> float:
    """CPU milliseconds of this process, of all its threads."""
    return time.process_time() * 1000


async def measure_layers(folder: Path, *, quick: bool = False) -> list[Report]:
    """Play rounds through all layers."""
    mix = load_mix()
    served = folder.parent / "served"
    shutil.rmtree(served, ignore_errors=True)
    shutil.copytree(folder, served)
    async with AsyncExitStack() as stack:
        business = stack.enter_context(run_business(folder.parent))
        running = stack.enter_context(run_service(served, business=business.url))
        ground = await stack.enter_async_context(open_ground(folder, business.url))
        client = await stack.enter_async_context(httpx2.AsyncClient(base_url=running.url, timeout=60, trust_env=False))
        layers = await _layers(mix, ground, client, running.cpu_ms)
        for number in range(1 + (1 if quick else ROUNDS)):
            for layer in layers:
                await play_round(mix, layer, variant=number * len(layers) + layers.index(layer))
                if number == 0:
                    layer.clear()
    return [summary(layers), opening_summary(layers)]


async def _layers(mix: Mix, ground: Ground, client: httpx2.AsyncClient, served_cpu: Clock) -> list[Layer]:
    ways = Ways(mix, ground, client, await record(mix, ground))
    return [
        Layer("embedding alone", ways.embed, own_cpu),
        Layer(ENGINE, ways.engine, own_cpu),
        Layer(OPENING, ways.graph(ground.bare), own_cpu, only_first=True),
        Layer("graph, checkpoints in memory", ways.graph(ground.in_memory), own_cpu),
        Layer("graph, SQLite checkpoints", ways.graph(ground.on_disk), own_cpu),
        Layer("turns.run", ways.turn, own_cpu),
        Layer("POST /chat", ways.post, served_cpu),
    ]


class Ways:
    """The ways to have a turn, from the embedding of its message to a request over HTTP."""

    def __init__(
        self, mix: Mix, ground: Ground, client: httpx2.AsyncClient, plan: Sequence[Sequence[Sequence[Again]]]
    ) -> None:
        self._ground = ground
        self._client = client
        self._plan = {id(conversation): turns for conversation, turns in zip(mix.conversations, plan, strict=True)}

    async def embed(self, _: Conversation, __: int, message: str, ___: str) -> None:
        """The vectors that understanding a message takes."""
        text = readable(message)
        await self._ground.encoder.encode([text, *parts_of(text)], "query")

    async def engine(self, conversation: Conversation, number: int, message: str, _: str) -> None:
        """What the turn asked of the ports when it was recorded."""
        for again in self._plan[id(conversation)][number]:
            await again(message)

    def graph(self, graph: ConversationGraph) -> Say:
        """A run of a graph."""

        async def said(conversation: Conversation, _: int, message: str, session: str) -> None:
            await invoke(self._ground, graph, conversation, message, session)

        return said

    async def turn(self, conversation: Conversation, _: int, message: str, session: str) -> None:
        """A turn with its lock, its idempotency and its entry in the log."""
        await run_turn(self._ground, conversation, message, session)

    async def post(self, conversation: Conversation, number: int, message: str, session: str) -> None:
        """A request to the service."""
        await say(self._client, conversation, message, session=session, first=number == 0)


async def record(mix: Mix, ground: Ground) -> list[list[list[Again]]]:
    """The engine calls of every turn of every conversation."""
    recorder = Recorder(ground.parts)
    listening = listened(ground, recorded(recorder))
    plan: list[list[list[Again]]] = []
    for conversation in mix.conversations:
        session = uuid4().hex
        plan.append([])
        for message in mix.worded(conversation, 0):
            plan[-1].append(recorder.listen(message))
            await invoke(listening, listening.in_memory, conversation, message, session)
    return plan


async def play_round(mix: Mix, layer: Layer, *, variant: int) -> None:
    """Every conversation once through a layer."""
    for conversation in mix.conversations:
        session = uuid4().hex
        for number, message in enumerate(mix.worded(conversation, variant)):
            if number and layer.only_first:
                break
            cpu, begun = layer.cpu(), time.perf_counter()
            await layer.say(conversation, number, message, session)
            spent, used = (time.perf_counter() - begun) * 1000, layer.cpu() - cpu
            layer.sample.wall_ms.append(spent)
            layer.sample.cpu_ms += used
            if number == 0:
                layer.opening.append(spent)
                layer.opening_cpu += used


def summary(layers: Sequence[Layer]) -> Report:
    """All turns, layer by layer, against the engine calls alone; CPU beside embedding is what we spend ourselves."""
    shown = [layer for layer in layers if not layer.only_first]
    embedding, engine = shown[0].sample, next(layer.sample for layer in shown if layer.name == ENGINE)
    rows, figures = [], dict[str, JsonValue]()
    for layer in shown:
        sample = layer.sample
        p50, own = percentile(sample.wall_ms, 50), sample.cpu_per_turn - embedding.cpu_per_turn
        row = [layer.name, f"{p50:.2f}", f"{percentile(sample.wall_ms, 99):.2f}", f"{mean(sample.wall_ms):.2f}"]
        row += [f"{sample.cpu_per_turn:.2f}", f"{own:.2f}"]
        row += [times(ratio(mean(sample.wall_ms), mean(engine.wall_ms)))]
        rows.append([*row, times(ratio(sample.cpu_per_turn, engine.cpu_per_turn))])
        figures[layer.name] = {**sample.figures(), "cpu_beside_embedding_ms": round(own, 3)}
    return Report(
        title="What each layer of a turn adds",
        columns=("", "p50 ms", "p99 ms", "mean ms", "CPU ms", "beside embedding", "mean to engine", "CPU to engine"),
        rows=rows,
        figures=figures,
        remarks=[
            f"{shown[-1].sample.turns} turns each, one at a time. CPU of POST /chat is the service's process alone.",
            "Engine calls: understanding, search, answer and action, as each turn needs them.",
        ],
    )


def opening_summary(layers: Sequence[Layer]) -> Report:
    """The first turn of each conversation, which needs no checkpoint to be right."""
    wanted = [layer for layer in layers if layer.opening]
    engine = next(layer for layer in wanted if layer.name == ENGINE)
    rows, figures = [], dict[str, JsonValue]()
    for layer in wanted:
        average, cpu = mean(layer.opening), layer.opening_cpu / len(layer.opening)
        base = engine.opening_cpu / len(engine.opening)
        row = (layer.name, f"{percentile(layer.opening, 50):.2f}", f"{average:.2f}", f"{cpu:.2f}")
        rows.append((*row, times(ratio(average, mean(engine.opening))), times(ratio(cpu, base))))
        figures[layer.name] = {"mean_ms": round(average, 3), "cpu_ms": round(cpu, 3)}
    return Report(
        title="The same, first turns only",
        columns=("", "p50 ms", "mean ms", "CPU ms", "mean to engine", "CPU to engine"),
        rows=rows,
        figures=figures,
        remarks=[f"{len(engine.opening)} turns each."],
    )
