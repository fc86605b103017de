"""Runs turns: each in a task of its own, one at a time per thread, once per message.

A caller only hears a turn, so one that hangs up loses nothing. A turn that finished is in the checkpoint and in the
log; the same message id is answered from there, by whichever worker it reaches.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from time import perf_counter
from uuid import uuid4

import structlog
from pydantic import JsonValue

from config.clock import Clock
from config.errors import ProjectNotFoundError, VersionNotFoundError
from config.versions import Version, Versions
from dialogue.departures import Departures
from dialogue.interruptions import Interruptions
from dialogue.takeovers import Takeovers
from graph.admission import Admission
from graph.build import ConversationGraph
from graph.calls import Delta, Failed, Final, TurnCall, TurnEvent, TurnRefusedError
from graph.entries import Entries, of_one
from graph.live import LiveTurn
from graph.mailbox import Mailbox
from graph.running import Figures, Hearing, Running
from graph.sessions import Deeds, Records, Sessions
from graph.storage import Scrub
from graph.threads import thread_id
from graph.together import Together
from graph.turn_log import TurnLog
from models.budget import TokenBudget
from tools.errors import LedgerUnavailableError
from tools.turn_locks import TurnLocks

log = structlog.get_logger(__name__)

GRACE_SECONDS = 5.0
"""What a turn may take beyond its deadline before it is stopped."""

Count = Callable[[], Awaitable[Mapping[str, int]]]
"""Says how many there are of something, by state."""

Probe = Callable[[], Awaitable[str | None]]
"""Says what is wrong with a dependency; None where nothing is."""

Answer = dict[str, JsonValue]

Look = Callable[[], Awaitable[None]]
"""Takes up versions that were published a moment ago."""

Heard = tuple[str, str, str]
"""A thread, a message id and the message."""


class Turns(Sessions):
    """One turn after another on every thread."""

    def __init__(
        self,
        *,
        graph: ConversationGraph,
        turn_log: TurnLog,
        mailbox: Mailbox,
        records: Sequence[Records],
        versions: Versions,
        budget: TokenBudget,
        clock: Clock,
        probes: Mapping[str, Probe],
        deeds: Deeds | None = None,
        takeovers: Takeovers | None = None,
        interruptions: Interruptions | None = None,
        departures: Departures | None = None,
        locks: TurnLocks | None = None,
        admission: Admission | None = None,
        look: Look | None = None,
        counts: Mapping[str, Count] | None = None,
        scrub: Scrub | None = None,
    ) -> None:
        super().__init__(
            graph=graph,
            turn_log=turn_log,
            records=records,
            clock=clock,
            deeds=deeds,
            takeovers=takeovers,
            locks=locks,
            scrub=scrub,
        )
        self._admission = admission or Admission()
        self._counts = counts or {}
        self._probes = probes
        self._versions = versions
        self._look = look
        self.figures = Figures()
        self._entries = Entries(graph, turn_log, mailbox, clock)
        self._departures = departures or Departures()
        self._running = Running(graph, budget, interruptions or Interruptions(), self.figures)
        self._together = Together(mailbox, self._running)
        self._tasks: set[asyncio.Task[TurnEvent]] = set()
        self._live: dict[Heard, LiveTurn] = {}
        """Turns under way that their callers have named: one who comes back hears the rest."""
        self._draining = False

    async def run(self, call: TurnCall) -> Final | Failed:
        """One turn, waited for; raises TurnRefusedError where it was not begun."""
        end = await self._begin(call, streamed=False).end(call.left)
        if isinstance(end, Delta):
            raise TypeError("a turn ended with a piece of its reply")
        return end

    async def stream(self, call: TurnCall) -> AsyncIterator[TurnEvent]:
        """One turn in pieces and exactly one end; raises TurnRefusedError before the first event."""
        async for event in self._begin(call, streamed=True).events(call.heard):
            yield event

    async def language(self, tenant: str, project: str, session_id: str) -> str | None:
        """The session's language as far as it can be told now; None for a new session or a log that fails."""
        thread = thread_id(tenant, project, session_id)
        if thread in self._entries.languages:
            return self._entries.languages[thread]
        try:
            row = await self._log.session(thread)
        except LedgerUnavailableError:
            return None
        return row.locale if row else None

    async def erase(self, tenant: str, project: str, session_id: str) -> bool:
        """Forget all of the session; False where there is none."""
        known = await super().erase(tenant, project, session_id)
        self._entries.languages.pop(thread_id(tenant, project, session_id), None)
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

    def _begin(self, call: TurnCall, *, streamed: bool) -> LiveTurn:
        heard = (thread_id(call.tenant, call.project, call.session_id), call.message_id or "", call.message)
        if heard in self._live:
            return self._live[heard]
        if self._draining:
            raise TurnRefusedError("busy", "The service is shutting down.", status=503, retry_after=5)
        live = LiveTurn()
        task = asyncio.create_task(self._admitted(call, live, streamed=streamed))
        live.run(task)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if call.message_id and not call.message_id_made:
            self._live[heard] = live
            task.add_done_callback(lambda _: self._live.pop(heard, None))
        return live

    async def _admitted(self, call: TurnCall, live: LiveTurn, *, streamed: bool) -> TurnEvent:
        """The turn, if it may begin; one that may not is told so in the session's language."""
        version = self._version_for(call)
        try:
            await self._admission.admit(version.project)
            return await self._turn(call, version, live, streamed=streamed)
        except TurnRefusedError as error:
            if error.kind in ("rate_limit", "busy"):
                error.reply = version.text(error.kind, await self._spoken(version, call))
            raise

    async def _turn(self, call: TurnCall, version: Version, live: LiveTurn, *, streamed: bool) -> TurnEvent:
        thread = thread_id(call.tenant, version.project.name, call.session_id)
        begun = perf_counter()
        try:
            async with self._alone(call, version, thread) as read:
                known = await self._entries.answered(version, thread, read)
                if known is not None:
                    return Final(known.answer)
                async with self._admission.room(call.tenant):
                    waited = (perf_counter() - begun) * 1000
                    hearing = Hearing(live=live, streamed=streamed, waited=waited)
                    return await self._guarded(read, version, thread, hearing)
        except LedgerUnavailableError as error:
            return await self._failed(version, call, "internal_error", error)

    @asynccontextmanager
    async def _alone(self, call: TurnCall, version: Version, thread: str) -> AsyncIterator[TurnCall]:
        """Have the thread, after whatever the project says of a second message; the call as it is to be read."""
        rules = version.project.session
        if not _collects(version, call):
            async with self._locks.hold(thread, wait=rules.busy != "reject"):
                yield call
            return
        call = await self._together.post(call, thread)
        try:
            async with self._locks.hold(thread):
                if rules.busy == "merge":
                    await self._together.burst(thread, rules.burst_seconds)
                yield call
        finally:
            # Whether it was read, refused or broken: nobody waits for it any more.
            await self._together.withdraw(call, thread)

    def _version_for(self, call: TurnCall) -> Version:
        try:
            return self._versions.current(call.tenant, call.project)
        except ProjectNotFoundError as error:
            raise TurnRefusedError("project_not_found", "There is no such project.", status=404) from error

    async def _guarded(self, call: TurnCall, version: Version, thread: str, hearing: Hearing) -> TurnEvent:
        """The turn's edge: whatever breaks in it becomes a friendly end with an id, and the session survives."""
        self.figures.active.add(thread)
        try:
            async with asyncio.timeout(version.project.limits.turn_seconds + GRACE_SECONDS):
                answer = await self._carried_out(call, version, thread, hearing)
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

    async def _carried_out(
        self, call: TurnCall, version: Version, thread: str, hearing: Hearing
    ) -> dict[str, JsonValue]:
        collected = _collects(version, call)
        if collected:
            entries, answer = await self._together.answer(call, version, thread, hearing)
        else:
            call = replace(call, message_id=call.message_id or uuid4().hex)
            with self._departures.under_way(
                (call.tenant, version.project.name, call.session_id), lambda: hearing.live.deserted
            ):
                answer = await self._answer_known(call, version, thread, hearing)
            entries = [of_one(call, call.message_id or "", answer)]
        await self._entries.enter(call, version, thread, entries, waited=collected)
        return answer

    async def _answer_known(self, call: TurnCall, version: Version, thread: str, hearing: Hearing) -> Answer:
        try:
            return await self._running.answer(call, version, thread, hearing)
        except VersionNotFoundError:
            # Another worker may have published it a moment ago. Nothing was done: the version is asked for first.
            if self._look is None:
                raise
            await self._look()
            return await self._running.answer(call, version, thread, hearing)

    async def _failed(self, version: Version, call: TurnCall, kind: str, error: BaseException) -> Failed:
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


def _collects(version: Version, call: TurnCall) -> bool:
    """Whether the message is read together with others that come at about the same time."""
    return version.project.session.busy in ("merge", "interrupt") and call.event == "message"
