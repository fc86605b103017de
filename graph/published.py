"""Published versions and the pointer to the current one of each project, in the database that all workers share.

Every change counts up one row, which workers look at. It is changed first in each transaction, so that changes come one
after the other and none is overlooked.
"""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, Literal

from pydantic import JsonValue

from tools.database import Connection, Database, Row, of_scope
from tools.errors import LedgerUnavailableError
from tools.migrations import Schema, statements

SCHEMA: Final[Schema] = (
    statements("""
CREATE TABLE IF NOT EXISTS published_versions (
    tenant TEXT NOT NULL, project TEXT NOT NULL, version TEXT NOT NULL, archive TEXT NOT NULL, digest TEXT NOT NULL,
    calibrations TEXT NOT NULL, knowledge TEXT, scenarios INTEGER NOT NULL, published_at REAL NOT NULL,
    published_by TEXT NOT NULL, PRIMARY KEY (tenant, project, version)
);
CREATE TABLE IF NOT EXISTS version_moves (
    position INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, project TEXT NOT NULL, version TEXT NOT NULL,
    kind TEXT NOT NULL, moved_at REAL NOT NULL, moved_by TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS version_clock (id INTEGER PRIMARY KEY, ticks INTEGER NOT NULL);
INSERT INTO version_clock (id, ticks) VALUES (1, 0) ON CONFLICT (id) DO NOTHING
"""),
)

SETTLING_SECONDS: Final = 60.0
"""So long after it was current a session may have begun on a version without being listed yet."""

Move = Literal["published", "rolled back"]

_POINTERS: Final = """
SELECT m.tenant AS tenant, m.project AS project, m.version AS version FROM version_moves AS m WHERE m.position =
    (SELECT MAX(n.position) FROM version_moves AS n WHERE n.tenant = m.tenant AND n.project = m.project)
"""
_NAMED: Final = "tenant = :tenant AND project = :project AND version = :version"
_MOVE: Final = """
INSERT INTO version_moves (tenant, project, version, kind, moved_at, moved_by)
SELECT tenant, project, version, :kind, :now, :by FROM published_versions
WHERE tenant = :tenant AND project = :project AND version = :version
"""


class VersionKeptError(Exception):
    """The version may not be removed; the message says why."""


@dataclass(frozen=True, kw_only=True)
class PublishedVersion:
    """What is known of a published version, its files aside."""

    tenant: str
    project: str
    name: str
    published_by: str
    scenarios: int
    """How many were played and passed before it was published."""
    knowledge: str | None
    """The documents it was published with, as a fingerprint."""
    published_at: str = ""
    """Set when it is kept."""


@dataclass(frozen=True, kw_only=True)
class KeptVersion:
    """A published version with all that a worker needs to serve it."""

    archive: bytes
    calibrations: Sequence[Mapping[str, JsonValue]]


@dataclass(frozen=True, kw_only=True)
class Board:
    """All that is published, at one moment."""

    ticks: int
    pointers: Mapping[tuple[str, str], str]
    """Tenant and project → the version that new sessions take."""
    versions: frozenset[tuple[str, str, str]]


class PublishedVersions:
    """The tables of published versions."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def ticks(self) -> int:
        """Counts up with every change; raises LedgerUnavailableError as everything here does."""
        return await self._database.read(_ticks)

    async def board(self) -> Board:
        """What is published and what is current."""

        def work(connection: Connection) -> Board:
            # First: what changes after it is looked at again.
            ticks = _ticks(connection)
            pointers = {(row["tenant"], row["project"]): row["version"] for row in connection.execute(_POINTERS)}
            known = connection.execute("SELECT tenant, project, version FROM published_versions")
            return Board(
                ticks=ticks,
                pointers=pointers,
                versions=frozenset((row["tenant"], row["project"], row["version"]) for row in known),
            )

        return await self._database.read(work)

    async def add(self, version: PublishedVersion, kept: KeptVersion) -> None:
        """Keep a version; what is kept under its name already stays as it is, but for who published it last."""
        values = {
            "tenant": version.tenant,
            "project": version.project,
            "version": version.name,
            "archive": base64.b64encode(kept.archive).decode(),
            "digest": hashlib.sha256(kept.archive).hexdigest(),
            "calibrations": json.dumps([dict(one) for one in kept.calibrations], ensure_ascii=False),
            "knowledge": version.knowledge,
            "scenarios": version.scenarios,
            "now": self._now(),
            "by": version.published_by,
        }
        statement = (
            "INSERT INTO published_versions (tenant, project, version, archive, digest, calibrations, knowledge,"
            " scenarios, published_at, published_by) VALUES (:tenant, :project, :version, :archive, :digest,"
            " :calibrations, :knowledge, :scenarios, :now, :by) ON CONFLICT (tenant, project, version) DO UPDATE SET"
            " calibrations = excluded.calibrations, knowledge = excluded.knowledge, scenarios = excluded.scenarios,"
            " published_at = excluded.published_at, published_by = excluded.published_by"
        )

        def work(connection: Connection) -> None:
            _tick(connection)
            connection.execute(statement, values)

        await self._database.write(work)

    async def point(self, tenant: str, project: str, version: str, *, kind: Move, by: str) -> bool:
        """Let new sessions take this version; False where it is not published (any more)."""
        values = {"tenant": tenant, "project": project, "version": version}

        def work(connection: Connection) -> bool:
            _tick(connection)
            more = {"kind": kind, "now": self._now(), "by": by}
            return connection.execute(_MOVE, {**values, **more}).rowcount == 1

        return await self._database.write(work)

    async def fetch(self, tenant: str, project: str, version: str) -> KeptVersion | None:
        """A version's files and calibrations; None where it is not published. Raises where they are damaged."""
        statement = f"SELECT archive, digest, calibrations FROM published_versions WHERE {_NAMED}"  # noqa: S608 - a constant
        values = {"tenant": tenant, "project": project, "version": version}
        row = await self._database.read(lambda connection: connection.execute(statement, values).fetchone())
        if row is None:
            return None
        archive = base64.b64decode(row["archive"])
        if hashlib.sha256(archive).hexdigest() != row["digest"]:
            raise LedgerUnavailableError(f"the files of version {version} are damaged in the database")
        return KeptVersion(archive=archive, calibrations=json.loads(row["calibrations"]))

    async def versions(self, tenant: str, project: str) -> list[PublishedVersion]:
        """A project's published versions, the newest first."""
        statement = (
            "SELECT tenant, project, version, knowledge, scenarios, published_at, published_by FROM published_versions"
            " WHERE tenant = :tenant AND project = :project ORDER BY published_at DESC"
        )
        values = {"tenant": tenant, "project": project}
        rows = await self._database.read(lambda connection: connection.execute(statement, values).fetchall())
        return [_version(row) for row in rows]

    async def before(self, tenant: str, project: str) -> str | None:
        """What was current before the current version was published; None where nothing was."""
        statement = (
            "SELECT version, kind FROM version_moves WHERE tenant = :tenant AND project = :project ORDER BY position"
        )
        values = {"tenant": tenant, "project": project}
        rows = await self._database.read(lambda connection: connection.execute(statement, values).fetchall())
        known = {one.name for one in await self.versions(tenant, project)}
        return _previous([(row["version"], row["kind"]) for row in rows], known)

    async def remove(self, tenant: str, project: str, version: str) -> bool:
        """Remove a version that no session needs; False where there is none.

        Raises VersionKeptError where it is current, or was until a moment ago.
        """
        values = {"tenant": tenant, "project": project, "version": version}

        def work(connection: Connection) -> bool:
            _tick(connection)
            self._refuse_current(connection, tenant, project, version)
            gone = connection.execute(f"DELETE FROM published_versions WHERE {_NAMED}", values).rowcount  # noqa: S608 - a constant
            return gone == 1

        return await self._database.write(work)

    async def erase(self, *, tenant: str, project: str | None = None, session_id: str | None = None) -> int:
        """Remove all versions of a tenant or a project; of a session there is nothing here."""
        if session_id is not None:
            return 0
        values, scope = {"tenant": tenant, "project": project}, of_scope(project=project)

        def work(connection: Connection) -> int:
            _tick(connection)
            connection.execute(f"DELETE FROM version_moves WHERE {scope}", values)  # noqa: S608 - names of columns
            return connection.execute(f"DELETE FROM published_versions WHERE {scope}", values).rowcount  # noqa: S608 - names of columns

        return await self._database.write(work)

    def _refuse_current(self, connection: Connection, tenant: str, project: str, version: str) -> None:
        statement = "SELECT version, moved_at FROM version_moves WHERE tenant = :tenant AND project = :project"
        values = {"tenant": tenant, "project": project}
        moves = connection.execute(f"{statement} ORDER BY position", values).fetchall()
        if moves and moves[-1]["version"] == version:
            raise VersionKeptError(f"{version} is current: new sessions take it; publish or roll back to another first")
        ended = [
            later["moved_at"]
            for now, later in pairwise(moves)
            if now["version"] == version and later["version"] != version
        ]
        if ended and self._now() - ended[-1] < SETTLING_SECONDS:
            raise VersionKeptError(
                f"{version} was current until a moment ago: sessions may just have begun on it; try again in a minute"
            )


def _previous(moves: Sequence[tuple[str, str]], known: set[str]) -> str | None:
    """A rollback takes back what was published last, and the next one what was published before that."""
    stack: list[str] = []
    for version, kind in moves:
        if kind == "rolled back" and version in stack:
            del stack[stack.index(version) + 1 :]
        else:
            stack = [*(one for one in stack if one != version), version]
    earlier = [one for one in stack[:-1] if one in known]
    return earlier[-1] if earlier else None


def _ticks(connection: Connection) -> int:
    row = connection.execute("SELECT ticks FROM version_clock WHERE id = 1").fetchone()
    return int(row["ticks"]) if row is not None else 0


def _tick(connection: Connection) -> None:
    connection.execute("UPDATE version_clock SET ticks = ticks + 1 WHERE id = 1")


def _version(row: Row) -> PublishedVersion:
    return PublishedVersion(
        tenant=row["tenant"],
        project=row["project"],
        name=row["version"],
        published_at=datetime.fromtimestamp(row["published_at"], UTC).isoformat(timespec="seconds"),
        published_by=row["published_by"],
        scenarios=row["scenarios"],
        knowledge=row["knowledge"],
    )
