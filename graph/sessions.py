"""Sessions as their callers see them: state, transcript, erasure, and a person's part in them."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol, cast

import psycopg
import structlog
from langchain_core.messages import AIMessage, SystemMessage
from langchain_core.runnables import RunnableConfig
from pydantic import JsonValue

from config.clock import Clock
from dialogue.interruptions import Stoppable
from dialogue.scene import values_of
from dialogue.state import Counters, DialogueState, DialogueUpdate, Frame, TransferRecord
from dialogue.takeovers import Takeovers
from dialogue.transcript import lines
from graph.build import ConversationGraph
from graph.calls import TurnRefusedError
from graph.session_lists import SessionQuery
from graph.storage import Scrub
from graph.threads import ThreadLocks, thread_id
from graph.turn_log import LoggedTurn, SessionRow, TurnLog
from tools.errors import LedgerUnavailableError
from tools.ledger import Row
from tools.turn_locks import TurnLocks

log = structlog.get_logger(__name__)

RECURSION_LIMIT = 50


def config_of(thread: str, turn: Stoppable | None = None) -> RunnableConfig:
    """The graph's configuration for a thread, built from nothing a caller sent; the checkpoints look at `turn`."""
    return {"configurable": {"thread_id": thread, "turn": turn}, "recursion_limit": RECURSION_LIMIT}


Change = Callable[[DialogueState], DialogueUpdate | None]
"""Says what is to change, if anything."""


class Records(Protocol):
    """Something kept of a session beside its checkpoints."""

    async def erase(self, *, tenant: str, project: str | None = None, session_id: str | None = None) -> int:
        """Forget all of that scope; how many rows there were."""


class Deeds(Protocol):
    """What was done for a session, as the action ledger knows it."""

    async def rows(self, *, tenant: str, project: str | None = None, session_id: str | None = None) -> list[Row]:
        """The rows of that scope, oldest first."""


class Sessions:
    """Reads and ends sessions, and lets a person speak in them."""

    def __init__(
        self,
        *,
        graph: ConversationGraph,
        turn_log: TurnLog,
        records: Sequence[Records],
        clock: Clock,
        deeds: Deeds | None = None,
        takeovers: Takeovers | None = None,
        locks: TurnLocks | None = None,
        scrub: Scrub | None = None,
    ) -> None:
        self._scrub = scrub
        self._takeovers = takeovers or Takeovers()
        self._records = records
        self._deeds = deeds
        self._graph = graph
        self._log = turn_log
        self._clock = clock
        self._locks = ThreadLocks(locks)

    async def sessions(self, wanted: SessionQuery) -> tuple[list[dict[str, JsonValue]], int]:
        """A page of sessions, the most recently active first, and how many there are; with why a person has one."""
        page = await self._log.sessions(wanted)
        handed = await self._log.transfers([row.thread_id for row in page if row.owner == "person"])
        total = await self._log.count_sessions(wanted)
        return [_listed(row, handed.get(row.thread_id)) for row in page], total

    async def session(self, tenant: str, project: str, session_id: str) -> dict[str, JsonValue] | None:
        """State, slots, open question, stack, owner, counters and actions; None where there is no such session."""
        thread = thread_id(tenant, project, session_id)
        state = await self._state(thread)
        row = await self._log.session(thread)
        if state is None:
            return None
        done = await self._deeds.rows(tenant=tenant, project=project, session_id=session_id) if self._deeds else []
        return {**(_row(row) if row else {}), **_shown(state), "actions": [_deed(one) for one in done]}

    async def transcript(self, tenant: str, project: str, session_id: str) -> tuple[list[dict[str, str]], int] | None:
        """The transcript, oldest first, and how many messages stood before it; None where there is no such session.

        The log has all turns.
        """
        state = await self._state(thread_id(tenant, project, session_id))
        if state is None:
            return None
        return lines(state.get("messages", []), markers=True), state.get("outgrown", 0)

    async def turns(self, tenant: str, project: str, session_id: str) -> list[LoggedTurn]:
        """The session's finished turns, oldest first, each with its whole answer."""
        return await self._log.turns(thread_id(tenant, project, session_id))

    async def erase(self, tenant: str, project: str, session_id: str) -> bool:
        """Forget all of the session; False where there is none."""
        thread = thread_id(tenant, project, session_id)
        async with self._locks.hold(thread):
            known = await self._log.session(thread) is not None or await self._state(thread) is not None
            if known:
                saver = self._graph.checkpointer
                if saver is not None and not isinstance(saver, bool):
                    await saver.adelete_thread(thread)
                await self._log.erase(thread)
                # A new session of the same name starts its flow ids anew and must not find old receipts.
                for records in self._records:
                    await records.erase(tenant=tenant, project=project, session_id=session_id)
                await self._scrub_files()
        return known

    async def _scrub_files(self) -> None:
        if self._scrub is None:
            return
        try:
            await self._scrub(whole=False)
        except LedgerUnavailableError as error:
            # It is erased for everybody; what is left of it in a log of the database goes with its next checkpoint.
            log.warning("erased, not scrubbed", cause=str(error))

    async def desk_message(
        self, tenant: str, project: str, session_id: str, *, text: str, agent: str, message_id: str | None = None
    ) -> bool:
        """Enter a person's words into the history, once for a message id; False where there is no such session.

        From now on the bot says nothing more, not even what a turn under way was about to say. Raises
        TurnRefusedError where the id stands for other words.
        """
        said = AIMessage(text, name="person", additional_kwargs={"agent": agent}, id=_desk_id(message_id))

        def enter(state: DialogueState) -> DialogueUpdate | None:
            known = [message for message in state.get("messages", []) if said.id and message.id == said.id]
            if known and str(known[0].text) != text:
                detail = "This message_id was used for another message."
                raise TurnRefusedError("validation", detail, status=409)
            return None if known else DialogueUpdate(messages=[said], owner="person", open=None, transfer=_taken(state))

        with self._takeovers.begin(tenant, project, session_id):
            return await self._change(tenant, project, session_id, enter)

    async def desk_take(self, tenant: str, project: str, session_id: str) -> bool:
        """A person has the session, though nothing was said yet; False where there is no such session."""
        with self._takeovers.begin(tenant, project, session_id):
            return await self._change(
                tenant, project, session_id, lambda state: DialogueUpdate(owner="person", transfer=_taken(state))
            )

    async def desk_release(self, tenant: str, project: str, session_id: str) -> bool:
        """Give the session back to the bot, with a marker in the history and no failures left to count."""

        def release(state: DialogueState) -> DialogueUpdate | None:
            if state.get("owner") != "person":
                return None
            before = state.get("transfer")
            return DialogueUpdate(
                owner="bot",
                open=None,
                messages=[SystemMessage("The person gave the conversation back to the bot.")],
                counters=Counters(turns=state["counters"]["turns"], failures=0),
                transfer=TransferRecord(**{**before, "released": True}) if before else None,
            )

        return await self._change(tenant, project, session_id, release)

    async def _change(self, tenant: str, project: str, session_id: str, make: Change) -> bool:
        """What `make` makes of the state as it is when nobody else changes it; False where there is no session."""
        thread = thread_id(tenant, project, session_id)
        async with self._locks.hold(thread):
            state = await self._state(thread)
            if state is None:
                return False
            update = make(state)
            if update is not None:
                await self._graph.aupdate_state(config_of(thread), update, as_node="close_turn")
            if update is not None and "owner" in update:
                await self._log.set_owner(thread, update["owner"])
        return True

    async def _state(self, thread: str) -> DialogueState | None:
        try:
            values = (await self._graph.aget_state(config_of(thread))).values
        except (sqlite3.Error, psycopg.Error) as error:
            # Without its text, which can quote a row.
            raise LedgerUnavailableError(f"checkpoints: {type(error).__name__}") from None
        return cast(DialogueState, values) if values.get("version") else None


def _taken(state: DialogueState) -> TransferRecord | None:
    before = state.get("transfer")
    return TransferRecord(**{**before, "taken": True}) if before else None


def _desk_id(message_id: str | None) -> str | None:
    return None if message_id is None else f"desk-{message_id}"


def _listed(session: SessionRow, handed: LoggedTurn | None) -> dict[str, JsonValue]:
    transfer = None if handed is None else {"reason": handed.answer.get("transfer_reason"), "at": handed.at}
    return {"tenant": session.tenant, **_row(session), "transfer": transfer}


def _row(session: SessionRow) -> dict[str, JsonValue]:
    return {
        "session_id": session.session_id,
        "project": session.project,
        "version": session.version,
        "channel": session.channel,
        "locale": session.locale,
        "owner": session.owner,
        "turns": session.turns,
        "tokens": session.tokens,
        "created_at": session.created_at,
        "last_active": session.last_active,
    }


def _deed(row: Row) -> dict[str, JsonValue]:
    """A row of the ledger without the answer's content, which the state's receipts and variables have."""
    finding = row.finding
    return {
        "name": row.entry.action,
        "status": row.state,
        "flow_id": row.entry.flow_id,
        "key": row.entry.key,
        "attempts": row.attempts,
        "claimed_at": _moment(row.claimed_at),
        "dispatched_at": _moment(row.dispatched_at),
        "reference": finding.reference if finding else None,
        "http_status": finding.http_status if finding else None,
        "error": finding.error if finding else None,
    }


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def _shown(state: DialogueState) -> dict[str, JsonValue]:
    stack = state.get("stack", [])
    shown: Mapping[str, object] = {
        "session_id": state["session_id"],
        "project": state["project"],
        "version": state["version"],
        "locale": state["locale"],
        "owner": state.get("owner", "bot"),
        "counters": state["counters"],
        "intent": stack[-1]["intent"] if stack else None,
        "slots": values_of(stack[-1]) if stack else {},
        "open_question": state.get("open"),
        "stack": [_frame(frame) for frame in stack],
        "finished": [_frame(frame) for frame in state.get("finished", [])],
        "variables": state.get("variables", {}),
        "transfer": state.get("transfer"),
        "receipts": state.get("receipts", []),
        "last_active": state.get("last_active"),
    }
    return cast(dict[str, JsonValue], dict(shown))


def _frame(frame: Frame) -> dict[str, object]:
    return {key: value for key, value in frame.items() if key != "plan"}
