"""Where conversations are checkpointed."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiosqlite
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import set_json_dumps
from psycopg_pool import AsyncConnectionPool

from graph.revival import prove_plain
from tools.postgres import GIVE_UP, SESSION
from tools.postgres_sql import kept
from tools.postgres_url import PostgresAddress

_CONNECTIONS: Final = 2
"""The saver uses one at a time; another is made while that one is found broken."""
_SETUP_LOCK: Final = 0x5357_4243  # any number that all releases share
_ROWS: Final[dict[str, Any]] = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}


@asynccontextmanager
async def open_sqlite_saver(path: Path) -> AsyncIterator[AsyncSqliteSaver]:
    """Checkpoints in an SQLite file.

    `synchronous=NORMAL` survives the death of the process, which is what a turn's acknowledgement promises; what must
    survive a power cut, the ledger, commits durably on its own. Nothing but plain data and messages is ever revived.
    """
    async with aiosqlite.connect(path) as connection:
        await connection.execute("PRAGMA journal_mode=WAL")
        await connection.execute("PRAGMA synchronous=NORMAL")
        await connection.execute("PRAGMA busy_timeout=5000")
        saver = AsyncSqliteSaver(connection, serde=_plain())
        await saver.setup()
        yield saver


@asynccontextmanager
async def open_postgres_saver(address: PostgresAddress) -> AsyncIterator[AsyncPostgresSaver]:
    """Checkpoints in a PostgreSQL database, over a pool of their own; raises psycopg.Error.

    A connection that the server has closed is found out before it is used and replaced.
    """
    await _set_up(address)
    pool: AsyncConnectionPool[AsyncConnection[DictRow]] = AsyncConnectionPool(
        kwargs={**address.options, **_ROWS},
        min_size=1,
        max_size=_CONNECTIONS,
        timeout=address.patience,
        reconnect_timeout=GIVE_UP,
        open=False,
        configure=_configure,
        check=AsyncConnectionPool.check_connection,
        name="checkpoints",
    )
    async with pool:
        yield AsyncPostgresSaver(pool, serde=_plain())


async def _set_up(address: PostgresAddress) -> None:
    """Make the saver's tables, one process at a time.

    Not within a transaction: it builds indexes concurrently, which waits for every transaction there is. So the lock
    is asked for again and again; whoever waited for it inside a statement would be waited for in turn.
    """
    async with await AsyncConnection.connect(**address.options, **_ROWS) as connection:
        if await _is_set_up(connection):
            return
        while not await _has_lock(connection):  # noqa: ASYNC110 - another process's work
            await asyncio.sleep(0.05)
        await AsyncPostgresSaver(connection).setup()


async def _is_set_up(connection: AsyncConnection[DictRow]) -> bool:
    """Whether there is nothing to make: then a role that may make nothing can serve."""
    there = await (await connection.execute("SELECT to_regclass('checkpoint_migrations') AS found")).fetchone()
    if there is None or there["found"] is None:
        return False
    newest = await (await connection.execute("SELECT max(v) AS found FROM checkpoint_migrations")).fetchone()
    return newest is not None and newest["found"] == len(AsyncPostgresSaver.MIGRATIONS) - 1


async def _has_lock(connection: AsyncConnection[DictRow]) -> bool:
    taken = await (await connection.execute("SELECT pg_try_advisory_lock(%s) AS taken", (_SETUP_LOCK,))).fetchone()
    return taken is not None and bool(taken["taken"])


def _plain() -> JsonPlusSerializer:
    """Revives plain data and messages, proved; raises UnsafeRevivalError."""
    serializer = JsonPlusSerializer(allowed_msgpack_modules=None, pickle_fallback=False)
    prove_plain(serializer)
    return serializer


async def _configure(connection: AsyncConnection[Any]) -> None:
    await connection.execute(SESSION, prepare=False)  # several statements at once
    set_json_dumps(_json, connection)


def _json(value: Any) -> str:
    """JSON that PostgreSQL can keep: it refuses NUL, half characters and numbers that JSON does not have."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = ""
    if not text or "\\u0000" in text or kept(text) != text:
        text = json.dumps(_kept(value), ensure_ascii=False, allow_nan=False)
    return text


def _kept(value: Any) -> Any:
    if isinstance(value, str):
        return kept(value)
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {_kept(key): _kept(item) for key, item in value.items()}
    return [_kept(item) for item in value] if isinstance(value, list | tuple) else value
