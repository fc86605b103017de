"""Connections to the knowledge tables: one a thread, write-ahead logging, errors with our names."""

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tools.knowledge_errors import KnowledgeUnavailableError
from tools.migrations import Schema, SchemaTooNewError, add_column, migrate, statements
from tools.sqlite_connection import transaction

_SCHEMA: Schema = (
    statements("""
CREATE TABLE IF NOT EXISTS base (
    id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, project TEXT NOT NULL, encoder TEXT NOT NULL,
    generation INTEGER NOT NULL DEFAULT 0, indexed INTEGER NOT NULL DEFAULT 0, build INTEGER NOT NULL DEFAULT 1,
    UNIQUE (tenant, project));
CREATE TABLE IF NOT EXISTS snapshot (
    base INTEGER NOT NULL, generation INTEGER NOT NULL, figures TEXT NOT NULL, PRIMARY KEY (base, generation));
CREATE TABLE IF NOT EXISTS document (
    base INTEGER NOT NULL, id TEXT NOT NULL, source TEXT NOT NULL, origin TEXT NOT NULL, title TEXT NOT NULL,
    locale TEXT NOT NULL, family TEXT NOT NULL, hash TEXT NOT NULL, passages INTEGER NOT NULL, added_at TEXT NOT NULL,
    born INTEGER NOT NULL, died INTEGER, PRIMARY KEY (base, id, born));
CREATE TABLE IF NOT EXISTS passage (
    id TEXT PRIMARY KEY, base INTEGER NOT NULL, document TEXT NOT NULL, position INTEGER NOT NULL,
    heading TEXT NOT NULL, text TEXT NOT NULL, answer TEXT, searchable TEXT NOT NULL, length INTEGER NOT NULL,
    first_vector TEXT NOT NULL, second_vector TEXT, born INTEGER NOT NULL, died INTEGER);
CREATE INDEX IF NOT EXISTS passage_of_base ON passage (base, document, position);
CREATE TABLE IF NOT EXISTS vector (
    base INTEGER NOT NULL, encoder TEXT NOT NULL, key TEXT NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (base, encoder, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS said (
    base INTEGER NOT NULL, encoder TEXT NOT NULL, key TEXT NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (base, encoder, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS term (
    base INTEGER NOT NULL, term TEXT NOT NULL, frequency INTEGER NOT NULL, PRIMARY KEY (base, term)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS code (
    base INTEGER NOT NULL, code TEXT NOT NULL, passage TEXT NOT NULL, PRIMARY KEY (base, code, passage)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS probe (
    encoder TEXT NOT NULL, key TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (encoder, key)) WITHOUT ROWID
"""),
    add_column("document", "labels", "TEXT NOT NULL DEFAULT '[]'"),
    add_column("document", "channels", "TEXT NOT NULL DEFAULT '[]'"),
)

NONE: Mapping[str, object] = {}


class KnowledgeDatabase:
    """The tables' file; safe to share between threads, each of which gets its own connection."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._named_errors():
            migrate(self._connection(), _SCHEMA, file=path.name)

    def close(self) -> None:
        """Close every connection; the object is not used afterwards."""
        with self._guard:
            for connection in self._opened:
                connection.close()
            self._opened.clear()

    def flush(self) -> None:
        """Empty the write-ahead log: what was erased stands in it until then."""
        with self._named_errors():
            self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def rows(self, statement: str, values: Mapping[str, object] = NONE) -> list[sqlite3.Row]:
        """What a reading statement finds."""
        with self._named_errors():
            return self._connection().execute(statement, values).fetchall()

    def batches(self, statement: str, values: Mapping[str, object], size: int) -> Iterator[list[sqlite3.Row]]:
        """The same in pieces, for what does not fit into memory at once."""
        with self._named_errors():
            cursor = self._connection().execute(statement, values)
            while rows := cursor.fetchmany(size):
                yield rows

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing."""
        with self._named_errors():
            connection = self._connection()
            with transaction(connection):
                yield connection

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            # Closed by `close` from another thread; each is otherwise used by one thread only.
            found = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
            found.row_factory = sqlite3.Row
            found.execute("PRAGMA journal_mode = WAL")
            found.execute("PRAGMA synchronous = NORMAL")
            # What is erased is overwritten, not only unlinked.
            found.execute("PRAGMA secure_delete = ON")
            self._local.connection = found
            with self._guard:
                self._opened.append(found)
        return found

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, SchemaTooNewError) as error:
            raise KnowledgeUnavailableError(f"the knowledge tables at {self._path} fail: {error}") from error
