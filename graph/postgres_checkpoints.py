"""Checkpoints in PostgreSQL: LangGraph's saver and its tables, with one row and one value a turn."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_id,
)
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from graph.checkpoints import SPLIT, Placed, broke, lean, plain, whole
from tools.errors import LedgerUnavailableError
from tools.postgres import GIVE_UP, SESSION, Postgres, Raw, known_stale
from tools.postgres_sql import kept
from tools.postgres_url import PostgresAddress

_CONNECTIONS: Final = 1
"""For threads that are deleted and what older releases wrote."""
_SETUP_LOCK: Final = 0x5357_4243  # any number that all releases share
_ROWS: Final[dict[str, Any]] = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
_FENCE: Final = """
CREATE UNIQUE INDEX IF NOT EXISTS checkpoints_in_line ON checkpoints
(thread_id, checkpoint_ns, coalesce(parent_checkpoint_id, '')) WHERE checkpoint -> 'channel_versions' = '{}'
"""
"""No two checkpoints are made from the same one: what `lean` leaves is guarded, what an older release wrote is not."""
_NEWEST: Final = """
SELECT c.checkpoint_id, c.parent_checkpoint_id, c.metadata, b.type, b.blob FROM checkpoints AS c
LEFT JOIN checkpoint_blobs AS b ON b.thread_id = c.thread_id AND b.checkpoint_ns = c.checkpoint_ns
AND b.channel = '*' AND b.version = c.checkpoint_id
WHERE c.thread_id = %(thread)s AND c.checkpoint_ns = %(ns)s
AND (CAST(%(id)s AS TEXT) IS NULL OR c.checkpoint_id = %(id)s) ORDER BY c.checkpoint_id DESC LIMIT 1
"""
_ALL: Final = """
SELECT c.checkpoint_id, c.parent_checkpoint_id, c.metadata, b.type, b.blob FROM checkpoints AS c
JOIN checkpoint_blobs AS b ON b.thread_id = c.thread_id AND b.checkpoint_ns = c.checkpoint_ns
AND b.channel = '*' AND b.version = c.checkpoint_id
WHERE c.thread_id = %(thread)s AND c.checkpoint_ns = %(ns)s
AND (CAST(%(before)s AS TEXT) IS NULL OR c.checkpoint_id < %(before)s) ORDER BY c.checkpoint_id DESC LIMIT %(most)s
"""
_PUT: Final = """
WITH put AS (
    INSERT INTO checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
    SELECT %(thread)s, %(ns)s, %(id)s, %(parent)s, %(checkpoint)s, %(metadata)s WHERE NOT EXISTS (
        SELECT 1 FROM checkpoints WHERE thread_id = %(thread)s AND checkpoint_ns = %(ns)s
        AND checkpoint_id > coalesce(CAST(%(parent)s AS TEXT), '') AND checkpoint_id <> %(id)s)
    ON CONFLICT (thread_id, checkpoint_ns, checkpoint_id)
    DO UPDATE SET checkpoint = excluded.checkpoint, metadata = excluded.metadata RETURNING checkpoint_id
), kept AS (
    SELECT checkpoint_id FROM checkpoints WHERE thread_id = %(thread)s AND checkpoint_ns = %(ns)s
    ORDER BY checkpoint_id DESC LIMIT %(older)s
), values AS (
    INSERT INTO checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
    SELECT %(thread)s, %(ns)s, '*', checkpoint_id, %(type)s, %(blob)s FROM put
    ON CONFLICT (thread_id, checkpoint_ns, channel, version) DO UPDATE SET blob = excluded.blob
), old AS (
    DELETE FROM checkpoints WHERE thread_id = %(thread)s AND checkpoint_ns = %(ns)s AND EXISTS (SELECT 1 FROM put)
    AND checkpoint_id < %(id)s AND checkpoint_id NOT IN (SELECT checkpoint_id FROM kept)
), old_values AS (
    DELETE FROM checkpoint_blobs WHERE thread_id = %(thread)s AND checkpoint_ns = %(ns)s AND EXISTS (SELECT 1 FROM put)
    AND version <> %(id)s AND version NOT IN (SELECT checkpoint_id FROM kept)
    AND (channel = '*' OR NOT EXISTS (SELECT 1 FROM kept))
)
SELECT checkpoint_id FROM put
"""
"""One statement, all of it or nothing. `kept` are those before this one that stay beside it."""


class LeanPostgresSaver(AsyncPostgresSaver):
    """LangGraph's saver, which writes what `lean` leaves as one value and reads what older releases wrote.

    A turn's row is read and written on the threads of `server`, as the tables are: over LangGraph's own connections
    each answer would wait for its turn on the event loop, and on a busy one nobody else could have the connection.
    """

    def __init__(
        self, server: Postgres, pool: AsyncConnectionPool[AsyncConnection[DictRow]], *, keep: int = 20
    ) -> None:
        super().__init__(pool, serde=plain())
        self._server = server
        self._keep = keep

    def get_next_version(self, current: Any, channel: None) -> Any:  # noqa: ARG002 - the signature is LangGraph's
        """Counted up; versions are not kept."""
        return 1 if current is None else current + 1

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The named checkpoint, or the newest."""
        place = Placed(config)
        rows = await self._rows(_NEWEST, {"thread": place.thread, "ns": place.namespace, "id": place.id})
        if not rows:
            return None
        if rows[0]["blob"] is None:
            return _revived(await super().aget_tuple(config))
        return self._tuple(place, rows[0])

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002, ARG002 - the signature is LangGraph's
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """A thread's kept checkpoints, the newest first."""
        place = Placed(config or {})
        newest = get_checkpoint_id(before) if before else None
        values = {"thread": place.thread, "ns": place.namespace, "before": newest, "most": limit or self._keep}
        for row in await self._rows(_ALL, values):
            yield self._tuple(place, row)

    def _tuple(self, place: Placed, row: DictRow) -> CheckpointTuple:
        # Under one channel, "*", stand all values of a checkpoint; its version is the checkpoint's id.
        checkpoint = self.serde.loads_typed((row["type"], row["blob"]))
        parent = row["parent_checkpoint_id"]
        return place.found(checkpoint, row["metadata"], newest=row["checkpoint_id"], parent=parent)

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,  # noqa: ARG002 - one row holds all values
    ) -> RunnableConfig:
        """Keep it, if nothing came after the one it was made from, and forget the older ones."""
        place = Placed(config)
        if place.stopped or broke(checkpoint):
            return config
        kept_of_it = lean(checkpoint)
        kind, blob = self.serde.dumps_typed(kept_of_it)
        values = {
            "thread": place.thread,
            "ns": place.namespace,
            "id": checkpoint["id"],
            "parent": place.id,
            "checkpoint": Jsonb({**kept_of_it, "channel_values": {}}, _json),
            "metadata": Jsonb(metadata, _json),
            "type": kind,
            "blob": blob,
            "older": self._keep - 1,
        }
        if not await self._rows(_PUT, values):
            raise LedgerUnavailableError(SPLIT)
        return place.config(checkpoint["id"])

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Nothing: a turn that broke is begun anew."""

    async def _rows(self, statement: str, values: Mapping[str, Any]) -> Sequence[DictRow]:
        """What the statement finds. One that the server broke off is said once more, which does no harm."""

        def work(raw: Raw) -> Sequence[DictRow]:
            with known_stale(raw):
                try:
                    return raw.execute(statement.encode(), values, binary=True).fetchall()
                except psycopg.errors.UniqueViolation as error:
                    raise LedgerUnavailableError(SPLIT) from error

        return await self._server.run(work)


def _revived(found: CheckpointTuple | None) -> CheckpointTuple | None:
    return None if found is None else found._replace(checkpoint=whole(found.checkpoint), pending_writes=[])


@asynccontextmanager
async def open_postgres_saver(
    address: PostgresAddress, server: Postgres, *, keep: int = 20
) -> AsyncIterator[LeanPostgresSaver]:
    """Checkpoints in a PostgreSQL database, `keep` of each thread; raises psycopg.Error."""
    await _set_up(address)
    pool: AsyncConnectionPool[AsyncConnection[DictRow]] = AsyncConnectionPool(
        kwargs={**address.options, **_ROWS},
        min_size=0,
        max_size=_CONNECTIONS,
        timeout=address.patience,
        reconnect_timeout=GIVE_UP,
        open=False,
        configure=_configure,
        name="checkpoints",
    )
    async with pool:
        yield LeanPostgresSaver(server, pool, keep=keep)


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
        await connection.execute(_FENCE)


async def _is_set_up(connection: AsyncConnection[DictRow]) -> bool:
    """Whether there is nothing to make: then a role that may make nothing can serve."""
    there = await (await connection.execute("SELECT to_regclass('checkpoints_in_line') AS found")).fetchone()
    if there is None or there["found"] is None:
        return False
    newest = await (await connection.execute("SELECT max(v) AS found FROM checkpoint_migrations")).fetchone()
    return newest is not None and newest["found"] == len(AsyncPostgresSaver.MIGRATIONS) - 1


async def _has_lock(connection: AsyncConnection[DictRow]) -> bool:
    taken = await (await connection.execute("SELECT pg_try_advisory_lock(%s) AS taken", (_SETUP_LOCK,))).fetchone()
    return taken is not None and bool(taken["taken"])


async def _configure(connection: AsyncConnection[Any]) -> None:
    await connection.execute(SESSION, prepare=False)  # several statements at once


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
