"""The vector index in PostgreSQL, by its extension pgvector: every collection is a table of its own.

A large collection gets an HNSW index and is searched by it; a small one is read through, which is exact and as fast.
"""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg_pool import ConnectionPool, PoolTimeout

from models.ports import Vectors
from tools.knowledge_errors import KnowledgeUnavailableError
from tools.postgres import GIVE_UP
from tools.postgres_url import AddressError, PostgresAddress

CONNECTIONS: Final = 4
"""Questions at once."""
HNSW_FROM: Final = 5_000
"""Vectors from which a collection gets an index: reading through fewer takes a few milliseconds."""
HNSW_MOST_DIMENSIONS: Final = 2_000
"""What pgvector can index; longer vectors are always read through."""
_EF_SEARCH: Final = 200
"""How many neighbours the index looks at: three times what is fetched of it."""
_LOCK: Final = 0x5357_4256  # any number that all releases share
_SESSION: Final = """
SET statement_timeout = '10s'; SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '60s'
"""
_REGISTRY: Final = """
CREATE TABLE IF NOT EXISTS knowledge_collection (
    name TEXT PRIMARY KEY, relation TEXT NOT NULL UNIQUE, dimension INTEGER NOT NULL)
"""

Raw = psycopg.Connection[tuple[Any, ...]]


class PgVectorIndex:
    """A vector index of the tables `vectors_…`, which the table `knowledge_collection` names; safe between threads."""

    def __init__(self, address: PostgresAddress, *, hnsw_from: int = HNSW_FROM) -> None:
        self._address = address
        self._hnsw_from = hnsw_from
        self._guard = threading.Lock()
        self._prepared = False
        self._pool: ConnectionPool[Raw] = ConnectionPool(
            kwargs={**address.options, "autocommit": True},
            min_size=0,
            max_size=CONNECTIONS,
            timeout=address.patience,
            reconnect_timeout=GIVE_UP,
            open=False,
            configure=_configure,
            check=ConnectionPool.check_connection,
            name="vectors",
        )

    def add(self, collection: str, ids: Sequence[str], vectors: Vectors) -> None:
        """Add vectors under new ids, all of them or none."""
        if not ids:
            return
        with self._connection() as raw, raw.transaction():
            raw.execute("SET LOCAL statement_timeout = 0")
            # One writer at a time: two that make the same table at once would be refused by the server.
            raw.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            relation = _relation(raw, collection) or _make(raw, collection, vectors.shape[1])
            raw.execute("CREATE TEMPORARY TABLE arriving (id TEXT, embedding vector) ON COMMIT DROP")
            with raw.cursor() as cursor, cursor.copy("COPY arriving FROM STDIN") as copy:
                for name, vector in zip(ids, vectors, strict=True):
                    copy.write_row((name, _written(vector)))
            raw.execute(
                sql.SQL("INSERT INTO {} SELECT id, embedding FROM arriving ON CONFLICT DO NOTHING").format(relation)
            )
            if vectors.shape[1] <= HNSW_MOST_DIMENSIONS and self._count(raw, relation) >= self._hnsw_from:
                raw.execute(
                    sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} USING hnsw (embedding vector_cosine_ops)").format(
                        sql.Identifier(f"{_table(collection)}_near"), relation
                    )
                )

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove vectors."""
        with self._connection() as raw:
            relation = _relation(raw, collection)
            if relation is not None and ids:
                raw.execute(sql.SQL("DELETE FROM {} WHERE id = ANY(%s)").format(relation), (list(ids),))

    def nearest(self, collection: str, vector: Vectors, count: int) -> list[str]:
        """The nearest ids by cosine."""
        with self._connection() as raw, raw.transaction():
            relation = _relation(raw, collection)
            if relation is None:
                raise KnowledgeUnavailableError(f"the vector index has no collection {collection!r}")
            raw.execute(f"SET LOCAL hnsw.ef_search = {max(_EF_SEARCH, count)}".encode())
            found = raw.execute(
                sql.SQL("SELECT id FROM {} ORDER BY embedding <=> %s::vector LIMIT %s").format(relation),
                (_written(vector), count),
            )
            return [str(row[0]) for row in found]

    def ids(self, collection: str) -> set[str]:
        """All ids of a collection."""
        with self._connection() as raw:
            relation = _relation(raw, collection)
            if relation is None:
                return set()
            return {str(row[0]) for row in raw.execute(sql.SQL("SELECT id FROM {}").format(relation))}

    def count(self, collection: str) -> int:
        """How many vectors there are."""
        with self._connection() as raw:
            relation = _relation(raw, collection)
            return self._count(raw, relation) if relation else 0

    def drop(self, collection: str) -> None:
        """Remove a collection's table, if there is one."""
        with self._connection() as raw, raw.transaction():
            raw.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            relation = _relation(raw, collection)
            if relation is not None:
                raw.execute("DELETE FROM knowledge_collection WHERE name = %s", (collection,))
                raw.execute(sql.SQL("DROP TABLE {}").format(relation))

    def renew(self) -> bool:
        """Nothing: the server deletes a dropped table's file itself, and its files are not ours."""
        return False

    def check(self) -> None:
        """Read the list of collections."""
        with self._connection() as raw:
            raw.execute("SELECT count(*) FROM knowledge_collection").fetchone()

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.close()

    def _count(self, raw: Raw, relation: sql.Identifier) -> int:
        found = raw.execute(sql.SQL("SELECT count(*) FROM {}").format(relation)).fetchone()
        return int(found[0]) if found else 0

    @contextmanager
    def _connection(self) -> Iterator[Raw]:
        with self._named_errors():
            with self._guard:
                # At first use, and again where that failed: the service starts without the index.
                if self._pool.closed:
                    self._pool.open()
            with self._pool.connection() as raw:
                if not self._prepared:
                    _prepare(raw)
                    self._prepared = True
                yield raw

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except (psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile) as error:
            raise KnowledgeUnavailableError(_MISSING.format("the server does not have pgvector")) from error
        except psycopg.errors.InsufficientPrivilege as error:
            raise KnowledgeUnavailableError(_MISSING.format(self._told(error))) from error
        except PoolTimeout as error:
            raise KnowledgeUnavailableError("the vector index fails: PostgreSQL does not answer") from error
        except psycopg.Error as error:
            raise KnowledgeUnavailableError(f"the vector index fails: {self._told(error)}") from error

    def _told(self, error: psycopg.Error) -> str:
        return self._address.without_password(error.diag.message_primary or str(error))


_MISSING: Final = (
    "SWITCHBOARD_KNOWLEDGE=pgvector: {}; let an administrator install it and run CREATE EXTENSION vector in this "
    "database, let the role create tables, or set SWITCHBOARD_KNOWLEDGE=chroma:FOLDER"
)


def open_pgvector(url: str | None) -> PgVectorIndex:
    """The index in the database at `url`; raises KnowledgeUnavailableError where it cannot be used, and says why."""
    if url is None:
        raise KnowledgeUnavailableError(
            "SWITCHBOARD_KNOWLEDGE=pgvector needs SWITCHBOARD_DATABASE=postgresql://…; "
            "set it, or SWITCHBOARD_KNOWLEDGE=chroma:FOLDER"
        )
    try:
        index = PgVectorIndex(PostgresAddress(url))
    except AddressError as error:
        raise KnowledgeUnavailableError(
            f"SWITCHBOARD_DATABASE: is not the address of a PostgreSQL database; {error}"
        ) from None
    try:
        index.check()
    except KnowledgeUnavailableError:
        index.close()
        raise
    return index


def _prepare(raw: Raw) -> None:
    """The extension and the list of collections, made once; a role that may make neither can use what is there."""
    there = raw.execute(
        "SELECT to_regclass('knowledge_collection') IS NOT NULL"
        " AND EXISTS (SELECT FROM pg_extension WHERE extname = 'vector')"
    ).fetchone()
    if there is not None and there[0]:
        return
    with raw.transaction():
        raw.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        raw.execute("CREATE EXTENSION IF NOT EXISTS vector")
        raw.execute(_REGISTRY)


def _relation(raw: Raw, collection: str) -> sql.Identifier | None:
    found = raw.execute("SELECT relation FROM knowledge_collection WHERE name = %s", (collection,)).fetchone()
    return sql.Identifier(str(found[0])) if found else None


def _make(raw: Raw, collection: str, dimension: int) -> sql.Identifier:
    name = _table(collection)
    raw.execute(
        sql.SQL("CREATE TABLE {} (id TEXT PRIMARY KEY, embedding vector({}) NOT NULL)").format(
            sql.Identifier(name), sql.Literal(dimension)
        )
    )
    raw.execute("INSERT INTO knowledge_collection VALUES (%s, %s, %s)", (collection, name, dimension))
    return sql.Identifier(name)


def _table(collection: str) -> str:
    """A name that PostgreSQL takes whole: it cuts at 63 bytes."""
    return f"vectors_{hashlib.sha256(collection.encode()).hexdigest()[:32]}"


def _written(vector: Vectors) -> str:
    return f"[{','.join(map(repr, vector.tolist()))}]"


def _configure(raw: Raw) -> None:
    raw.execute(_SESSION)
