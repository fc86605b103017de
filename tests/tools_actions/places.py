"""Where rows are kept in a test: SQLite files, or a PostgreSQL database. Each opening is a worker of its own."""

from contextlib import asynccontextmanager

import psycopg

from tools.ledger import SCHEMA as LEDGER
from tools.ledger import ActionLedger
from tools.outbox import SCHEMA as DESK
from tools.outbox import Outbox
from tools.owners import FileOwner
from tools.postgres import Postgres, PostgresTables
from tools.postgres_owner import PostgresOwner
from tools.postgres_url import PostgresAddress
from tools.sqlite_file import SqliteFile


class FilePlace:
    def __init__(self, folder):
        self._folder = folder

    async def empty(self):
        """A folder of the test's own is."""

    @asynccontextmanager
    async def ledger(self):
        with FileOwner(self._folder / "workers") as owner:
            opened = ActionLedger(SqliteFile(self._folder / "ledger.sqlite3", LEDGER), owner)
            yield opened
            await opened.aclose()

    @asynccontextmanager
    async def outbox(self):
        with FileOwner(self._folder / "workers") as owner:
            opened = Outbox(SqliteFile(self._folder / "desk.sqlite3", DESK), owner)
            yield opened
            await opened.aclose()

    async def everything(self):
        """All bytes of what is kept."""
        return b"".join(path.read_bytes() for path in self._folder.glob("*.sqlite3*"))


class PostgresPlace:
    def __init__(self, url):
        self.address = PostgresAddress(url)

    async def empty(self):
        """The database is its module's: rows of the test before are removed."""
        async with await self._connect() as connection:
            for table in await self._tables(connection):
                await connection.execute(f"DELETE FROM {table}".encode())  # noqa: S608 - our own names

    @asynccontextmanager
    async def ledger(self):
        async with PostgresOwner(self.address) as owner, Postgres(self.address) as server:
            yield ActionLedger(PostgresTables(server, "ledger", LEDGER), owner)

    @asynccontextmanager
    async def outbox(self):
        async with PostgresOwner(self.address) as owner, Postgres(self.address) as server:
            yield Outbox(PostgresTables(server, "desk", DESK), owner)

    async def everything(self):
        async with await self._connect() as connection:
            rows = [
                await (await connection.execute(f"SELECT * FROM {table}".encode())).fetchall()  # noqa: S608 - our own names
                for table in await self._tables(connection)
            ]
        return repr(rows).encode()

    async def _connect(self):
        return await psycopg.AsyncConnection.connect(**self.address.options, autocommit=True)

    async def _tables(self, connection):
        found = await connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return [name for (name,) in await found.fetchall() if name != "switchboard_schema"]
