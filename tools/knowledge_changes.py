"""Changes to the knowledge tables, each one transaction: what readers see changes all at once or not at all."""

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from tools import lexical
from tools.knowledge_errors import KnowledgeChangedError
from tools.knowledge_records import Base, NewDocument, PassageRow, Snapshot
from tools.knowledge_tables import KnowledgeTables

_PURGE = (
    (
        "DELETE FROM code WHERE base = :base AND passage IN "
        "(SELECT id FROM passage WHERE base = :base AND died IS NOT NULL AND died <= :at)"
    ),
    "DELETE FROM passage WHERE base = :base AND died IS NOT NULL AND died <= :at",
    "DELETE FROM document WHERE base = :base AND died IS NOT NULL AND died <= :at",
    "DELETE FROM snapshot WHERE base = :base AND generation < :at",
    "DELETE FROM term WHERE base = :base AND frequency <= 0",
    (
        "DELETE FROM vector WHERE base = :base AND (encoder <> (SELECT encoder FROM base WHERE id = :base) "
        "OR key NOT IN (SELECT first_vector FROM passage WHERE base = :base UNION "
        "SELECT second_vector FROM passage WHERE base = :base AND second_vector IS NOT NULL))"
    ),
    (
        "DELETE FROM said WHERE base = :base AND (encoder <> (SELECT encoder FROM base WHERE id = :base) "
        "OR key NOT IN (SELECT coalesce(second_vector, first_vector) FROM passage WHERE base = :base))"
    ),
)
_ERASE = (
    "DELETE FROM snapshot WHERE base = :base",
    "DELETE FROM document WHERE base = :base",
    "DELETE FROM passage WHERE base = :base",
    "DELETE FROM vector WHERE base = :base",
    "DELETE FROM said WHERE base = :base",
    "DELETE FROM term WHERE base = :base",
    "DELETE FROM code WHERE base = :base",
    "DELETE FROM base WHERE id = :base",
)
_SEARCHABLE = """
SELECT searchable FROM passage
WHERE base = :base AND died IS NULL AND document IN (SELECT value FROM json_each(:documents))
"""
_BURY = (
    (
        "UPDATE passage SET died = :died WHERE base = :base AND died IS NULL "
        "AND document IN (SELECT value FROM json_each(:documents))"
    ),
    (
        "UPDATE document SET died = :died WHERE base = :base AND died IS NULL "
        "AND id IN (SELECT value FROM json_each(:documents))"
    ),
)


def commit(
    tables: KnowledgeTables,
    base: Base,
    encoder: str,
    *,
    documents: Sequence[NewDocument],
    rows: Sequence[PassageRow],
    gone: Collection[str],
    snapshot: Snapshot,
) -> int:
    """Make `documents` with their `rows` current and those of id in `gone` past, in one step; the new generation.

    Raises KnowledgeChangedError where another writer was faster.
    """
    born = base.generation + 1
    with tables.writing() as write:
        moved = write.execute(
            "UPDATE base SET generation = ?, encoder = ? WHERE id = ? AND generation = ?",
            (born, encoder, base.id, base.generation),
        )
        if moved.rowcount != 1:
            raise KnowledgeChangedError("another ingestion of this project finished meanwhile; run it again")
        _bury(write, base, born, [*gone, *(document.id for document in documents)])
        _insert_documents(write, base, born, documents)
        _insert_passages(write, base, born, rows)
        write.execute("INSERT INTO snapshot VALUES (?, ?, ?)", (base.id, born, _figures(snapshot)))
    return born


def purge(tables: KnowledgeTables, base: Base, generation: int) -> None:
    """Forget what no reader of `generation` or later sees."""
    values = {"base": base.id, "at": generation}
    with tables.writing() as write:
        for statement in _PURGE:
            write.execute(statement, values)


def erase(tables: KnowledgeTables, base: Base) -> None:
    """Forget everything of one base, its row included."""
    with tables.writing() as write:
        for statement in _ERASE:
            write.execute(statement, {"base": base.id})


def _bury(write: sqlite3.Connection, base: Base, died: int, documents: Sequence[str]) -> None:
    values = {"base": base.id, "died": died, "documents": json.dumps(documents)}
    texts = write.execute(_SEARCHABLE, values).fetchall()
    _count(write, base, (set(lexical.terms(text)) for (text,) in texts), -1)
    for statement in _BURY:
        write.execute(statement, values)


def _insert_documents(write: sqlite3.Connection, base: Base, born: int, documents: Sequence[NewDocument]) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    write.executemany(
        "INSERT INTO document (base, id, source, origin, title, locale, family, hash, passages, added_at, born, "
        "labels, channels) VALUES "
        "(:base, :id, :source, :origin, :title, :locale, :family, :hash, :passages, :now, :born, "
        ":labels, :channels)",
        [
            {
                "base": base.id,
                "id": one.id,
                "source": one.source,
                "origin": one.origin,
                "title": one.title,
                "locale": one.locale,
                "family": one.family,
                "hash": one.hash,
                "passages": len(one.passages),
                "now": now,
                "born": born,
                "labels": json.dumps(one.labels),
                "channels": json.dumps(one.channels),
            }
            for one in documents
        ],
    )


def _insert_passages(write: sqlite3.Connection, base: Base, born: int, rows: Sequence[PassageRow]) -> None:
    write.executemany(
        "INSERT INTO passage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        [
            (
                row.id,
                base.id,
                row.document,
                row.position,
                row.heading,
                row.text,
                row.answer,
                row.searchable,
                row.length,
                row.vector_keys[0],
                row.vector_keys[1] if len(row.vector_keys) > 1 else None,
                born,
            )
            for row in rows
        ],
    )
    # Made again one by one: those of all passages at once would fill the memory.
    _count(write, base, (set(lexical.terms(row.searchable)) for row in rows), 1)
    write.executemany(
        "INSERT INTO code VALUES (?, ?, ?)", [(base.id, code, row.id) for row in rows for code in sorted(row.codes)]
    )


def _count(write: sqlite3.Connection, base: Base, passages: Iterable[Collection[str]], sign: int) -> None:
    counts = Counter[str]()
    for terms in passages:
        counts.update(terms)
    write.executemany(
        "INSERT INTO term VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET frequency = frequency + excluded.frequency",
        [(base.id, term, sign * count) for term, count in counts.items()],
    )


def _figures(snapshot: Snapshot) -> str:
    return json.dumps(
        {
            "encoder": snapshot.encoder,
            "mean_length": snapshot.mean_length,
            "locales": dict(snapshot.locales),
            "baselines": {locale: dict(reached) for locale, reached in snapshot.baselines.items()},
            "families": {name: sorted(locales) for name, locales in snapshot.families.items()},
            "restricted": {name: dict(meant) for name, meant in snapshot.restricted.items()},
        }
    )
