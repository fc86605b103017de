"""Sessions and their finished turns, beside the checkpoints: for repeated messages, lists and erasure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import JsonValue

from graph.mailbox import WAITING, remove
from graph.session_lists import SessionQuery, condition, placeholders
from tools.database import Connection, Database, Row, Values, of_scope
from tools.migrations import Schema, add_column, number_rows, statements

SCHEMA: Schema = (
    statements("""
CREATE TABLE IF NOT EXISTS sessions (
    thread_id TEXT PRIMARY KEY, tenant TEXT NOT NULL, project TEXT NOT NULL, session_id TEXT NOT NULL,
    version TEXT NOT NULL, channel TEXT NOT NULL, locale TEXT NOT NULL, owner TEXT NOT NULL, turns INTEGER NOT NULL,
    tokens INTEGER NOT NULL, created_at TEXT NOT NULL, last_active TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS sessions_by_tenant ON sessions (tenant, last_active DESC);
CREATE TABLE IF NOT EXISTS turns (
    thread_id TEXT NOT NULL, message_id TEXT NOT NULL, fingerprint TEXT NOT NULL, message TEXT NOT NULL,
    outcome TEXT NOT NULL, answer TEXT NOT NULL, created_at TEXT NOT NULL, PRIMARY KEY (thread_id, message_id)
);
CREATE INDEX IF NOT EXISTS turns_in_order ON turns (thread_id, created_at)
"""),
    # Files from before there were versions may lack it.
    add_column("turns", "message", "TEXT NOT NULL DEFAULT ''"),
    # Turns of one moment stay in their order.
    number_rows("turns"),
    # Which checkpoint the last entry belongs to: another one means that a turn was not entered.
    add_column("sessions", "checkpoint_id", "TEXT NOT NULL DEFAULT ''"),
    WAITING,
    # Callers who send a conversation but not its id are found again by what was said last.
    statements("CREATE INDEX IF NOT EXISTS turns_by_message ON turns (message_id)"),
)


@dataclass(frozen=True, kw_only=True)
class LoggedTurn:
    """A finished turn as it was answered."""

    message_id: str
    fingerprint: str
    message: str
    """The customer's words; empty for an event of the channel."""
    answer: dict[str, JsonValue]
    at: str = field(default="", compare=False)
    """When it ended, ISO 8601; set by the log."""


@dataclass(frozen=True, kw_only=True)
class SessionRow:
    """One session, as lists show it."""

    thread_id: str
    tenant: str
    project: str
    session_id: str
    version: str
    channel: str
    locale: str
    owner: str
    turns: int
    tokens: int
    created_at: str
    last_active: str


class TurnLog(Protocol):
    """Where finished turns are kept."""

    async def find(self, thread_id: str, message_id: str) -> LoggedTurn | None:
        """The turn of this message; None where it was not finished."""

    async def standing(self, thread_id: str, message_id: str | None) -> tuple[bool, LoggedTurn | None]:
        """Whether the newest checkpoint's turn is in the log, and the turn of that message.

        Asked by whoever has the thread to himself.
        """

    async def turns(self, thread_id: str) -> list[LoggedTurn]:
        """All finished turns of a session, oldest first."""

    async def page(self, thread_id: str, *, first: int, limit: int) -> list[LoggedTurn]:
        """Finished turns of a session, oldest first, from the one of that number; the oldest has the number 1."""

    async def count(self, thread_id: str) -> int:
        """How many turns of a session are finished."""

    async def add(self, session: SessionRow, *turns: LoggedTurn, waited: bool = False) -> None:
        """Keep a finished turn under each message it read, and what it made of its session.

        The first entry for a message stands. Messages that `waited` in the mailbox are taken out of it.
        """

    async def session(self, thread_id: str) -> SessionRow | None:
        """One session."""

    async def sessions(self, wanted: SessionQuery) -> list[SessionRow]:
        """A page of sessions, the most recently active first."""

    async def count_sessions(self, wanted: SessionQuery) -> int:
        """How many sessions there are of these, on all pages."""

    async def transfers(self, threads: Sequence[str]) -> dict[str, LoggedTurn]:
        """Thread → the last turn that handed it over to a person; threads without one are not in it."""

    async def idle(self, before: str, limit: int) -> list[SessionRow]:
        """Sessions of all tenants that were last active before that moment, the oldest first."""

    async def names(self, tenant: str, project: str) -> list[str]:
        """The ids of a project's sessions."""

    async def holding(self, tenant: str, project: str, message_id: str, limit: int) -> list[tuple[str, LoggedTurn]]:
        """The sessions with a turn of that message id, and the turn; the newest turn first."""

    async def set_owner(self, thread_id: str, owner: str) -> None:
        """Who answers in the session now."""

    async def erase(self, thread_id: str) -> None:
        """Forget the session and its turns."""

    async def check(self) -> str | None:
        """What is wrong where the log cannot be used; None where it can."""


class SessionCounts(Protocol):
    """How many sessions need what."""

    async def by_version(self, tenant: str, project: str) -> dict[str, int]:
        """Version → sessions that began with it and go on with it."""


class SessionScopes(TurnLog, Protocol):
    """Which threads belong to whom."""

    async def threads(self, tenant: str, project: str | None = None, session_id: str | None = None) -> list[str]:
        """The threads of a session, a project or a tenant that have an entry here."""

    async def strays(self) -> list[str]:
        """The threads that have checkpoints and no entry here: a crash came between."""


_TURN = "message_id, fingerprint, message, answer, created_at"
_SESSION = (
    "thread_id, tenant, project, session_id, version, channel, locale, owner, turns, tokens, created_at, last_active"
)
_ADD_TURN = """
INSERT INTO turns (thread_id, message_id, fingerprint, message, outcome, answer, created_at)
VALUES (:thread_id, :message_id, :fingerprint, :message, :outcome, :answer, :created_at)
ON CONFLICT (thread_id, message_id) DO NOTHING
"""
_FIND = f"SELECT {_TURN} FROM turns WHERE thread_id = :thread_id AND message_id = :message_id"  # noqa: S608  # a constant
_CHECKPOINT = (
    "(SELECT coalesce(max(checkpoint_id), '') FROM checkpoints WHERE thread_id = :thread_id AND checkpoint_ns = '')"
)
_ADD_SESSION = f"""
INSERT INTO sessions (thread_id, tenant, project, session_id, version, channel, locale, owner, turns, tokens,
    created_at, last_active, checkpoint_id)
VALUES (:thread_id, :tenant, :project, :session_id, :version, :channel, :locale, :owner, :turns, :tokens,
    :created_at, :last_active, {_CHECKPOINT})
ON CONFLICT (thread_id) DO UPDATE SET version = excluded.version, locale = excluded.locale, owner = excluded.owner,
    turns = excluded.turns, tokens = sessions.tokens + excluded.tokens, last_active = excluded.last_active,
    checkpoint_id = excluded.checkpoint_id
"""  # noqa: S608  # constants
_STANDING = (
    f"SELECT {_CHECKPOINT} = coalesce((SELECT checkpoint_id FROM sessions WHERE thread_id = :thread_id), '')"  # noqa: S608  # constants
    f" AS settled, {_TURN} FROM (SELECT 1) AS one"
    " LEFT JOIN turns ON thread_id = :thread_id AND message_id = :message_id"
)


def _turn(row: Row) -> LoggedTurn:
    return LoggedTurn(
        message_id=row["message_id"],
        fingerprint=row["fingerprint"],
        message=row["message"],
        answer=json.loads(row["answer"]),
        at=row["created_at"],
    )


def _values(session: SessionRow, turn: LoggedTurn) -> Values:
    return {
        "thread_id": session.thread_id,
        "message_id": turn.message_id,
        "fingerprint": turn.fingerprint,
        "message": turn.message,
        "outcome": str(turn.answer.get("outcome")),
        "answer": json.dumps(turn.answer, ensure_ascii=False),
        "created_at": session.last_active,
    }


class DatabaseTurnLog:
    """The turn log in the database of the checkpoints, whose tables must be there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, thread_id: str, message_id: str) -> LoggedTurn | None:
        """The turn of this message; None where it was not finished."""
        found = await self._found(_FIND, {"thread_id": thread_id, "message_id": message_id})
        return _turn(found[0]) if found else None

    async def standing(self, thread_id: str, message_id: str | None) -> tuple[bool, LoggedTurn | None]:
        """Whether the newest checkpoint's turn is in the log, and the turn of that message.

        Asked by whoever has the thread to himself.
        """
        (row,) = await self._found(_STANDING, {"thread_id": thread_id, "message_id": message_id})
        return bool(row["settled"]), None if row["answer"] is None else _turn(row)

    async def turns(self, thread_id: str) -> list[LoggedTurn]:
        """All finished turns of a session, oldest first."""
        query = f"SELECT {_TURN} FROM turns WHERE thread_id = :thread_id ORDER BY created_at, rowid"  # noqa: S608  # a constant
        return [_turn(row) for row in await self._found(query, {"thread_id": thread_id})]

    async def page(self, thread_id: str, *, first: int, limit: int) -> list[LoggedTurn]:
        """Finished turns of a session, oldest first, from the one of that number; the oldest has the number 1."""
        query = (
            f"SELECT {_TURN} FROM turns WHERE thread_id = :thread_id ORDER BY created_at, rowid"  # noqa: S608  # a constant
            " LIMIT :limit OFFSET :before"
        )
        values = {"thread_id": thread_id, "limit": limit, "before": first - 1}
        return [_turn(row) for row in await self._found(query, values)]

    async def count(self, thread_id: str) -> int:
        """How many turns of a session are finished."""
        query = "SELECT COUNT(*) AS found FROM turns WHERE thread_id = :thread_id"
        return int((await self._found(query, {"thread_id": thread_id}))[0]["found"])

    async def add(self, session: SessionRow, *turns: LoggedTurn, waited: bool = False) -> None:
        """Keep a finished turn under each message it read, and what it made of its session.

        The first entry for a message stands. Messages that `waited` in the mailbox are taken out of it.
        """
        rows = [_values(session, turn) for turn in turns]

        def work(connection: Connection) -> None:
            for row in rows:
                connection.execute(_ADD_TURN, row)
            connection.execute(_ADD_SESSION, vars(session))
            if waited:
                remove(connection, session.thread_id, [turn.message_id for turn in turns])

        await self._database.write(work)

    async def session(self, thread_id: str) -> SessionRow | None:
        """One session."""
        query = f"SELECT {_SESSION} FROM sessions WHERE thread_id = :thread_id"  # noqa: S608  # a constant
        found = await self._found(query, {"thread_id": thread_id})
        return SessionRow(**dict(found[0])) if found else None

    async def sessions(self, wanted: SessionQuery) -> list[SessionRow]:
        """A page of sessions, the most recently active first."""
        where, values = condition(wanted)
        query = (
            f"SELECT {_SESSION} FROM sessions WHERE {where}"  # noqa: S608  # constants and placeholders
            " ORDER BY last_active DESC, thread_id LIMIT :most OFFSET :before"
        )
        rows = await self._found(query, {**values, "most": wanted.limit, "before": wanted.offset})
        return [SessionRow(**dict(row)) for row in rows]

    async def count_sessions(self, wanted: SessionQuery) -> int:
        """How many sessions there are of these, on all pages."""
        where, values = condition(wanted)
        query = f"SELECT COUNT(*) AS found FROM sessions WHERE {where}"  # noqa: S608  # constants and placeholders
        return int((await self._found(query, values))[0]["found"])

    async def transfers(self, threads: Sequence[str]) -> dict[str, LoggedTurn]:
        """Thread → the last turn that handed it over to a person; threads without one are not in it."""
        if not threads:
            return {}
        named, values = placeholders(threads)
        query = (
            f"SELECT thread_id, {_TURN} FROM turns WHERE outcome = 'transferred' AND thread_id IN ({named})"  # noqa: S608  # constants and placeholders
            " ORDER BY created_at, rowid"
        )
        return {row["thread_id"]: _turn(row) for row in await self._found(query, values)}

    async def by_version(self, tenant: str, project: str) -> dict[str, int]:
        """Version → sessions that began with it and go on with it."""
        query = (
            "SELECT version, COUNT(*) AS sessions FROM sessions WHERE tenant = :tenant AND project = :project"
            " GROUP BY version"
        )
        rows = await self._found(query, {"tenant": tenant, "project": project})
        return {row["version"]: row["sessions"] for row in rows}

    async def idle(self, before: str, limit: int) -> list[SessionRow]:
        """Sessions of all tenants that were last active before that moment, the oldest first."""
        query = f"SELECT {_SESSION} FROM sessions WHERE last_active < :before ORDER BY last_active LIMIT :most"  # noqa: S608  # a constant
        return [SessionRow(**dict(row)) for row in await self._found(query, {"before": before, "most": limit})]

    async def threads(self, tenant: str, project: str | None = None, session_id: str | None = None) -> list[str]:
        """The threads of a session, a project or a tenant that have an entry here."""
        scope = of_scope(project=project, session_id=session_id)
        query = f"SELECT thread_id FROM sessions WHERE {scope}"  # noqa: S608  # names of columns
        rows = await self._found(query, {"tenant": tenant, "project": project, "session_id": session_id})
        return [row["thread_id"] for row in rows]

    async def names(self, tenant: str, project: str) -> list[str]:
        """The ids of a project's sessions."""
        query = "SELECT session_id FROM sessions WHERE tenant = :tenant AND project = :project"
        return [row["session_id"] for row in await self._found(query, {"tenant": tenant, "project": project})]

    async def holding(self, tenant: str, project: str, message_id: str, limit: int) -> list[tuple[str, LoggedTurn]]:
        """The sessions with a turn of that message id, and the turn; the newest turn first."""
        query = (
            "SELECT session_id, message_id, fingerprint, message, answer, turns.created_at AS created_at"
            " FROM turns JOIN sessions ON sessions.thread_id = turns.thread_id"
            " WHERE message_id = :message_id AND tenant = :tenant AND project = :project"
            " ORDER BY turns.created_at DESC LIMIT :most"
        )
        values = {"message_id": message_id, "tenant": tenant, "project": project, "most": limit}
        return [(row["session_id"], _turn(row)) for row in await self._found(query, values)]

    async def strays(self) -> list[str]:
        """The threads that have checkpoints and no entry here: a crash came between."""
        query = "SELECT DISTINCT thread_id FROM checkpoints WHERE thread_id NOT IN (SELECT thread_id FROM sessions)"
        return [row["thread_id"] for row in await self._found(query, {})]

    async def set_owner(self, thread_id: str, owner: str) -> None:
        """Who answers in the session now."""
        statement = "UPDATE sessions SET owner = :owner WHERE thread_id = :thread_id"
        values = {"owner": owner, "thread_id": thread_id}
        await self._database.write(lambda connection: connection.execute(statement, values).rowcount)

    async def erase(self, thread_id: str) -> None:
        """Forget the session and its turns."""

        def work(connection: Connection) -> None:
            for table in ("waiting_messages", "turns", "sessions"):
                connection.execute(f"DELETE FROM {table} WHERE thread_id = :thread_id", {"thread_id": thread_id})  # noqa: S608  # constants

        await self._database.write(work)

    async def check(self) -> str | None:
        """What is wrong where the log cannot be used; None where it can."""
        return await self._database.check()

    async def _found(self, query: str, values: Values) -> list[Row]:
        return await self._database.read(lambda connection: list(connection.execute(query, values).fetchall()))
