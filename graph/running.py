"""One run of the graph: a message in, its answer out, with a checkpoint behind it."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, cast

from langgraph.types import StreamMode
from pydantic import JsonValue

from config.tracing import span
from config.versions import Version
from dialogue.context import TurnContext
from dialogue.interruptions import Interruptions, Stoppable, TurnInterruptedError
from dialogue.state import TurnInput
from graph.build import ConversationGraph
from graph.calls import Delta, TurnCall
from graph.entries import complete_timings, tokens_of
from graph.live import LiveTurn
from graph.sessions import config_of
from models.budget import TokenBudget


@dataclass
class Figures:
    """What this process has done (A8)."""

    turns: int = 0
    failed: int = 0
    tokens: int = 0
    started: float = field(default_factory=perf_counter)
    active: set[str] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class Hearing:
    """Who hears a run, and since when it was waited for."""

    live: LiveTurn
    streamed: bool
    """Whether anybody wants pieces."""
    waited: float
    """Milliseconds until the thread was free."""


class Running:
    """Runs the graph for whoever has the thread to himself."""

    def __init__(
        self, graph: ConversationGraph, budget: TokenBudget, interruptions: Interruptions, figures: Figures
    ) -> None:
        self._graph = graph
        self._budget = budget
        self._interruptions = interruptions
        self._figures = figures

    async def answer(
        self, call: TurnCall, version: Version, thread: str, hearing: Hearing, *, turn: Stoppable | None = None
    ) -> dict[str, JsonValue]:
        """The answer; raises TurnInterruptedError where `turn` was stopped, which leaves no trace."""
        begun = perf_counter()
        project = version.project.name
        told = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": project, "gen_ai.conversation.id": thread}
        with span(f"invoke_agent {project}", {**told, "switchboard.version": version.name}) as opened:
            work = self._invoke(call, version, thread, hearing.live if hearing.streamed else None, turn)
            answer = await (work if turn is None else self._stopped_if_wanted(call, version, work, turn))
            opened.set_attribute("switchboard.outcome", str(answer.get("outcome")))
        await self._count(call, version, answer)
        complete_timings(answer, hearing.waited, begun)
        return answer

    async def _stopped_if_wanted(
        self, call: TurnCall, version: Version, work: Coroutine[Any, Any, dict[str, JsonValue]], turn: Stoppable
    ) -> dict[str, JsonValue]:
        task = asyncio.create_task(work)
        key = (call.tenant, version.project.name, call.session_id)
        with self._interruptions.under_way(key, turn), turn.stopping(task.cancel):
            try:
                return await task
            except asyncio.CancelledError:
                if not turn.stopped or _is_cancelled():
                    raise
                raise TurnInterruptedError from None

    async def _invoke(
        self, call: TurnCall, version: Version, thread: str, live: LiveTurn | None, turn: Stoppable | None
    ) -> dict[str, JsonValue]:
        turn_input = TurnInput(
            message=call.message,
            message_id=call.message_id or "",
            asked_locale=call.locale,
            history=[dict(message) for message in call.history],
            metadata=dict(call.metadata),
            event=call.event,
        )
        config, context = config_of(thread, turn), await self._context(call, version)
        modes: list[StreamMode] = ["values"] if live is None else ["custom", "values"]
        stream = self._graph.astream(turn_input, config, context=context, stream_mode=modes, durability="exit")
        answer: dict[str, JsonValue] = {}
        async for mode, chunk in stream:
            values = cast(dict[str, Any], chunk)
            if mode == "custom" and live is not None:
                live.say(Delta(values["delta"]))
            elif mode == "values" and values.get("last_turn"):
                answer = dict(values["last_turn"]["answer"])
        return answer

    async def _context(self, call: TurnCall, version: Version) -> TurnContext:
        limits = version.project.limits
        return TurnContext(
            project=version.project.name,
            tenant=call.tenant,
            session_id=call.session_id,
            channel=call.channel,
            deadline=asyncio.get_running_loop().time() + limits.turn_seconds,
            model_allowed=await self._budget.allows(call.tenant, version.project.name, limits.llm_tokens_per_day),
        )

    async def _count(self, call: TurnCall, version: Version, answer: dict[str, JsonValue]) -> None:
        tokens = tokens_of(answer)
        self._figures.tokens += tokens
        await self._budget.spend(call.tenant, version.project.name, tokens)


def _is_cancelled() -> bool:
    """Whether the caller itself is to end, and not only the run that was stopped."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
