"""Vectors on disk by the hash of their text: a cache that may be deleted at any time and never stops anybody."""

import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import structlog

from models.ports import Vectors

log = structlog.get_logger(__name__)

KEPT = 200_000
"""Rows; beyond them the oldest tenth goes."""

_TABLE = "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL)"


class VectorStore:
    """A SQLite file of vectors; one connection an operation, so that threads, forks and processes may share it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._usable = True
        self._lock = threading.Lock()

    def read(self, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        """The vectors that are there, by key."""
        if not self._usable or not self._path.exists():
            return {}
        try:
            with closing(self._open()) as connection:
                rows = [row for part in _parts(keys) for row in _select(connection, part)]
        except sqlite3.Error as error:
            self._give_up(error)
            return {}
        return {key: np.frombuffer(vector, dtype=np.float32) for key, vector in rows}

    def write(self, vectors: Mapping[bytes, Vectors]) -> None:
        """Keep `vectors`; the oldest go where there are too many."""
        if not self._usable:
            return
        rows = [(key, vector.astype(np.float32).tobytes()) for key, vector in vectors.items()]
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._lock, closing(self._open()) as connection, connection:
                connection.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)
                _prune(connection)
        except (sqlite3.Error, OSError) as error:
            self._give_up(error)

    def clear(self) -> None:
        """Forget all vectors; the files go, so that nothing is left in them either."""
        with self._lock:
            for suffix in ("", "-wal", "-shm", "-journal"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=10)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(_TABLE)
        return connection

    def _give_up(self, error: Exception) -> None:
        self._usable = False
        log.warning("vector cache unusable, going on without it", path=str(self._path), cause=str(error))


def _parts(keys: Sequence[bytes]) -> Iterable[Sequence[bytes]]:
    return (keys[start : start + 500] for start in range(0, len(keys), 500))


def _select(connection: sqlite3.Connection, keys: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    marks = ",".join("?" * len(keys))
    query = f"SELECT key, vector FROM vectors WHERE key IN ({marks})"  # noqa: S608 - only question marks
    return connection.execute(query, keys).fetchall()


def _prune(connection: sqlite3.Connection) -> None:
    (count,) = connection.execute("SELECT count(*) FROM vectors").fetchone()
    if count > KEPT:
        surplus = count - KEPT + KEPT // 10
        connection.execute(
            "DELETE FROM vectors WHERE rowid IN (SELECT rowid FROM vectors ORDER BY rowid LIMIT ?)", (surplus,)
        )
