"""Runs turns: each in a task of its own, one at a time per thread, once per message.

A caller only reads the turn's queue, so one that hangs up loses nothing. A turn that finished is in the checkpoint and
in the log; the same message id is answered from there.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, cast
from uuid import uuid4

import structlog
from langchain_core.messages import AnyMessage, HumanMessage
from pydantic import JsonValue

from config.clock import Clock
from config.errors import ProjectNotFoundError, VersionNotFoundError
from config.versions import Version, Versions
from dialogue.context import TurnContext
from dialogue.history import fingerprint
from dialogue.state import TurnInput, TurnOutput
from dialogue.takeovers import Takeovers
from graph.admission import Admission
from graph.build import ConversationGraph
from graph.calls import Delta, Failed, Final, TurnCall, TurnEvent, TurnRefusedError
from graph.sessions import Deeds, Records, Sessions, config_of
from graph.threads import thread_id
from graph.turn_log import LoggedTurn, SessionRow, TurnLog
from models.budget import TokenBudget
from tools.errors import LedgerUnavailableError

log = structlog.get_logger(__name__)

GRACE_SECONDS = 5.0
"""What a turn may take beyond its deadline before it is stopped."""

REMEMBERED = 10_000
"""Threads of which this process knows that nothing is missing in the log."""

Emit = Callable[[Delta], None]

Count = Callable[[], Awaitable[Mapping[str, int]]]
"""Says how many there are of something, by state."""

Probe = Callable[[], Awaitable[str | None]]
"""Says what is wrong with a dependency; None where nothing is."""

Look = Callable[[], Awaitable[None]]
"""Takes up versions that were published a moment ago."""


@dataclass
class Figures:
    """What this process has done (A8)."""

    turns: int = 0
    failed: int = 0
    tokens: int = 0
    started: float = field(default_factory=perf_counter)
    active: set[str] = field(default_factory=set)


class Turns(Sessions):
    """One turn after another on every thread."""

    def __init__(
        self,
        *,
        graph: ConversationGraph,
        turn_log: TurnLog,
        records: Sequence[Records],
        versions: Versions,
        budget: TokenBudget,
        clock: Clock,
        probes: Mapping[str, Probe],
        deeds: Deeds | None = None,
        takeovers: Takeovers | None = None,
        admission: Admission | None = None,
        look: Look | None = None,
        counts: Mapping[str, Count] | None = None,
    ) -> None:
        super().__init__(graph=graph, turn_log=turn_log, records=records, clock=clock, deeds=deeds, takeovers=takeovers)
        self._admission = admission or Admission()
        self._counts = counts or {}
        self._probes = probes
        self._versions = versions
        self._look = look
        self._budget = budget
        self.figures = Figures()
        self._tasks: set[asyncio.Task[TurnEvent]] = set()
        self._logged: dict[str, None] = {}
        """Threads whose last turn this process has entered into the log, oldest first; nobody else runs them."""
        self._languages: dict[str, str] = {}
        """What was last spoken on each of them: an apology for a log that cannot be read needs it too."""
        self._draining = False

    async def run(self, call: TurnCall) -> Final | Failed:
        """One turn, waited for; raises TurnRefusedError where it was not begun."""
        end = await asyncio.shield(self._begin(call, None))
        if isinstance(end, Delta):
            raise TypeError("a turn ended with a piece of its reply")
        return end

    async def stream(self, call: TurnCall) -> AsyncIterator[TurnEvent]:
        """One turn in pieces and exactly one end; raises TurnRefusedError before the first event."""
        queue: asyncio.Queue[TurnEvent | None] = asyncio.Queue()
        task = self._begin(call, queue.put_nowait)
        task.add_done_callback(lambda _: queue.put_nowait(None))
        while (event := await queue.get()) is not None:
            yield event
        yield await asyncio.shield(task)

    async def language(self, tenant: str, project: str, session_id: str) -> str | None:
        """The session's language as far as it can be told now; None for a new session or a log that fails."""
        thread = thread_id(tenant, project, session_id)
        if thread in self._languages:
            return self._languages[thread]
        try:
            row = await self._log.session(thread)
        except LedgerUnavailableError:
            return None
        return row.locale if row else None

    async def erase(self, tenant: str, project: str, session_id: str) -> bool:
        """Forget all of the session; False where there is none."""
        known = await super().erase(tenant, project, session_id)
        self._languages.pop(thread_id(tenant, project, session_id), None)
        return known

    def statistics(self) -> dict[str, JsonValue]:
        """Sessions and turns of this process (A8)."""
        figures = self.figures
        return {
            "uptime_seconds": round(perf_counter() - figures.started, 1),
            "active_turns": len(figures.active),
            "active_sessions": self._locks.active,
            "waiting_turns": self._admission.waiting,
            "turns": figures.turns,
            "failed_turns": figures.failed,
            "tokens": figures.tokens,
        }

    async def backlog(self) -> dict[str, dict[str, int]]:
        """How many turns are under way, and what else is counted, by state; raises LedgerUnavailableError."""
        running = {"running": len(self.figures.active), "waiting": self._admission.waiting}
        return {"turns": running, **{name: dict(await count()) for name, count in self._counts.items()}}

    async def ready(self) -> dict[str, str]:
        """Every dependency with `ok` or what is wrong with it."""
        found = {"projects": "ok" if self._versions.all() else "no valid project"}
        for name, probe in self._probes.items():
            found[name] = await probe() or "ok"
        return found

    async def drain(self, seconds: float) -> None:
        """Begin no more turns and let the running ones end, `seconds` at most."""
        self._draining = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    def _begin(self, call: TurnCall, emit: Emit | None) -> "asyncio.Task[TurnEvent]":
        if self._draining:
            raise TurnRefusedError("busy", "The service is shutting down.", status=503, retry_after=5)
        task = asyncio.create_task(self._admitted(call, emit))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _admitted(self, call: TurnCall, emit: Emit | None) -> TurnEvent:
        """The turn, if it may begin; one that may not is told so in the session's language."""
        version = self._version_for(call)
        try:
            await self._admission.admit(version.project)
            return await self._turn(call, version, emit)
        except TurnRefusedError as error:
            if error.kind in ("rate_limit", "busy"):
                error.reply = version.text(error.kind, await self._spoken(version, call))
            raise

    async def _turn(self, call: TurnCall, version: Version, emit: Emit | None) -> TurnEvent:
        thread = thread_id(call.tenant, version.project.name, call.session_id)
        begun = perf_counter()
        async with self._locks.hold(thread, wait=version.project.session.busy != "reject"):
            known = await self._answered(version, thread, call)
            if known is not None:
                if emit and known.answer.get("reply"):
                    emit(Delta(str(known.answer["reply"])))
                return Final(known.answer)
            async with self._admission.room(call.tenant):
                waited = (perf_counter() - begun) * 1000
                return await self._guarded(call, version, thread, emit, waited)

    def _version_for(self, call: TurnCall) -> Version:
        try:
            return self._versions.current(call.tenant, call.project)
        except ProjectNotFoundError as error:
            raise TurnRefusedError("project_not_found", "There is no such project.", status=404) from error

    async def _answered(self, version: Version, thread: str, call: TurnCall) -> LoggedTurn | None:
        """The answer a message id already had."""
        sent = call.message_id if not call.message_id_made else None
        known = await self._log.find(thread, sent) if sent is not None else None
        if known is None and thread not in self._logged:
            last = await self._settled(version, thread, call)
            known = last if last is not None and last.message_id == call.message_id else None
        if known is not None and known.fingerprint != fingerprint({"role": "user", "content": call.message}):
            detail = "This message_id was used for another message."
            raise TurnRefusedError("validation", detail, status=409)
        return known

    async def _settled(self, version: Version, thread: str, call: TurnCall) -> LoggedTurn | None:
        """The thread's last turn, entered into the log where a crash came between the checkpoint and the log.

        It must be there before another turn takes its place in the checkpoint, or its message, sent once more, would be
        a new turn.
        """
        state = await self._graph.aget_state(config_of(thread))
        last = state.values.get("last_turn")
        if not last:
            return None
        said = _last_words(state.values.get("messages", []), last["fingerprint"])
        turn = LoggedTurn(
            message_id=last["message_id"], fingerprint=last["fingerprint"], message=said, answer=last["answer"]
        )
        if await self._log.find(thread, turn.message_id) is None:
            await self._record(call, version, thread, turn)
            await self._log.set_owner(thread, state.values.get("owner", "bot"))
        return turn

    async def _guarded(
        self, call: TurnCall, version: Version, thread: str, emit: Emit | None, waited: float
    ) -> TurnEvent:
        """The turn's edge: whatever breaks in it becomes a friendly end with an id, and the session survives."""
        self.figures.active.add(thread)
        try:
            async with asyncio.timeout(version.project.limits.turn_seconds + GRACE_SECONDS):
                answer = await self._run_graph(call, version, thread, emit, waited)
        except VersionNotFoundError as error:
            return await self._failed(version, call, "version_not_found", error)
        except TimeoutError as error:
            return await self._failed(version, call, "llm_timeout", error)
        except Exception as error:  # noqa: BLE001  # the one edge of a turn: it must end for its caller, whatever broke
            return await self._failed(version, call, "internal_error", error)
        finally:
            self.figures.active.discard(thread)
        self.figures.turns += 1
        return Final(answer)

    async def _failed(self, version: Version, call: TurnCall, kind: str, error: BaseException) -> Failed:
        self._logged.pop(thread_id(call.tenant, version.project.name, call.session_id), None)
        error_id = uuid4().hex
        self.figures.failed += 1
        log.error("turn failed", error_id=error_id, kind=kind, project=version.project.name, exc_info=error)
        return Failed(kind=kind, message=version.text(kind, await self._spoken(version, call)), error_id=error_id)

    async def _spoken(self, version: Version, call: TurnCall) -> str:
        """The language the turn would have been answered in, as far as is known without it."""
        project = version.project
        if call.locale in project.locales and call.locale:
            return call.locale
        known = await self.language(call.tenant, project.name, call.session_id)
        return known if known in project.locales and known else project.default_locale

    async def _run_graph(
        self, call: TurnCall, version: Version, thread: str, emit: Emit | None, waited: float
    ) -> dict[str, JsonValue]:
        begun = perf_counter()
        message_id = call.message_id or uuid4().hex
        context = await self._context(call, version)
        turn_input = TurnInput(
            message=call.message,
            message_id=message_id,
            asked_locale=call.locale,
            history=[dict(message) for message in call.history],
            metadata=dict(call.metadata),
            event=call.event,
        )
        answer = await self._invoke_known(turn_input, thread, context, emit)
        await self._count(call, version, answer)
        _complete_timings(answer, waited, begun)
        mark = fingerprint({"role": "user", "content": call.message})
        turn = LoggedTurn(message_id=message_id, fingerprint=mark, message=call.message, answer=answer)
        await self._record(call, version, thread, turn)
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

    async def _invoke_known(
        self, turn_input: TurnInput, thread: str, context: TurnContext, emit: Emit | None
    ) -> dict[str, JsonValue]:
        try:
            return await self._invoke(turn_input, thread, context, emit)
        except VersionNotFoundError:
            # Another worker may have published it a moment ago. Nothing was done: the version is asked for first.
            if self._look is None:
                raise
            await self._look()
            return await self._invoke(turn_input, thread, context, emit)

    async def _invoke(
        self, turn_input: TurnInput, thread: str, context: TurnContext, emit: Emit | None
    ) -> dict[str, JsonValue]:
        config = config_of(thread)
        if emit is None:
            output = await self._graph.ainvoke(turn_input, config, context=context, durability="exit")
            return dict(cast(TurnOutput, output)["last_turn"]["answer"])
        answer: dict[str, JsonValue] = {}
        stream = self._graph.astream(
            turn_input, config, context=context, stream_mode=["custom", "values"], durability="exit"
        )
        async for mode, chunk in stream:
            values = cast(dict[str, Any], chunk)
            if mode == "custom":
                emit(Delta(values["delta"]))
            elif values.get("last_turn"):
                answer = dict(values["last_turn"]["answer"])
        return answer

    async def _count(self, call: TurnCall, version: Version, answer: dict[str, JsonValue]) -> None:
        tokens = _tokens(answer)
        self.figures.tokens += tokens
        await self._budget.spend(call.tenant, version.project.name, tokens)

    async def _record(self, call: TurnCall, version: Version, thread: str, turn: LoggedTurn) -> None:
        now, answer = self._clock().isoformat(), turn.answer
        metadata = answer["metadata"]
        session = SessionRow(
            thread_id=thread,
            tenant=call.tenant,
            project=version.project.name,
            session_id=call.session_id,
            version=str(answer["version"]),
            channel=call.channel,
            locale=str(answer["locale"]),
            owner="person" if answer["outcome"] in ("transferred", "muted") else "bot",
            turns=_integer(metadata.get("turn")) if isinstance(metadata, dict) else 0,
            tokens=_tokens(answer),
            created_at=now,
            last_active=now,
        )
        await self._log.add(session, turn)
        self._logged[thread] = None
        self._languages[thread] = session.locale
        for held in (self._logged, self._languages):
            while len(held) > REMEMBERED:
                held.pop(next(iter(held)))


def _last_words(messages: Sequence[AnyMessage], mark: str) -> str:
    """What the customer said in the turn of that fingerprint; empty where an event made the turn."""
    said = (str(message.text) for message in reversed(messages) if isinstance(message, HumanMessage))
    newest = next(said, "")
    return newest if fingerprint({"role": "user", "content": newest}) == mark else ""


def _diagnostics(answer: dict[str, JsonValue]) -> dict[str, JsonValue]:
    metadata = answer.get("metadata")
    diagnostics = metadata.get("diagnostics") if isinstance(metadata, dict) else None
    return diagnostics if isinstance(diagnostics, dict) else {}


def _tokens(answer: dict[str, JsonValue]) -> int:
    llm = _diagnostics(answer).get("llm")
    if not isinstance(llm, dict):
        return 0
    return _integer(llm.get("input_tokens")) + _integer(llm.get("output_tokens"))


def _integer(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0


def _complete_timings(answer: dict[str, JsonValue], waited: float, begun: float) -> None:
    """Add what passed between the steps: waiting for the thread, and the graph with its checkpoint."""
    timing = _diagnostics(answer).get("timing_ms")
    if isinstance(timing, dict):
        steps = sum(ms for ms in timing.values() if isinstance(ms, int | float))
        timing["graph"] = round(max(0.0, (perf_counter() - begun) * 1000 - steps), 3)
        timing["queue"] = round(waited, 3)
