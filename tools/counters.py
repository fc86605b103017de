"""Numbers that several processes add to: turns of a minute, tokens of a day."""

import time
from collections.abc import Callable
from typing import Final

from limits.aio.storage import Storage

from tools.database import Connection, Database
from tools.errors import LedgerUnavailableError
from tools.migrations import Schema, statements

SCHEMA: Final[Schema] = (
    statements("""
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, amount INTEGER NOT NULL, until REAL NOT NULL);
CREATE INDEX IF NOT EXISTS counters_ended ON counters (until)
"""),
)
_ADD: Final = """
INSERT INTO counters (name, amount, until) VALUES (:name, :amount, :until)
ON CONFLICT (name) DO UPDATE SET
    amount = excluded.amount + CASE WHEN counters.until > :now THEN counters.amount ELSE 0 END,
    until = CASE WHEN counters.until > :now THEN counters.until ELSE excluded.until END
"""
_READ: Final = "SELECT amount, until FROM counters WHERE name = :name AND until > :now"
_TIDY_SECONDS: Final = 3600.0


class Counters:
    """Numbers in a database, each for a while."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now
        self._tidied = 0.0

    async def add(self, name: str, amount: int, *, seconds: int) -> int:
        """What the number comes to; `seconds` after it was begun it begins anew. Raises LedgerUnavailableError."""
        now = self._now()
        values = {"name": name, "amount": amount, "until": now + seconds, "now": now}

        def work(connection: Connection) -> int:
            if now - self._tidied > _TIDY_SECONDS:
                connection.execute("DELETE FROM counters WHERE until <= :now", {"now": now})
            connection.execute(_ADD, values)
            row = connection.execute(_READ, {"name": name, "now": now}).fetchone()
            return int(row["amount"]) if row else amount

        came_to = await self._database.write(work)
        if now - self._tidied > _TIDY_SECONDS:
            self._tidied = now
        return came_to

    async def read(self, name: str) -> int:
        """What the number is; 0 where there is none, or no longer. Raises LedgerUnavailableError."""
        return (await self._found(name))[0]

    async def until(self, name: str) -> float:
        """When the number begins anew; now, where there is none. Raises LedgerUnavailableError."""
        return (await self._found(name))[1]

    async def forget(self, name: str) -> None:
        """Begin the number anew. Raises LedgerUnavailableError."""
        await self._database.write(
            lambda connection: connection.execute("DELETE FROM counters WHERE name = :name", {"name": name}).rowcount
        )

    async def check(self) -> str | None:
        """What readiness tells of counters that cannot be used; None where they can."""
        return await self._database.check()

    async def _found(self, name: str) -> tuple[int, float]:
        now = self._now()
        values = {"name": name, "now": now}
        row = await self._database.read(lambda connection: connection.execute(_READ, values).fetchone())
        return (int(row["amount"]), float(row["until"])) if row else (0, now)


class CounterStorage(Storage):
    """Counters as the library `limits` wants them."""

    STORAGE_SCHEME = None

    def __init__(self, counters: Counters) -> None:
        super().__init__()
        self._counters = counters

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may be raised."""
        return LedgerUnavailableError

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """What the number comes to."""
        return await self._counters.add(key, amount, seconds=expiry)

    async def get(self, key: str) -> int:
        """What the number is."""
        return await self._counters.read(key)

    async def get_expiry(self, key: str) -> float:
        """When it begins anew."""
        return await self._counters.until(key)

    async def check(self) -> bool:
        """Whether it can be used."""
        return await self._counters.check() is None

    async def reset(self) -> int | None:
        """Not offered: the counters hold more than limits."""
        raise NotImplementedError  # as the library's own storages say that do not offer it

    async def clear(self, key: str) -> None:
        """Begin the number anew."""
        await self._counters.forget(key)
