"""Turn locks in PostgreSQL: advisory locks of one session of this worker, with a lease.

The server lets go of them when the session ends: at once where the process was killed, after some seconds where its
machine or its network is gone. A worker that hangs keeps its session, so the session says something every second while
it has locks, and one that was silent for longer than the lease is ended by whoever waits for it. What such a worker
still writes later is refused by the checkpoints (`graph/checkpoints.py`).
"""

import asyncio
import contextlib
from types import TracebackType
from typing import Any, Final, Self

import psycopg
import structlog

from tools.errors import LedgerUnavailableError
from tools.postgres_url import PostgresAddress
from tools.turn_locks import lock_number

LEASE_SECONDS: Final = 10.0
"""After so much silence a worker has lost its locks to whoever asks for one."""
_BEAT_SECONDS: Final = 1.0
_PATIENT_SECONDS: Final = 1.0
"""So long a lock is asked for before its holder is looked at."""

_TAKE: Final = "SELECT pg_try_advisory_lock(%s)"
_RELEASE: Final = "SELECT pg_advisory_unlock(%s)"
_END_SILENT: Final = """
SELECT pg_terminate_backend(holder.pid) FROM pg_locks AS held JOIN pg_stat_activity AS holder ON holder.pid = held.pid
WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 1 AND holder.pid <> pg_backend_pid()
AND CAST(held.classid AS BIGINT) = %s AND CAST(held.objid AS BIGINT) = %s
AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND holder.state = 'idle' AND holder.state_change < clock_timestamp() - make_interval(secs => %s)
"""
_SESSION: Final = """
SET statement_timeout = '5s'; SET tcp_user_timeout = '5s';
SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 2
"""
"""The server misses a machine that is gone as soon as a client would."""

_log = structlog.get_logger(__name__)


class PostgresTurnLocks:
    """This worker's turn locks; an open context."""

    def __init__(self, address: PostgresAddress, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._address = address
        self._lease_seconds = lease_seconds
        self._session: psycopg.AsyncConnection | None = None
        self._opening = asyncio.Lock()
        self._held: dict[str, psycopg.AsyncConnection] = {}
        self._beating: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Raises psycopg.Error."""
        self._session = await self._connect()
        self._beating = asyncio.create_task(self._beat(), name="turn locks")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def take(self, name: str, *, waited: float = 0.0) -> bool:
        """See TurnLocks."""
        # Whether the server did it must be known even where the caller is cancelled meanwhile.
        task = asyncio.create_task(self._take(name, waited))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            with contextlib.suppress(LedgerUnavailableError):
                if await task:
                    await self.release(name)
            raise

    async def release(self, name: str) -> None:
        """See TurnLocks."""
        session = self._held.pop(name, None)
        if session is None or session is not self._session:
            return  # the server let go of it with its session
        try:
            await asyncio.shield(session.execute(_RELEASE, (lock_number(name),), prepare=True))
        except psycopg.Error:
            await session.close()

    async def _take(self, name: str, waited: float) -> bool:
        try:
            session = await self._open_session()
            if waited > _PATIENT_SECONDS:
                await self._end_silent(session, name)
            try:
                taken = await _first(session, _TAKE, (lock_number(name),))
            except psycopg.OperationalError:
                # The session was ended since: by a restart of the server, or because it was silent.
                await session.close()
                session = await self._open_session()
                taken = await _first(session, _TAKE, (lock_number(name),))
        except psycopg.Error as error:
            raise LedgerUnavailableError(f"PostgreSQL: {type(error).__name__}") from error
        if taken:
            self._held[name] = session
        return bool(taken)

    async def _end_silent(self, session: psycopg.AsyncConnection, name: str) -> None:
        key = lock_number(name) & 0xFFFF_FFFF_FFFF_FFFF
        ended = await _first(session, _END_SILENT, (key >> 32, key & 0xFFFF_FFFF, self._lease_seconds))
        if ended:
            _log.warning("worker was silent, its turn locks are ended")

    async def _open_session(self) -> psycopg.AsyncConnection:
        async with self._opening:
            if self._session is None or self._session.closed:
                self._session = await self._connect()
                _log.warning("turn locks lost, session taken up again", turns=len(self._held))
            return self._session

    async def _connect(self) -> psycopg.AsyncConnection:
        session = await psycopg.AsyncConnection.connect(**self._address.options, autocommit=True)
        try:
            await session.execute(_SESSION, prepare=False)
        except BaseException:  # a cancellation too
            await session.close()
            raise
        return session

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            session = self._session
            if self._held and session is not None and not session.closed:
                try:
                    await session.execute("SELECT 1", prepare=True)
                except psycopg.Error:
                    await session.close()


async def _first(session: psycopg.AsyncConnection, statement: str, values: tuple[Any, ...]) -> object:
    found = await (await session.execute(statement.encode(), values, prepare=True)).fetchone()
    return found[0] if found else None
