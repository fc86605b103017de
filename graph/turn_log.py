"""Sessions and their finished turns, beside the checkpoints: for repeated messages, lists and erasure."""

import json
import sqlite3
from dataclasses import dataclass
from typing import Protocol

from pydantic import JsonValue

from tools.migrations import Schema, add_column, statements
from tools.sqlite_file import SqliteFile

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
)


@dataclass(frozen=True, kw_only=True)
class LoggedTurn:
    """A finished turn as it was answered."""

    message_id: str
    fingerprint: str
    message: str
    """The customer's words; empty for an event of the channel."""
    answer: dict[str, JsonValue]


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

    async def turns(self, thread_id: str) -> list[LoggedTurn]:
        """All finished turns of a session, oldest first."""

    async def add(self, session: SessionRow, turn: LoggedTurn) -> None:
        """Keep a finished turn and what it made of its session; the first entry for a message stands."""

    async def session(self, thread_id: str) -> SessionRow | None:
        """One session."""

    async def sessions(self, tenant: str, limit: int = 1000) -> list[SessionRow]:
        """A tenant's sessions, the most recently active first."""

    async def set_owner(self, thread_id: str, owner: str) -> None:
        """Who answers in the session now."""

    async def erase(self, thread_id: str) -> None:
        """Forget the session and its turns."""

    async def check(self) -> str | None:
        """What is wrong where the log cannot be used; None where it can."""


_TURN = "message_id, fingerprint, message, answer"


def _turn(row: sqlite3.Row) -> LoggedTurn:
    return LoggedTurn(
        message_id=row["message_id"],
        fingerprint=row["fingerprint"],
        message=row["message"],
        answer=json.loads(row["answer"]),
    )


class SqliteTurnLog:
    """The turn log in the SQLite file of the checkpoints."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    async def find(self, thread_id: str, message_id: str) -> LoggedTurn | None:
        """The turn of this message; None where it was not finished."""

        def work(connection: sqlite3.Connection) -> sqlite3.Row | None:
            query = f"SELECT {_TURN} FROM turns WHERE thread_id = ? AND message_id = ?"  # noqa: S608  # a constant
            row: sqlite3.Row | None = connection.execute(query, (thread_id, message_id)).fetchone()
            return row

        row = await self._file.run(work, reading=True)
        return _turn(row) if row is not None else None

    async def turns(self, thread_id: str) -> list[LoggedTurn]:
        """All finished turns of a session, oldest first."""

        def work(connection: sqlite3.Connection) -> list[sqlite3.Row]:
            query = f"SELECT {_TURN} FROM turns WHERE thread_id = ? ORDER BY created_at, rowid"  # noqa: S608  # a constant
            return connection.execute(query, (thread_id,)).fetchall()

        return [_turn(row) for row in await self._file.run(work, reading=True)]

    async def add(self, session: SessionRow, turn: LoggedTurn) -> None:
        """Keep a finished turn and what it made of its session; the first entry for a message stands."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT OR IGNORE INTO turns (thread_id, message_id, fingerprint, message, outcome, answer, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    session.thread_id,
                    turn.message_id,
                    turn.fingerprint,
                    turn.message,
                    str(turn.answer.get("outcome")),
                    json.dumps(turn.answer, ensure_ascii=False),
                    session.last_active,
                ),
            )
            connection.execute(
                "INSERT INTO sessions (thread_id, tenant, project, session_id, version, channel, locale, owner, turns,"
                " tokens, created_at, last_active) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (thread_id) DO UPDATE SET"
                " version = excluded.version, locale = excluded.locale, owner = excluded.owner,"
                " turns = excluded.turns, tokens = sessions.tokens + excluded.tokens,"
                " last_active = excluded.last_active",
                (
                    session.thread_id,
                    session.tenant,
                    session.project,
                    session.session_id,
                    session.version,
                    session.channel,
                    session.locale,
                    session.owner,
                    session.turns,
                    session.tokens,
                    session.created_at,
                    session.last_active,
                ),
            )

        await self._file.run(work)

    async def session(self, thread_id: str) -> SessionRow | None:
        """One session."""

        def work(connection: sqlite3.Connection) -> sqlite3.Row | None:
            row: sqlite3.Row | None = connection.execute(
                "SELECT * FROM sessions WHERE thread_id = ?", (thread_id,)
            ).fetchone()
            return row

        row = await self._file.run(work, reading=True)
        return SessionRow(**dict(row)) if row is not None else None

    async def sessions(self, tenant: str, limit: int = 1000) -> list[SessionRow]:
        """A tenant's sessions, the most recently active first."""

        def work(connection: sqlite3.Connection) -> list[sqlite3.Row]:
            query = "SELECT * FROM sessions WHERE tenant = ? ORDER BY last_active DESC LIMIT ?"
            return connection.execute(query, (tenant, limit)).fetchall()

        return [SessionRow(**dict(row)) for row in await self._file.run(work, reading=True)]

    async def set_owner(self, thread_id: str, owner: str) -> None:
        """Who answers in the session now."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE sessions SET owner = ? WHERE thread_id = ?", (owner, thread_id))

        await self._file.run(work)

    async def erase(self, thread_id: str) -> None:
        """Forget the session and its turns."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM turns WHERE thread_id = ?", (thread_id,))
            connection.execute("DELETE FROM sessions WHERE thread_id = ?", (thread_id,))

        await self._file.run(work)

    async def check(self) -> str | None:
        """What is wrong where the log cannot be used; None where it can."""
        return await self._file.check()
