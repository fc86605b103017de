"""The action ledger: what was begun, by whom, and what became of it, written before and after every effect.

A row is claimed under its key before the request leaves, so that running a turn again finds the claim:

    (none) ── claim ──→ claimed ── dispatch ──→ dispatched ──→ succeeded | failed | unknown

`claimed` says that nothing was sent yet, `dispatched` that it may have been. A claim belongs to a worker for the length
of a lease; nobody else dispatches it meanwhile. Arguments are not stored, only their hash; results are the variables
that the project maps.
"""

import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

from tools.findings import Finding
from tools.migrations import Schema, statements
from tools.owners import Owner
from tools.sqlite_file import SqliteFile

State = Literal["claimed", "dispatched", "succeeded", "failed", "unknown"]
FINISHED: Final = ("succeeded", "failed", "unknown")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What names an action in the ledger."""

    key: str
    """SHA-256 of tenant, project, session, flow, action and arguments: the idempotency key."""
    tenant: str
    project: str
    session_id: str
    flow_id: str
    action: str
    arguments_hash: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One action as the ledger knows it."""

    entry: Entry
    state: State
    finding: Finding | None
    owner: str
    lease_until: float
    claimed_at: float
    """Seconds since the epoch, of the first claim."""
    dispatched_at: float | None
    """Of the newest dispatch."""
    attempts: int
    """How often it was dispatched."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """How a claim went."""

    granted: bool
    busy: bool
    """Whether another call is at it right now."""
    row: Row
    """As it was found; as it was written where there was none."""


class Ledger(Protocol):
    """Where actions are claimed and their receipts kept. Times are seconds since the epoch."""

    async def claim(self, entry: Entry, *, lease_seconds: float, again: tuple[State, ...]) -> Claim:
        """Claim it for this worker.

        A row that is there is taken over only in one of the states `again`, and an unfinished one only when its worker
        is dead or its lease has run out.
        """

    async def dispatch(self, key: str) -> bool:
        """Note that bytes are about to leave; False where the claim is not this worker's any more."""

    async def finish(self, key: str, finding: Finding) -> None:
        """Note what became of it; a success is never overwritten."""

    async def release(self, key: str) -> None:
        """Forget a claim of this worker's under which nothing was sent."""

    async def get(self, key: str) -> Row | None:
        """One row."""

    async def rows(self, *, tenant: str, project: str | None = None, session_id: str | None = None) -> list[Row]:
        """The rows of a session, a project or a tenant, oldest first."""

    async def erase(self, *, tenant: str, project: str | None = None, session_id: str | None = None) -> int:
        """Remove them; says how many there were."""


_SCHEMA: Final[Schema] = (
    statements("""
CREATE TABLE IF NOT EXISTS action_ledger (
    key TEXT PRIMARY KEY, tenant TEXT NOT NULL, project TEXT NOT NULL, session_id TEXT NOT NULL, flow_id TEXT NOT NULL,
    action TEXT NOT NULL, arguments_hash TEXT NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL,
    lease_until REAL NOT NULL, claimed_at REAL NOT NULL, dispatched_at REAL, attempts INTEGER NOT NULL DEFAULT 0,
    http_status INTEGER, result TEXT NOT NULL DEFAULT '{}', reference TEXT, error TEXT, finished_at REAL,
    UNIQUE (tenant, project, session_id, flow_id, action, arguments_hash)
) WITHOUT ROWID
"""),
)
_OF_SCOPE: Final = "tenant = ? AND (? IS NULL OR project = ?) AND (? IS NULL OR session_id = ?)"


class SqliteLedger:
    """The ledger in an SQLite file that several processes of one machine may share."""

    def __init__(self, path: Path, owner: Owner, *, now: Callable[[], float] = time.time) -> None:
        self._file = SqliteFile(path, _SCHEMA)
        self._owner = owner
        self._now = now

    async def claim(self, entry: Entry, *, lease_seconds: float, again: tuple[State, ...]) -> Claim:
        """See Ledger."""

        def work(connection: sqlite3.Connection) -> Claim:
            found = _get(connection, entry.key)
            busy = found is not None and self._busy(found)
            if found is not None and (busy or found.state not in again):
                return Claim(granted=False, busy=busy, row=found)
            claim = (self._owner.name, self._now() + lease_seconds)
            if found is None:
                values = (entry.key, entry.tenant, entry.project, entry.session_id, entry.flow_id, entry.action)
                connection.execute(
                    "INSERT INTO action_ledger (key, tenant, project, session_id, flow_id, action, arguments_hash,"
                    " state, owner, lease_until, claimed_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'claimed', ?, ?, ?)",
                    (*values, entry.arguments_hash, *claim, self._now()),
                )
            else:
                connection.execute(
                    "UPDATE action_ledger SET state = 'claimed', owner = ?, lease_until = ? WHERE key = ?",
                    (*claim, entry.key),
                )
            return Claim(granted=True, busy=False, row=found or _required(_get(connection, entry.key)))

        return await self._file.run(work)

    async def dispatch(self, key: str) -> bool:
        """See Ledger."""
        statement = (
            "UPDATE action_ledger SET state = 'dispatched', dispatched_at = ?, attempts = attempts + 1"
            " WHERE key = ? AND owner = ? AND state IN ('claimed', 'dispatched') AND lease_until > ?"
        )
        values = (self._now(), key, self._owner.name, self._now())
        return await self._file.run(lambda connection: connection.execute(statement, values).rowcount == 1)

    async def finish(self, key: str, finding: Finding) -> None:
        """See Ledger."""
        statement = (
            "UPDATE action_ledger SET state = ?, http_status = ?, result = ?, reference = ?, error = ?,"
            " finished_at = ?, lease_until = 0 WHERE key = ? AND state != 'succeeded'"
        )
        result = json.dumps(finding.result, ensure_ascii=False)
        values = (finding.state, finding.http_status, result, finding.reference, finding.error, self._now(), key)
        await self._file.run(lambda connection: connection.execute(statement, values))

    async def release(self, key: str) -> None:
        """See Ledger."""
        statement = "DELETE FROM action_ledger WHERE key = ? AND owner = ? AND state = 'claimed' AND attempts = 0"
        await self._file.run(lambda connection: connection.execute(statement, (key, self._owner.name)))

    async def get(self, key: str) -> Row | None:
        """See Ledger."""
        return await self._file.run(lambda connection: _get(connection, key))

    async def rows(self, *, tenant: str, project: str | None = None, session_id: str | None = None) -> list[Row]:
        """See Ledger."""
        statement = f"SELECT * FROM action_ledger WHERE {_OF_SCOPE} ORDER BY claimed_at"  # noqa: S608 - a constant
        values = (tenant, project, project, session_id, session_id)
        return await self._file.run(lambda connection: [_row(one) for one in connection.execute(statement, values)])

    async def erase(self, *, tenant: str, project: str | None = None, session_id: str | None = None) -> int:
        """See Ledger."""
        statement = f"DELETE FROM action_ledger WHERE {_OF_SCOPE}"  # noqa: S608 - a constant
        values = (tenant, project, project, session_id, session_id)
        return await self._file.run(lambda connection: connection.execute(statement, values).rowcount)

    async def check(self) -> str | None:
        """What is wrong where actions cannot be written down, and are not done; None where they can."""
        return await self._file.check()

    async def aclose(self) -> None:
        """Close the file."""
        await self._file.aclose()

    def _busy(self, row: Row) -> bool:
        """Whether a call is at it: unfinished, its lease running and its worker alive."""
        return row.state not in FINISHED and row.lease_until > self._now() and self._owner.lives(row.owner)


def _get(connection: sqlite3.Connection, key: str) -> Row | None:
    found = connection.execute("SELECT * FROM action_ledger WHERE key = ?", (key,)).fetchone()
    return None if found is None else _row(found)


def _required(row: Row | None) -> Row:
    if row is None:
        raise sqlite3.IntegrityError("a row that was just written is gone")
    return row


def _row(found: sqlite3.Row) -> Row:
    finding = None
    if found["state"] in FINISHED:
        finding = Finding(
            state=found["state"],
            http_status=found["http_status"],
            result=json.loads(found["result"]),
            reference=found["reference"],
            error=found["error"],
        )
    names = ("key", "tenant", "project", "session_id", "flow_id", "action", "arguments_hash")
    return Row(
        entry=Entry(**{name: found[name] for name in names}),
        state=found["state"],
        finding=finding,
        owner=found["owner"],
        lease_until=found["lease_until"],
        claimed_at=found["claimed_at"],
        dispatched_at=found["dispatched_at"],
        attempts=found["attempts"],
    )
