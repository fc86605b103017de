"""The action ledger: what was begun, by whom, and what became of it, written before and after every effect.

A row is claimed under its key before the request leaves, so that running a turn again finds the claim:

    (none) ── claim ──→ claimed ── dispatch ──→ dispatched ──→ succeeded | failed | unknown

`claimed` says that nothing was sent yet, `dispatched` that it may have been. A claim belongs to a worker for the length
of a lease; nobody else dispatches it meanwhile. Arguments are not stored, only their hash, except what a `status`
action needs while the outcome is not known (`tools.lookups`); results are the variables that the project maps.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final, Literal, Protocol

from tools.database import Connection, Database, Values, counted, of_scope
from tools.database import Row as DatabaseRow
from tools.errors import LedgerUnavailableError
from tools.findings import Finding
from tools.migrations import Schema, add_column, statements
from tools.owners import Owner

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
    lookup: str | None = None
    """What its `status` action needs to know, until the outcome is known."""


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

    async def claim(
        self, entry: Entry, *, lease_seconds: float, again: tuple[State, ...], lookup: str | None = None
    ) -> Claim:
        """Claim it for this worker, keeping `lookup` with it.

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


SCHEMA: Final[Schema] = (
    statements("""
CREATE TABLE IF NOT EXISTS action_ledger (
    key TEXT PRIMARY KEY, tenant TEXT NOT NULL, project TEXT NOT NULL, session_id TEXT NOT NULL, flow_id TEXT NOT NULL,
    action TEXT NOT NULL, arguments_hash TEXT NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL,
    lease_until REAL NOT NULL, claimed_at REAL NOT NULL, dispatched_at REAL, attempts INTEGER NOT NULL DEFAULT 0,
    http_status INTEGER, result TEXT NOT NULL DEFAULT '{}', reference TEXT, error TEXT, finished_at REAL,
    UNIQUE (tenant, project, session_id, flow_id, action, arguments_hash)
) WITHOUT ROWID
"""),
    add_column("action_ledger", "lookup", "TEXT DEFAULT NULL"),
    statements("CREATE INDEX IF NOT EXISTS action_ledger_by_state ON action_ledger (state)"),
)

_TRIES: Final = 50
"""How often a claim looks again because another worker changed the row meanwhile; each time, that one got on."""


class ActionLedger:
    """The ledger in a database that several processes may share."""

    def __init__(self, database: Database, owner: Owner, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._owner = owner
        self._now = now

    async def claim(
        self, entry: Entry, *, lease_seconds: float, again: tuple[State, ...], lookup: str | None = None
    ) -> Claim:
        """See Ledger."""

        def work(connection: Connection) -> Claim:
            for _ in range(_TRIES):
                if self._entered(connection, entry, lease_seconds, lookup):
                    return Claim(granted=True, busy=False, row=_required(_get(connection, entry.key)))
                found = _get(connection, entry.key)
                if found is None:
                    continue
                busy = self._busy(connection, found)
                if busy or found.state not in again:
                    return Claim(granted=False, busy=busy, row=found)
                if self._taken_over(connection, found, lease_seconds, lookup):
                    return Claim(granted=True, busy=False, row=found)
            raise LedgerUnavailableError("the row is claimed again and again by others")

        return await self._database.write(work)

    def _entered(self, connection: Connection, entry: Entry, lease_seconds: float, lookup: str | None) -> bool:
        """Whether the row was not there before.

        The conflict names no index: PostgreSQL looks out for rows that come at once only under those it is to look at.
        """
        statement = (
            "INSERT INTO action_ledger (key, tenant, project, session_id, flow_id, action, arguments_hash,"
            " state, owner, lease_until, claimed_at, lookup)"
            " VALUES (:key, :tenant, :project, :session_id, :flow_id, :action, :arguments_hash,"
            " 'claimed', :owner, :lease_until, :now, :lookup) ON CONFLICT DO NOTHING"
        )
        now = self._now()
        claim = {"owner": self._owner.name, "lease_until": now + lease_seconds, "now": now, "lookup": lookup}
        return connection.execute(statement, {**asdict(entry), **claim}).rowcount == 1

    def _taken_over(self, connection: Connection, found: Row, lease_seconds: float, lookup: str | None) -> bool:
        """Whether the row is still what was found, and now this worker's."""
        statement = (
            "UPDATE action_ledger SET state = 'claimed', owner = :owner, lease_until = :lease_until, lookup = :lookup"
            " WHERE key = :key"
            " AND state = :found_state AND owner = :found_owner AND lease_until = :found_lease"
            " AND attempts = :found_attempts"
        )
        values = {
            "key": found.entry.key,
            "owner": self._owner.name,
            "lease_until": self._now() + lease_seconds,
            "lookup": lookup,
            "found_state": found.state,
            "found_owner": found.owner,
            "found_lease": found.lease_until,
            "found_attempts": found.attempts,
        }
        return connection.execute(statement, values).rowcount == 1

    async def dispatch(self, key: str) -> bool:
        """See Ledger."""
        statement = (
            "UPDATE action_ledger SET state = 'dispatched', dispatched_at = :now, attempts = attempts + 1"
            " WHERE key = :key AND owner = :owner AND state IN ('claimed', 'dispatched') AND lease_until > :now"
        )
        values = {"key": key, "owner": self._owner.name, "now": self._now()}
        return await self._changed(statement, values) == 1

    async def finish(self, key: str, finding: Finding) -> None:
        """See Ledger."""
        statement = (
            "UPDATE action_ledger SET state = :state, http_status = :http_status, result = :result,"
            " reference = :reference, error = :error, finished_at = :now, lease_until = 0,"
            " lookup = CASE WHEN :state = 'unknown' THEN lookup END"
            " WHERE key = :key AND state != 'succeeded'"
        )
        values = {
            "key": key,
            "state": finding.state,
            "http_status": finding.http_status,
            "result": json.dumps(finding.result, ensure_ascii=False),
            "reference": finding.reference,
            "error": finding.error,
            "now": self._now(),
        }
        await self._changed(statement, values)

    async def release(self, key: str) -> None:
        """See Ledger."""
        statement = (
            "DELETE FROM action_ledger WHERE key = :key AND owner = :owner AND state = 'claimed' AND attempts = 0"
        )
        await self._changed(statement, {"key": key, "owner": self._owner.name})

    async def get(self, key: str) -> Row | None:
        """See Ledger."""
        return await self._database.read(lambda connection: _get(connection, key))

    async def rows(self, *, tenant: str, project: str | None = None, session_id: str | None = None) -> list[Row]:
        """See Ledger."""
        scope = of_scope(project=project, session_id=session_id)
        statement = f"SELECT * FROM action_ledger WHERE {scope} ORDER BY claimed_at"  # noqa: S608 - names of columns
        values = {"tenant": tenant, "project": project, "session_id": session_id}
        return await self._database.read(
            lambda connection: [_row(one) for one in connection.execute(statement, values).fetchall()]
        )

    async def erase(self, *, tenant: str, project: str | None = None, session_id: str | None = None) -> int:
        """See Ledger."""
        scope = of_scope(project=project, session_id=session_id)
        statement = f"DELETE FROM action_ledger WHERE {scope}"  # noqa: S608 - names of columns
        return await self._changed(statement, {"tenant": tenant, "project": project, "session_id": session_id})

    async def counts(self) -> dict[str, int]:
        """How many actions are in each state."""
        return await self._database.read(lambda connection: counted(connection, "action_ledger"))

    async def check(self) -> str | None:
        """What is wrong where actions cannot be written down, and are not done; None where they can."""
        return await self._database.check()

    async def aclose(self) -> None:
        """Let go of the database."""
        await self._database.aclose()

    async def _changed(self, statement: str, values: Values) -> int:
        return await self._database.write(lambda connection: connection.execute(statement, values).rowcount)

    def _busy(self, connection: Connection, row: Row) -> bool:
        """Whether a call is at it: unfinished, its lease running and its worker alive."""
        return row.state not in FINISHED and row.lease_until > self._now() and self._owner.lives(row.owner, connection)


def _get(connection: Connection, key: str) -> Row | None:
    found = connection.execute("SELECT * FROM action_ledger WHERE key = :key", {"key": key}).fetchone()
    return None if found is None else _row(found)


def _required(row: Row | None) -> Row:
    if row is None:
        raise LedgerUnavailableError("a row that was just written is gone")
    return row


def _row(found: DatabaseRow) -> Row:
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
        lookup=found["lookup"],
    )
