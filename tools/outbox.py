"""What is still to be told to the desk: written before anything is sent, kept until the desk has taken it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from tools.database import Connection, Database, Row, Values, counted, of_scope
from tools.migrations import Schema, statements
from tools.owners import Owner

LEASE_SECONDS: Final = 60.0

SCHEMA: Final[Schema] = (
    statements("""
CREATE TABLE IF NOT EXISTS desk_outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, tenant TEXT NOT NULL, project TEXT NOT NULL,
    session_id TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    next_at REAL NOT NULL, owner TEXT NOT NULL DEFAULT '', lease_until REAL NOT NULL DEFAULT 0,
    created_at REAL NOT NULL, settled_at REAL, UNIQUE (tenant, project, id)
);
CREATE INDEX IF NOT EXISTS desk_outbox_waiting ON desk_outbox (state, next_at)
"""),
    statements("CREATE INDEX IF NOT EXISTS desk_outbox_by_session ON desk_outbox (tenant, project, session_id)"),
)
_DUE: Final = """
SELECT * FROM desk_outbox AS mine WHERE state = 'waiting' AND next_at <= :now AND NOT EXISTS (
    SELECT 1 FROM desk_outbox AS earlier WHERE earlier.state = 'waiting' AND earlier.tenant = mine.tenant
    AND earlier.project = mine.project AND earlier.session_id = mine.session_id AND earlier.position < mine.position)
ORDER BY position LIMIT :most
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
    """Letters in a database that several processes may share."""

    def __init__(self, database: Database, owner: Owner, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._owner = owner
        self._now = now

    async def put(self, letter: Letter, *, state: Literal["waiting", "recorded"]) -> None:
        """Keep a letter; one of that id is kept once."""
        statement = (
            "INSERT INTO desk_outbox (id, tenant, project, session_id, body, state, next_at, created_at)"
            " VALUES (:id, :tenant, :project, :session_id, :body, :state, :now, :now)"
            " ON CONFLICT (tenant, project, id) DO NOTHING"
        )
        named = {"session_id": letter.session_id, "body": letter.body, "state": state, "now": self._now()}
        await self._changed(statement, {**_key(letter), **named})

    async def take(self, most: int) -> list[Letter]:
        """Letters that are due and that nobody else is sending; they are this worker's for a while."""

        def work(connection: Connection) -> list[Letter]:
            taken: list[Letter] = []
            for row in connection.execute(_DUE, {"now": self._now(), "most": 4 * most}).fetchall():
                if len(taken) == most:
                    break
                if row["lease_until"] > self._now() and self._owner.lives(row["owner"], connection):
                    continue
                if self._taken(connection, row):
                    taken.append(_letter(row))
            return taken

        return await self._database.write(work)

    def _taken(self, connection: Connection, row: Row) -> bool:
        """Whether the letter is still as it was found, and now this worker's."""
        statement = (
            "UPDATE desk_outbox SET owner = :owner, lease_until = :lease_until WHERE position = :position"
            " AND state = 'waiting' AND owner = :found_owner AND lease_until = :found_lease AND attempts = :attempts"
        )
        values = {
            "owner": self._owner.name,
            "lease_until": self._now() + LEASE_SECONDS,
            "position": row["position"],
            "found_owner": row["owner"],
            "found_lease": row["lease_until"],
            "attempts": row["attempts"],
        }
        return connection.execute(statement, values).rowcount == 1

    async def settle(self, letter: Letter, state: Settled) -> None:
        """Nothing more is to be sent; what was delivered is not kept."""
        statement = (
            "UPDATE desk_outbox SET state = :state, settled_at = :now, lease_until = 0,"
            " body = CASE WHEN :kept = 0 THEN '' ELSE body END"
            " WHERE tenant = :tenant AND project = :project AND id = :id"
        )
        kept = int(state != "delivered")
        await self._changed(statement, {**_key(letter), "state": state, "kept": kept, "now": self._now()})

    async def postpone(self, letter: Letter, seconds: float) -> None:
        """Send it again, not before so many seconds."""
        statement = (
            "UPDATE desk_outbox SET attempts = attempts + 1, next_at = :next_at, lease_until = 0"
            " WHERE tenant = :tenant AND project = :project AND id = :id"
        )
        await self._changed(statement, {**_key(letter), "next_at": self._now() + seconds})

    async def waits(self) -> float | None:
        """Seconds until the next letter is due; None where none waits."""

        def work(connection: Connection) -> float | None:
            found = connection.execute("SELECT MIN(next_at) AS due FROM desk_outbox WHERE state = 'waiting'").fetchone()
            return None if found is None or found["due"] is None else max(float(found["due"]) - self._now(), 0.0)

        return await self._database.read(work)

    async def states(self, *, tenant: str, project: str, session_id: str) -> dict[str, str]:
        """What became of a session's letters, by id."""
        statement = (
            "SELECT id, state FROM desk_outbox WHERE tenant = :tenant AND project = :project"
            " AND session_id = :session_id ORDER BY position"
        )
        values = {"tenant": tenant, "project": project, "session_id": session_id}
        return await self._database.read(
            lambda connection: {row["id"]: row["state"] for row in connection.execute(statement, values).fetchall()}
        )

    async def erase(self, *, tenant: str, project: str | None = None, session_id: str | None = None) -> int:
        """Remove the letters of a session, a project or a tenant; says how many there were."""
        scope = of_scope(project=project, session_id=session_id)
        statement = f"DELETE FROM desk_outbox WHERE {scope}"  # noqa: S608 - names of columns
        return await self._changed(statement, {"tenant": tenant, "project": project, "session_id": session_id})

    async def counts(self) -> dict[str, int]:
        """How many letters are in each state."""
        return await self._database.read(lambda connection: counted(connection, "desk_outbox"))

    async def aclose(self) -> None:
        """Let go of the database."""
        await self._database.aclose()

    async def _changed(self, statement: str, values: Values) -> int:
        return await self._database.write(lambda connection: connection.execute(statement, values).rowcount)


def _key(letter: Letter) -> Values:
    return {"tenant": letter.tenant, "project": letter.project, "id": letter.id}


def _letter(row: Row) -> Letter:
    names = ("id", "tenant", "project", "session_id", "body", "attempts", "created_at")
    return Letter(**{name: row[name] for name in names})
