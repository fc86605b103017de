"""The database port over PostgreSQL: one pool of connections for all schemas.

`work` is done on a few threads, each with a connection of the pool for the length of one transaction. A connection
that the server has closed is found out by the first thing asked of it, before anything was changed, and replaced: a
restart of the server costs the turns of these seconds and nothing else, and no turn asks first whether it is there.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Final, Self

import psycopg
import structlog
from psycopg.rows import DictRow, dict_row
from psycopg.sql import SQL, Identifier
from psycopg_pool import ConnectionPool

from tools.database import NONE, Connection, Row, T, Values
from tools.errors import LedgerUnavailableError
from tools.migrations import Schema, SchemaTooNewError, missing_steps
from tools.postgres_sql import definition, parameters, storable
from tools.postgres_url import PostgresAddress

CONNECTIONS: Final = 8
"""Transactions at once."""
GIVE_UP: Final = 2.0
"""Seconds after which the pool no longer tries by itself to connect; the next piece of work makes it try again."""
SESSION: Final = """
SET statement_timeout = '10s'; SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '30s';
SET default_transaction_isolation = 'read committed'
"""
"""How every connection of ours behaves: nothing waits for ever, conditional updates see what others committed."""

_SCHEMA_LOCK: Final = 0x5357_4254  # any number that all releases share
_VERSIONS: Final = "switchboard_schema"

_log = structlog.get_logger(__name__)

Raw = psycopg.Connection[DictRow]


class StaleConnectionError(psycopg.OperationalError):
    """The server had closed the connection before anything was done over it that may not be done again."""


class PostgresConnection:
    """A connection within a transaction, as the database port has it."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw

    def execute(self, statement: str, values: Values = NONE) -> psycopg.Cursor[DictRow]:
        """Run a statement with its `:name` parameters."""
        return self._raw.execute(parameters(statement).encode(), storable(values))

    def define(self, statement: str) -> None:
        """Change the schema, in SQLite's types."""
        self._raw.execute(definition(statement).encode())

    def add_column(self, table: str, name: str, definition: str) -> None:
        """Add a column where it is missing."""
        self.define(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {name} {definition}")

    def number_rows(self, table: str) -> None:
        """Give the table the `rowid` that SQLite's tables have of themselves."""
        self.add_column(table, "rowid", "BIGINT GENERATED ALWAYS AS IDENTITY")


class Postgres:
    """A PostgreSQL database; an open context."""

    def __init__(self, address: PostgresAddress) -> None:
        self._pool: ConnectionPool[Raw] = ConnectionPool(
            kwargs={**address.options, "autocommit": True, "row_factory": dict_row},
            connection_class=Raw,
            min_size=1,
            max_size=CONNECTIONS,
            timeout=address.patience,
            reconnect_timeout=GIVE_UP,
            open=False,
            configure=_configure,
            name="tables",
        )
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="postgres")

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._pool.open)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._pool.close)
        self._threads.shutdown(wait=False)

    async def run(self, work: Callable[[Raw], T]) -> T:
        """Do `work` with a connection in autocommit mode; raises LedgerUnavailableError.

        `work` that raises StaleConnectionError is done again with another connection.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, work)

    async def scrub(self, *, whole: bool) -> None:
        """With `whole` write every table anew, without what was deleted; else that is left to the server's own vacuum.

        Each table is closed to others for that while. The server's log and backups are their keeper's.
        """
        if not whole:
            return

        def work(raw: Raw) -> None:
            with known_stale(raw):
                raw.execute("SET statement_timeout = 0")
            try:
                for row in raw.execute(_TABLES.encode()).fetchall():
                    raw.execute(SQL("VACUUM (FULL) {}").format(Identifier(row["tablename"])))
            finally:
                raw.execute(SESSION.encode())

        await self.run(work)

    def _run(self, work: Callable[[Raw], T]) -> T:
        try:
            for _ in range(CONNECTIONS):
                with contextlib.suppress(StaleConnectionError), self._pool.connection() as raw:
                    return work(raw)
            with self._pool.connection() as raw:
                return work(raw)
        except SchemaTooNewError as error:
            raise LedgerUnavailableError(str(error)) from error
        except psycopg.Error as error:
            # What a log may not have: the text of other errors can quote a row.
            quotes_no_row = isinstance(error, psycopg.OperationalError | psycopg.errors.InsufficientPrivilege)
            raise LedgerUnavailableError(f"PostgreSQL: {type(error).__name__}") from (error if quotes_no_row else None)


class PostgresTables:
    """One schema's tables in a PostgreSQL database."""

    def __init__(self, server: Postgres, name: str, schema: Schema) -> None:
        self._server = server
        self._name = name
        self._schema = schema
        self._migrated = False
        self._ailment: str | None = None

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Do `work`, which writes nothing; raises LedgerUnavailableError.

        Each statement sees what is committed, as it would within a transaction of ours.
        """

        def look(raw: Raw) -> T:
            with known_stale(raw):
                self._migrate(raw)
                return work(PostgresConnection(raw))

        return await self._server.run(look)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in one transaction; raises LedgerUnavailableError."""

        def transaction(raw: Raw) -> T:
            with contextlib.ExitStack() as stack:
                with known_stale(raw):
                    self._migrate(raw)
                    stack.enter_context(raw.transaction())
                return work(PostgresConnection(raw))

        return await self._server.run(transaction)

    def _migrate(self, raw: Raw) -> None:
        if not self._migrated:
            migrate(raw, self._schema, name=self._name)
            self._migrated = True

    async def check(self) -> str | None:
        """What readiness tells of a database that cannot be used, and the log its cause once; None where it can."""
        cause = None
        try:
            found = await self.read(lambda connection: connection.execute(_READ_ONLY).fetchone())
            cause = "read-only" if found is not None and found["read_only"] else None
        except LedgerUnavailableError as error:
            cause = str(error)
        if cause is not None and cause != self._ailment:
            _log.error("database cannot be used", tables=self._name, cause=cause)
        self._ailment = cause
        return None if cause is None else "cannot be read or written"

    async def scrub(self, *, whole: bool) -> None:
        """Nothing here: all tables of the database are scrubbed at once (`Postgres.scrub`)."""

    async def aclose(self) -> None:
        """Nothing: the pool belongs to all schemas."""


@contextlib.contextmanager
def known_stale(raw: Raw) -> Iterator[None]:
    """Tell a connection that is gone from a statement that failed; what is done here may be done again.

    Raises StaleConnectionError, on which `Postgres.run` takes another connection.
    """
    try:
        yield
    except psycopg.OperationalError as error:
        if not raw.closed:
            raise
        raise StaleConnectionError(str(error)) from error


_TABLES: Final = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
_READ_ONLY: Final = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS read_only"


def migrate(raw: Raw, schema: Schema, *, name: str) -> None:
    """Take the steps that the schema of that name lacks, all of them or none; raises SchemaTooNewError.

    Processes that start at once wait for each other. A role that may not create tables can serve once they are there.
    """
    if not missing_steps(schema, _version(raw, name), name=f"{name} (PostgreSQL)"):
        return
    with raw.transaction():
        raw.execute("SELECT pg_advisory_xact_lock(%s)", (_SCHEMA_LOCK,))
        raw.execute(f"CREATE TABLE IF NOT EXISTS {_VERSIONS} (name TEXT PRIMARY KEY, version BIGINT NOT NULL)".encode())
        for step in missing_steps(schema, _version(raw, name), name=f"{name} (PostgreSQL)"):
            step(PostgresConnection(raw))
        raw.execute(
            f"INSERT INTO {_VERSIONS} (name, version) VALUES (%s, %s)"  # noqa: S608 - a constant
            " ON CONFLICT (name) DO UPDATE SET version = excluded.version".encode(),
            (name, len(schema)),
        )


def _version(raw: Raw, name: str) -> int:
    there = raw.execute("SELECT to_regclass(%s) IS NOT NULL AS there", (_VERSIONS,)).fetchone()
    if there is None or not there["there"]:
        return 0
    found: Row | None = raw.execute(
        f"SELECT version FROM {_VERSIONS} WHERE name = %s".encode(),  # noqa: S608 - a constant
        (name,),
    ).fetchone()
    return int(found["version"]) if found is not None else 0


def _configure(raw: psycopg.Connection[Any]) -> None:
    raw.execute(SESSION)
