"""A worker among those that share a PostgreSQL database: alive as long as its session holds an advisory lock.

The session is a connection of its own, in no pool. The server ends it, and lets go of the lock, when the process or its
machine's network is gone; a session that the server lost is taken up again, and until then leases protect its claims.
"""

import asyncio
import contextlib
import hashlib
import uuid
from types import TracebackType
from typing import Final, Self

import psycopg
import structlog

from tools.database import Connection
from tools.postgres_url import PostgresAddress

_RETRY_SECONDS: Final = 0.5
_HELD: Final = """
SELECT 1 AS held FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
AND CAST(classid AS BIGINT) = :high AND CAST(objid AS BIGINT) = :low
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

_log = structlog.get_logger(__name__)


class PostgresOwner:
    """This process's name among the workers of a database; an open context."""

    def __init__(self, address: PostgresAddress) -> None:
        self._address = address
        self.name = uuid.uuid4().hex
        self._session: psycopg.AsyncConnection | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Raises psycopg.Error."""
        self._session = await self._enter()
        self._task = asyncio.create_task(self._stay(self._session), name="worker lock")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def lives(self, name: str, connection: Connection) -> bool:
        """Whether the worker of that name still runs; this one does."""
        if name == self.name:
            return True
        key = _key(name) & 0xFFFF_FFFF_FFFF_FFFF
        values = {"high": key >> 32, "low": key & 0xFFFF_FFFF}
        return connection.execute(_HELD, values).fetchone() is not None

    async def _enter(self) -> psycopg.AsyncConnection:
        session = await psycopg.AsyncConnection.connect(**self._address.options, autocommit=True)
        try:
            # Shared, so that it need not wait for the session before it, which the server may not have missed yet.
            await session.execute("SELECT pg_advisory_lock_shared(%s)", (_key(self.name),))
        except BaseException:  # a cancellation too: a session that nobody holds must not keep the lock
            await session.close()
            raise
        return session

    async def _stay(self, session: psycopg.AsyncConnection) -> None:
        """Wait for the session's end, which only comes unwanted, and take it up again."""
        while True:
            with contextlib.suppress(psycopg.Error):
                async for _ in session.notifies():
                    pass
            await session.close()
            _log.warning("worker lock lost")
            session = self._session = await self._enter_again()
            _log.info("worker lock held again")

    async def _enter_again(self) -> psycopg.AsyncConnection:
        while True:
            try:
                return await self._enter()
            except psycopg.Error:
                await asyncio.sleep(_RETRY_SECONDS)


def _key(name: str) -> int:
    """The worker's number among advisory locks."""
    return int.from_bytes(hashlib.sha256(f"switchboard worker {name}".encode()).digest()[:8], signed=True)
