"""What was said before: finished turns in pages, and a new session that begins where an old one once stood.

A checkpoint a turn is kept, so that any of them can be gone back to. The old session stays as it is; the new one has
another id, hence another thread and other keys in the action ledger: what is done in it is really done.
"""

from dataclasses import dataclass, replace
from typing import Protocol, cast
from uuid import uuid4

from pydantic import JsonValue

from config.clock import Clock
from dialogue.state import DialogueState, DialogueUpdate
from graph.build import ConversationGraph
from graph.sessions import config_of
from graph.threads import thread_id
from graph.turn_log import LoggedTurn, SessionRow, TurnLog

MARK = "~fork-"
"""Stands in a fork's id between that of its origin and what tells it from others."""

_MOST_HOLDING = 20
_TURN_KEYS = ("message", "message_id", "asked_locale", "history", "metadata", "event")


@dataclass(frozen=True, kw_only=True)
class TurnPage:
    """Some finished turns of a session, oldest first."""

    first: int
    """The number of the first of them; the session's oldest turn has the number 1."""
    total: int
    turns: list[LoggedTurn]


class Past(Protocol):
    """The finished turns of sessions."""

    async def page(
        self, tenant: str, project: str, session_id: str, *, before: int | None, limit: int
    ) -> TurnPage | None:
        """The turns before that number, or the newest; None where there is no such session."""

    async def turns(self, tenant: str, project: str, session_id: str) -> list[LoggedTurn]:
        """All of them, oldest first."""

    async def fork(self, tenant: str, project: str, session_id: str, *, after: str) -> str | None:
        """A new session that stands where this one stood after the turn of that message id; None where it has none."""

    async def forks(self, tenant: str, project: str, session_id: str) -> list[str]:
        """The sessions that were forked from this one, directly or not."""

    async def holding(self, tenant: str, project: str, message_id: str) -> list[tuple[str, LoggedTurn]]:
        """The sessions with a turn of that message id, and the turn; the newest turn first, some at most."""


class PastTurns:
    """The past as checkpoints and turn log have it."""

    def __init__(self, graph: ConversationGraph, turn_log: TurnLog, clock: Clock) -> None:
        self._graph = graph
        self._log = turn_log
        self._clock = clock

    async def page(
        self, tenant: str, project: str, session_id: str, *, before: int | None, limit: int
    ) -> TurnPage | None:
        """See Past."""
        thread = thread_id(tenant, project, session_id)
        total = await self._log.count(thread)
        if not total and await self._log.session(thread) is None:
            return None
        end = total if before is None else max(0, min(before - 1, total))
        first = max(1, end - limit + 1)
        turns = await self._log.page(thread, first=first, limit=end - first + 1) if end else []
        return TurnPage(first=first, total=total, turns=turns)

    async def turns(self, tenant: str, project: str, session_id: str) -> list[LoggedTurn]:
        """See Past."""
        return await self._log.turns(thread_id(tenant, project, session_id))

    async def fork(self, tenant: str, project: str, session_id: str, *, after: str) -> str | None:
        """See Past."""
        thread = thread_id(tenant, project, session_id)
        state, row = await self._stood(thread, after), await self._log.session(thread)
        if state is None or row is None:
            return None
        name = f"{session_id.partition(MARK)[0][:180]}{MARK}{uuid4().hex[:8]}"
        copy = thread_id(tenant, project, name)
        await self._graph.aupdate_state(config_of(copy), _as_session(state, name), as_node="close_turn")
        await self._copy_log(thread, after, replace(row, thread_id=copy, session_id=name, owner=state["owner"]))
        return name

    async def forks(self, tenant: str, project: str, session_id: str) -> list[str]:
        """See Past."""
        begin = f"{session_id[:180]}{MARK}"
        return [name for name in await self._log.names(tenant, project) if name.startswith(begin)]

    async def holding(self, tenant: str, project: str, message_id: str) -> list[tuple[str, LoggedTurn]]:
        """See Past."""
        return await self._log.holding(tenant, project, message_id, _MOST_HOLDING)

    async def _stood(self, thread: str, after: str) -> DialogueState | None:
        """The newest state in which that turn was the last: what a person did after it belongs to it."""
        async for snapshot in self._graph.aget_state_history(config_of(thread)):
            last = snapshot.values.get("last_turn")
            if last and last["message_id"] == after:
                return cast(DialogueState, snapshot.values)
        return None

    async def _copy_log(self, thread: str, after: str, row: SessionRow) -> None:
        kept: list[LoggedTurn] = []
        for turn in await self._log.turns(thread):
            kept.append(replace(turn, answer={**turn.answer, "session_id": row.session_id}))
            if turn.message_id == after:
                break
        for number, turn in enumerate(kept, 1):
            now = self._clock().isoformat()
            # Its tokens were spent by the origin.
            await self._log.add(replace(row, turns=number, tokens=0, created_at=now, last_active=now), turn)


def _as_session(state: DialogueState, name: str) -> DialogueUpdate:
    """The state under the new session's id; what only a running turn has is left out."""
    kept = {key: value for key, value in state.items() if key not in _TURN_KEYS}
    last = state["last_turn"]
    if last is not None:
        answer: dict[str, JsonValue] = {**last["answer"], "session_id": name}
        kept["last_turn"] = {**last, "answer": answer}
    return cast(DialogueUpdate, {**kept, "session_id": name})
