"""The database port over one SQLite file: the ledger's, the desk's outbox's, the turn log's.

One connection on a thread of its own. `synchronous=FULL`, unlike the checkpoints' NORMAL: in WAL mode NORMAL loses the
newest commits when the machine loses power, and a claim lost after its request was sent would let the request be sent
again. What is written here is small and rare, so the price is a few milliseconds an action.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from tools.database import Connection, T
from tools.errors import LedgerUnavailableError
from tools.migrations import Schema, SchemaTooNewError, migrate
from tools.sqlite_connection import Begin, SqliteConnection, transaction

_log = structlog.get_logger(__name__)


class SqliteFile:
    """A file and the schema it has; work is done in transactions, off the event loop."""

    def __init__(self, path: Path, schema: Schema, *, busy_seconds: float = 5.0, durable: bool = True) -> None:
        self._path = path
        self._synchronous = "FULL" if durable else "NORMAL"
        self._schema = schema
        self._busy_seconds = busy_seconds
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._connection: sqlite3.Connection | None = None
        self._ailment: str | None = None

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Do `work`, which writes nothing, in one transaction; raises LedgerUnavailableError."""
        return await self._soon(work, "BEGIN")

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in one transaction that nobody else writes in; raises LedgerUnavailableError."""
        return await self._soon(work, "BEGIN IMMEDIATE")

    async def check(self) -> str | None:
        """What readiness tells of a file that cannot be used, and the log its cause once; None where it can."""
        cause = None
        try:
            await self.write(lambda connection: connection.execute("SELECT count(*) FROM sqlite_master").fetchone())
        except LedgerUnavailableError as error:
            cause = str(error)
        if cause is not None and cause != self._ailment:
            _log.error("file cannot be used", cause=cause)
        self._ailment = cause
        return None if cause is None else "cannot be read or written"

    async def scrub(self, *, whole: bool) -> None:
        """Leave nothing of what was deleted: in the write-ahead log, and with `whole` in any page of the file.

        Pages are overwritten as rows are deleted; `whole` is for rows that an older release deleted or changed. Raises
        LedgerUnavailableError where others are reading for so long that it cannot be done.
        """
        await asyncio.get_running_loop().run_in_executor(self._thread, self._scrub, whole)

    def _scrub(self, whole: bool) -> None:  # noqa: FBT001 - an executor passes no keywords
        try:
            connection = self._open()
            if whole:
                connection.execute("VACUUM")
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except (sqlite3.Error, OSError) as error:
            raise LedgerUnavailableError(f"{self._path.name}: {type(error).__name__}") from error
        if busy:
            raise LedgerUnavailableError(f"{self._path.name}: others read it; what was erased is still in its log")

    async def aclose(self) -> None:
        """Close the file; it can be used again, which opens it anew."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)

    async def _soon(self, work: Callable[[Connection], T], begin: Begin) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work, begin)

    def _run(self, work: Callable[[Connection], T], begin: Begin) -> T:
        try:
            connection = self._open()
            with transaction(connection, begin):
                return work(SqliteConnection(connection))
        except SchemaTooNewError as error:
            raise LedgerUnavailableError(str(error)) from error
        except (sqlite3.Error, OSError) as error:
            raise LedgerUnavailableError(f"{self._path.name}: {type(error).__name__}") from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self._path, timeout=self._busy_seconds, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare(connection)
            except BaseException:  # whatever ends it, a cancellation too: no half-open file is left
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.row_factory = sqlite3.Row
        # Two processes that turn a new file to WAL at once: SQLite answers "locked" without waiting for busy_timeout.
        patient = Retrying(
            retry=retry_if_exception_type(sqlite3.OperationalError),
            stop=stop_after_delay(self._busy_seconds),
            wait=wait_fixed(0.02),
            reraise=True,
        )
        patient(connection.execute, "PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={self._synchronous}")
        # What is erased is overwritten, not only unlinked.
        connection.execute("PRAGMA secure_delete=ON")
        patient(migrate, connection, self._schema, file=self._path.name)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
