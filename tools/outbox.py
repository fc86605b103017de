"""What is still to be told to the desk: written before anything is sent, kept until the desk has taken it."""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from tools.migrations import Schema, statements
from tools.owners import Owner
from tools.sqlite_file import SqliteFile

LEASE_SECONDS: Final = 60.0

_SCHEMA: Final[Schema] = (
    statements("""
CREATE TABLE IF NOT EXISTS desk_outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, tenant TEXT NOT NULL, project TEXT NOT NULL,
    session_id TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    next_at REAL NOT NULL, owner TEXT NOT NULL DEFAULT '', lease_until REAL NOT NULL DEFAULT 0,
    created_at REAL NOT NULL, settled_at REAL, UNIQUE (tenant, project, id)
);
CREATE INDEX IF NOT EXISTS desk_outbox_waiting ON desk_outbox (state, next_at)
"""),
)
_DUE: Final = """
SELECT * FROM desk_outbox AS mine WHERE state = 'waiting' AND next_at <= ? AND NOT EXISTS (
    SELECT 1 FROM desk_outbox AS earlier WHERE earlier.state = 'waiting' AND earlier.tenant = mine.tenant
    AND earlier.project = mine.project AND earlier.session_id = mine.session_id AND earlier.position < mine.position)
ORDER BY position LIMIT ?
"""
"""The oldest waiting letter of each session: a session's letters arrive in their order."""

Settled = Literal["delivered", "recorded", "given_up"]


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One thing the desk is told."""

    id: str
    """The idempotency key: the transfer's id, or one made from a message's."""
    tenant: str
    project: str
    session_id: str
    body: str
    attempts: int = 0
    created_at: float = 0.0


class Outbox:
    """Letters in an SQLite file that several processes of one machine may share."""

    def __init__(self, path: Path, owner: Owner, *, now: Callable[[], float] = time.time) -> None:
        self._file = SqliteFile(path, _SCHEMA)
        self._owner = owner
        self._now = now

    async def put(self, letter: Letter, *, state: Literal["waiting", "recorded"]) -> None:
        """Keep a letter; one of that id is kept once."""
        statement = (
            "INSERT OR IGNORE INTO desk_outbox (id, tenant, project, session_id, body, state, next_at, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        )
        now = self._now()
        values = (letter.id, letter.tenant, letter.project, letter.session_id, letter.body, state, now, now)
        await self._file.run(lambda connection: connection.execute(statement, values))

    async def take(self, most: int) -> list[Letter]:
        """Letters that are due and that nobody else is sending; they are this worker's for a while."""

        def work(connection: sqlite3.Connection) -> list[Letter]:
            taken: list[Letter] = []
            for row in connection.execute(_DUE, (self._now(), 4 * most)).fetchall():
                if len(taken) == most:
                    break
                if row["lease_until"] > self._now() and self._owner.lives(row["owner"]):
                    continue
                lease = (self._owner.name, self._now() + LEASE_SECONDS, row["position"])
                connection.execute("UPDATE desk_outbox SET owner = ?, lease_until = ? WHERE position = ?", lease)
                taken.append(_letter(row))
            return taken

        return await self._file.run(work)

    async def settle(self, letter: Letter, state: Settled) -> None:
        """Nothing more is to be sent; what was delivered is not kept."""
        statement = (
            "UPDATE desk_outbox SET state = ?, settled_at = ?, lease_until = 0,"
            " body = CASE WHEN ? = 'delivered' THEN '' ELSE body END WHERE tenant = ? AND project = ? AND id = ?"
        )
        values = (state, self._now(), state, letter.tenant, letter.project, letter.id)
        await self._file.run(lambda connection: connection.execute(statement, values))

    async def postpone(self, letter: Letter, seconds: float) -> None:
        """Send it again, not before so many seconds."""
        statement = (
            "UPDATE desk_outbox SET attempts = attempts + 1, next_at = ?, lease_until = 0"
            " WHERE tenant = ? AND project = ? AND id = ?"
        )
        values = (self._now() + seconds, letter.tenant, letter.project, letter.id)
        await self._file.run(lambda connection: connection.execute(statement, values))

    async def waits(self) -> float | None:
        """Seconds until the next letter is due; None where none waits."""

        def work(connection: sqlite3.Connection) -> float | None:
            found = connection.execute("SELECT MIN(next_at) FROM desk_outbox WHERE state = 'waiting'").fetchone()[0]
            return None if found is None else max(float(found) - self._now(), 0.0)

        return await self._file.run(work)

    async def states(self, *, tenant: str, project: str, session_id: str) -> dict[str, str]:
        """What became of a session's letters, by id."""
        statement = "SELECT id, state FROM desk_outbox WHERE tenant = ? AND project = ? AND session_id = ?"
        values = (tenant, project, session_id)
        return await self._file.run(
            lambda connection: {row["id"]: row["state"] for row in connection.execute(statement, values)}
        )

    async def erase(self, *, tenant: str, project: str | None = None, session_id: str | None = None) -> int:
        """Remove the letters of a session, a project or a tenant; says how many there were."""
        statement = (
            "DELETE FROM desk_outbox WHERE tenant = ? AND (? IS NULL OR project = ?) AND (? IS NULL OR session_id = ?)"
        )
        values = (tenant, project, project, session_id, session_id)
        return await self._file.run(lambda connection: connection.execute(statement, values).rowcount)

    async def aclose(self) -> None:
        """Close the file."""
        await self._file.aclose()


def _letter(row: sqlite3.Row) -> Letter:
    names = ("id", "tenant", "project", "session_id", "body", "attempts", "created_at")
    return Letter(**{name: row[name] for name in names})
