"""Where conversations are checkpointed, and what of a turn is kept: one row a turn, the newest of each thread.

A checkpoint keeps what the next turn reads. Everything else of a turn stands in the log. A turn that broke is begun
anew under the same number, by which the ledger knows its deeds, so nothing of it is kept: neither LangGraph's
bookkeeping of half-done steps nor what the steps before the break had written. A row is written only after the one it
was made from: a worker that lost its thread to another, and does not know it yet, is refused.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_id,
)
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from dialogue.interruptions import Stoppable
from dialogue.passing import PASSING
from graph.revival import prove_plain
from tools.database import Connection, Database, Row
from tools.errors import LedgerUnavailableError
from tools.migrations import statements

SPLIT: Final = "another worker went on with the conversation meanwhile"
"""What a worker is told that wrote after it had lost its thread."""

_TABLES: Final = statements("""
CREATE TABLE IF NOT EXISTS checkpoints (
    thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', checkpoint_id TEXT NOT NULL,
    parent_checkpoint_id TEXT, type TEXT, checkpoint BLOB, metadata BLOB,
    PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id)
);
CREATE TABLE IF NOT EXISTS writes (
    thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', checkpoint_id TEXT NOT NULL, task_id TEXT NOT NULL,
    task_path TEXT NOT NULL DEFAULT '', idx INTEGER NOT NULL, channel TEXT NOT NULL, type TEXT, value BLOB,
    PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
)
""")
"""As LangGraph's own saver makes them."""
_NEWEST: Final = (
    "SELECT checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata FROM checkpoints"
    " WHERE thread_id = :thread AND checkpoint_ns = :ns AND (:id IS NULL OR checkpoint_id = :id)"
    " ORDER BY checkpoint_id DESC LIMIT 1"
)
_ALL: Final = (
    "SELECT checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata FROM checkpoints"
    " WHERE thread_id = :thread AND checkpoint_ns = :ns AND (:before IS NULL OR checkpoint_id < :before)"
    " ORDER BY checkpoint_id DESC LIMIT :most"
)
_PUT: Final = (
    "INSERT INTO checkpoints"
    " (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata)"
    " SELECT :thread, :ns, :id, :parent, :type, :checkpoint, :metadata WHERE NOT EXISTS (SELECT 1 FROM checkpoints"
    " WHERE thread_id = :thread AND checkpoint_ns = :ns AND checkpoint_id > coalesce(:parent, '')"
    " AND checkpoint_id <> :id)"
    " ON CONFLICT (thread_id, checkpoint_ns, checkpoint_id)"
    " DO UPDATE SET checkpoint = excluded.checkpoint, metadata = excluded.metadata"
)
_OLDER: Final = (
    "WHERE thread_id = :thread AND checkpoint_ns = :ns AND checkpoint_id < (SELECT min(checkpoint_id) FROM ("
    "SELECT checkpoint_id FROM checkpoints WHERE thread_id = :thread AND checkpoint_ns = :ns"
    " ORDER BY checkpoint_id DESC LIMIT :keep))"
)


def plain() -> JsonPlusSerializer:
    """Revives plain data and messages, proved; raises UnsafeRevivalError."""
    serializer = JsonPlusSerializer(allowed_msgpack_modules=None, pickle_fallback=False)
    prove_plain(serializer)
    return serializer


def lean(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint with what the next turn reads, and nothing else."""
    values = {name: value for name, value in checkpoint["channel_values"].items() if _stays(name)}
    return Checkpoint(
        v=checkpoint["v"],
        id=checkpoint["id"],
        ts=checkpoint["ts"],
        channel_values=values,
        channel_versions={},
        versions_seen={},
        updated_channels=None,
    )


def whole(checkpoint: Checkpoint) -> Checkpoint:
    """A kept checkpoint as LangGraph reads it: as if all of it had been written in one step, and nothing is pending."""
    values = {name: value for name, value in checkpoint["channel_values"].items() if _stays(name)}
    return {**checkpoint, "channel_values": values, "channel_versions": dict.fromkeys(values, 1), "versions_seen": {}}


def _stays(channel: str) -> bool:
    """Whether the next turn reads it: no key of the turn, nor a channel of LangGraph's own."""
    return channel not in PASSING and not channel.startswith(("__", "branch:"))


def broke(checkpoint: Checkpoint) -> bool:
    """Whether a step of the turn is still to come: LangGraph writes one row as a turn ends, however it ends."""
    return any(channel.startswith("branch:") for channel in checkpoint["channel_values"])


class Placed:
    """Which checkpoint is meant by a configuration."""

    def __init__(self, config: RunnableConfig) -> None:
        configurable = config["configurable"]
        self.thread = str(configurable["thread_id"])
        self.namespace = str(configurable.get("checkpoint_ns", ""))
        self.id = get_checkpoint_id(config)
        turn = configurable.get("turn")
        self.stopped = isinstance(turn, Stoppable) and turn.stopped
        """A turn that was stopped leaves nothing behind."""

    def config(self, checkpoint_id: str) -> RunnableConfig:
        """The configuration of one checkpoint of the same thread."""
        named = {"thread_id": self.thread, "checkpoint_ns": self.namespace, "checkpoint_id": checkpoint_id}
        return {"configurable": named}

    def found(
        self, checkpoint: Checkpoint, metadata: Mapping[str, Any], *, newest: str, parent: str | None
    ) -> CheckpointTuple:
        """What LangGraph is given of a checkpoint."""
        before = self.config(parent) if parent else None
        return CheckpointTuple(self.config(newest), whole(checkpoint), cast(CheckpointMetadata, metadata), before, [])


class LeanSaver(BaseCheckpointSaver[int]):
    """What both databases have in common: nothing is kept of steps that are not done."""

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Nothing: a turn that broke is begun anew."""


class SqliteSaver(LeanSaver):
    """Checkpoints in the SQLite file of the turn log, in the table of LangGraph's own saver."""

    def __init__(self, database: Database, *, keep: int = 20) -> None:
        super().__init__(serde=plain())
        self._database = database
        self._keep = keep

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The named checkpoint, or the newest."""
        place = Placed(config)
        values = {"thread": place.thread, "ns": place.namespace, "id": place.id}
        row = await self._database.read(lambda connection: connection.execute(_NEWEST, values).fetchone())
        return self._tuple(place, row) if row is not None else None

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
        rows = await self._database.read(lambda connection: list(connection.execute(_ALL, values).fetchall()))
        for row in rows:
            yield self._tuple(place, row)

    def _tuple(self, place: Placed, row: Row) -> CheckpointTuple:
        checkpoint = self.serde.loads_typed((row["type"], row["checkpoint"]))
        metadata = json.loads(row["metadata"]) if row["metadata"] else {}
        return place.found(checkpoint, metadata, newest=row["checkpoint_id"], parent=row["parent_checkpoint_id"])

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
        kind, kept = self.serde.dumps_typed(lean(checkpoint))
        values: dict[str, object] = {
            "thread": place.thread,
            "ns": place.namespace,
            "id": checkpoint["id"],
            "parent": place.id,
            "type": kind,
            "checkpoint": kept,
            "metadata": json.dumps(metadata, ensure_ascii=False).encode("utf-8", "replace"),
            "keep": self._keep,
        }

        def work(connection: Connection) -> None:
            if connection.execute(_PUT, values).rowcount != 1:
                raise LedgerUnavailableError(SPLIT)
            if place.id is not None:
                for table in ("writes", "checkpoints"):
                    connection.execute(f"DELETE FROM {table} {_OLDER}", values)  # noqa: S608 - constants

        await self._database.write(work)
        return place.config(checkpoint["id"])

    async def adelete_thread(self, thread_id: str) -> None:
        """Forget all of a thread."""

        def work(connection: Connection) -> None:
            for table in ("writes", "checkpoints"):
                connection.execute(f"DELETE FROM {table} WHERE thread_id = :thread", {"thread": thread_id})  # noqa: S608

        await self._database.write(work)


@asynccontextmanager
async def open_sqlite_saver(database: Database, *, keep: int = 20) -> AsyncIterator[SqliteSaver]:
    """Checkpoints in an SQLite file, `keep` of each thread; raises LedgerUnavailableError.

    The file's `synchronous=NORMAL` survives the death of the process, which is what a turn's acknowledgement promises;
    what must survive a power cut, the ledger, commits durably on its own.
    """
    await database.write(_TABLES)
    yield SqliteSaver(database, keep=keep)
