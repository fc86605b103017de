"""The knowledge base's own tables in SQLite: the system of record, from which every index can be rebuilt.

A change is one transaction that gives new rows the next generation as their birth and replaced rows as their death;
nothing is overwritten. Readers read the generation which the index is known to hold, so that they see a document as it
was or as it is, never half of it, whenever a writer is killed. Dead rows are purged once the index has moved on.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping

import numpy as np

from models.ports import Vectors
from tools.knowledge_database import KnowledgeDatabase
from tools.knowledge_errors import KnowledgeUnavailableError
from tools.knowledge_records import (
    Base,
    DocumentRecord,
    NewDocument,
    NewPassage,
    PassageRecord,
    Scope,
    Sighting,
    Snapshot,
)

SECOND = ".2"
"""Ends the index id of a FAQ row's second vector."""
_BATCH = 500

# In all statements :at is the generation that is read, and lists come as JSON arrays. The + keeps SQLite from looking
# through all passages of a base for the few that are named.
_DOCUMENTS = """
SELECT id, source, origin, title, locale, family, hash, passages, added_at, labels, channels FROM document
WHERE base = :base AND born <= :at AND (died IS NULL OR died > :at) ORDER BY source
"""
PASSAGES = """
SELECT p.id, d.id, d.source, d.family, d.locale, d.title, p.heading, p.text, p.answer, p.searchable, p.length,
    d.passages, v.data, w.data, s.data
FROM passage p
JOIN document d ON d.base = p.base AND d.id = p.document AND d.born = p.born
JOIN vector v ON v.base = p.base AND v.encoder = :encoder AND v.key = p.first_vector
LEFT JOIN vector w ON w.base = p.base AND w.encoder = :encoder AND w.key = p.second_vector
LEFT JOIN said s ON s.base = p.base AND s.encoder = :encoder AND s.key = coalesce(p.second_vector, p.first_vector)
WHERE p.id IN (SELECT value FROM json_each(:ids))
    AND +p.base = :base AND p.born <= :at AND (p.died IS NULL OR p.died > :at)
"""
_PASSAGES_OF_DOCUMENT = """
SELECT heading, text, answer FROM passage
WHERE base = :base AND document = :document AND born <= :at AND (died IS NULL OR died > :at) ORDER BY position
"""
_VECTOR_IDS = """
SELECT p.id, p.second_vector IS NOT NULL FROM passage p
JOIN document d ON d.base = p.base AND d.id = p.document AND d.born = p.born
WHERE p.base = :base AND d.locale = :locale AND p.born <= :at AND (p.died IS NULL OR p.died > :at)
ORDER BY p.document, p.position
"""
_DOCUMENTS_OF = """
SELECT p.id, p.document FROM passage p
JOIN document d ON d.base = p.base AND d.id = p.document AND d.born = p.born
WHERE p.base = :base AND d.locale = :locale AND p.born <= :at AND (p.died IS NULL OR p.died > :at)
"""
VECTORS = """
SELECT p.id, v.data, w.data FROM passage p
JOIN vector v ON v.base = p.base AND v.encoder = :encoder AND v.key = p.first_vector
LEFT JOIN vector w ON w.base = p.base AND w.encoder = :encoder AND w.key = p.second_vector
WHERE p.id IN (SELECT value FROM json_each(:ids)) AND +p.base = :base
"""
_ALL_VECTORS = """
SELECT p.document, d.locale, p.length, v.data, w.data, s.data FROM passage p
JOIN document d ON d.base = p.base AND d.id = p.document AND d.born = p.born
JOIN vector v ON v.base = p.base AND v.encoder = :encoder AND v.key = p.first_vector
LEFT JOIN vector w ON w.base = p.base AND w.encoder = :encoder AND w.key = p.second_vector
LEFT JOIN said s ON s.base = p.base AND s.encoder = :encoder AND s.key = coalesce(p.second_vector, p.first_vector)
WHERE p.base = :base AND p.born <= :at AND (p.died IS NULL OR p.died > :at)
"""


class KnowledgeTables(KnowledgeDatabase):
    """Reads the tables, moves the readers' pointer, keeps vectors; changes of documents are in `knowledge_changes`."""

    # --- the base ------------------------------------------------------------------------------------------------

    def base(self, scope: Scope) -> Base | None:
        """The base of a project; None where nothing was ever stored."""
        rows = self.rows(
            "SELECT id, encoder, generation, indexed, build FROM base WHERE tenant = :tenant AND project = :project",
            {"tenant": scope.tenant, "project": scope.project},
        )
        for number, encoder, generation, indexed, build in rows:
            return Base(id=number, scope=scope, encoder=encoder, generation=generation, indexed=indexed, build=build)
        return None

    def base_for_writing(self, scope: Scope, encoder: str) -> Base:
        """The base of a project, made where there is none."""
        with self.writing() as write:
            write.execute(
                "INSERT INTO base (tenant, project, encoder) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (scope.tenant, scope.project, encoder),
            )
        base = self.base(scope)
        if base is None:
            raise KnowledgeUnavailableError("the knowledge tables lost a row just written")
        return base

    def bases(self, tenant: str) -> list[Base]:
        """All bases of a tenant."""
        rows = self.rows("SELECT project FROM base WHERE tenant = :tenant ORDER BY project", {"tenant": tenant})
        found = [self.base(Scope(tenant, project)) for (project,) in rows]
        return [base for base in found if base is not None]

    def mark_indexed(self, base: Base, generation: int, build: int) -> bool:
        """Move the readers' pointer: the index now holds `generation` in collection `build`.

        It never moves back; False where another process has moved it further, to what this one does not know.
        """
        with self.writing() as write:
            moved = write.execute(
                "UPDATE base SET indexed = ?, build = ? WHERE id = ? AND indexed <= ? AND build <= ?",
                (generation, build, base.id, generation, build),
            )
        return moved.rowcount == 1

    def snapshot(self, base: Base, generation: int) -> Snapshot:
        """The figures of one generation."""
        statement = "SELECT figures FROM snapshot WHERE base = :base AND generation = :at"
        for (figures,) in self.rows(statement, {"base": base.id, "at": generation}):
            read = json.loads(figures)
            families = {name: frozenset(locales) for name, locales in read.pop("families").items()}
            return Snapshot(**read, families=families)
        return Snapshot(encoder=base.encoder, mean_length=0.0)

    def documents_of(self, base: Base, generation: int, locale: str) -> dict[str, str]:
        """The document of every passage of one generation and language."""
        rows = self.rows(_DOCUMENTS_OF, {"base": base.id, "at": generation, "locale": locale})
        return {row[0]: row[1] for row in rows}

    # --- documents and passages ----------------------------------------------------------------------------------

    def documents(self, base: Base, generation: int) -> list[DocumentRecord]:
        """The documents of one generation, by source."""
        return [_document(row) for row in self.rows(_DOCUMENTS, {"base": base.id, "at": generation})]

    def as_new(self, base: Base, generation: int, document: DocumentRecord) -> NewDocument:
        """A stored document as it was given, to be stored again."""
        values = {"base": base.id, "at": generation, "document": document.id}
        rows = self.rows(_PASSAGES_OF_DOCUMENT, values)
        return NewDocument(
            id=document.id,
            source=document.source,
            origin=document.origin,
            title=document.title,
            locale=document.locale,
            family=document.family,
            hash=document.hash,
            passages=tuple(NewPassage(heading=row[0], text=row[1], answer=row[2]) for row in rows),
            labels=document.labels,
            channels=document.channels,
        )

    def passages(self, base: Base, generation: int, ids: Collection[str]) -> list[PassageRecord]:
        """Those of the passages `ids` that are visible in `generation`."""
        values = {"base": base.id, "at": generation, "encoder": base.encoder, "ids": json.dumps(sorted(ids))}
        return [_passage(row) for row in self.rows(PASSAGES, values)]

    # --- terms and codes -----------------------------------------------------------------------------------------

    def frequencies(self, base: Base, terms: Collection[str]) -> dict[str, int]:
        """In how many passages each of `terms` stands."""
        statement = (
            "SELECT term, frequency FROM term WHERE base = :base AND term IN (SELECT value FROM json_each(:terms))"
        )
        rows = self.rows(statement, {"base": base.id, "terms": json.dumps(sorted(terms))})
        return {row[0]: row[1] for row in rows}

    def passages_with_codes(self, base: Base, codes: Collection[str], most: int) -> dict[str, set[str]]:
        """Code → ids of the passages that hold it, for codes in at most `most` passages."""
        statement = "SELECT passage FROM code WHERE base = :base AND code = :code LIMIT :most"
        found: dict[str, set[str]] = {}
        for code in codes:
            rows = self.rows(statement, {"base": base.id, "code": code, "most": most + 1})
            if 0 < len(rows) <= most:
                found[code] = {row[0] for row in rows}
        return found

    # --- vectors -------------------------------------------------------------------------------------------------

    def vector_ids(self, base: Base, generation: int, locale: str) -> list[str]:
        """The ids under which an index holds the vectors of one generation and language."""
        rows = self.rows(_VECTOR_IDS, {"base": base.id, "at": generation, "locale": locale})
        return [name for row in rows for name in ([row[0], row[0] + SECOND] if row[1] else [row[0]])]

    def vectors(self, base: Base, ids: Iterable[str]) -> tuple[list[str], Vectors]:
        """The vectors of index ids, both of a FAQ row, with the ids in the order of the vectors."""
        names: list[str] = []
        blobs: list[bytes] = []
        wanted = sorted({name.removesuffix(SECOND) for name in ids})
        values = {"base": base.id, "encoder": base.encoder, "ids": json.dumps(wanted)}
        for row in self.rows(VECTORS, values):
            names += [row[0]] if row[2] is None else [row[0], row[0] + SECOND]
            blobs += [row[1]] if row[2] is None else [row[1], row[2]]
        return names, _stack(blobs) if blobs else np.zeros((0, 0), np.float32)

    def sightings(self, base: Base, generation: int, but: Collection[str]) -> Iterator[list[Sighting]]:
        """The passages of documents not in `but`, in batches."""
        values = {"base": base.id, "at": generation, "encoder": base.encoder}
        for rows in self.batches(_ALL_VECTORS, values, _BATCH):
            yield [_sighting(row) for row in rows if row[0] not in but]

    def stored_vectors(self, base: Base, encoder: str, keys: Collection[str]) -> dict[str, Vectors]:
        """Those of the vectors `keys` that are stored."""
        statement = (
            "SELECT key, data FROM vector WHERE base = :base AND encoder = :encoder "
            "AND key IN (SELECT value FROM json_each(:keys))"
        )
        values = {"base": base.id, "encoder": encoder, "keys": json.dumps(sorted(keys))}
        return {row[0]: _vector(row[1]) for row in self.rows(statement, values)}

    def known_vectors(self, base: Base, encoder: str, keys: Collection[str]) -> set[str]:
        """Those of `keys` under which a vector is stored."""
        statement = (
            "SELECT key FROM vector WHERE base = :base AND encoder = :encoder "
            "AND key IN (SELECT value FROM json_each(:keys))"
        )
        values = {"base": base.id, "encoder": encoder, "keys": json.dumps(sorted(keys))}
        return {row[0] for row in self.rows(statement, values)}

    def keep_vectors(self, base: Base, encoder: str, vectors: Mapping[str, Vectors]) -> None:
        """Store vectors as they are made, so that an interrupted run does not make them again."""
        with self.writing() as write:
            write.executemany(
                "INSERT OR IGNORE INTO vector (base, encoder, key, data) VALUES (?, ?, ?, ?)",
                [(base.id, encoder, key, _bytes(vector)) for key, vector in vectors.items()],
            )

    def known_said(self, base: Base, encoder: str, keys: Collection[str]) -> dict[str, Vectors]:
        """The sentences' vectors kept under those of `keys` that have any."""
        statement = (
            "SELECT key, data FROM said WHERE base = :base AND encoder = :encoder "
            "AND key IN (SELECT value FROM json_each(:keys))"
        )
        values = {"base": base.id, "encoder": encoder, "keys": json.dumps(sorted(keys))}
        width = self._width(base, encoder)
        return {row[0]: _matrix(row[1], width) for row in self.rows(statement, values)}

    def keep_said(self, base: Base, encoder: str, vectors: Mapping[str, Vectors]) -> None:
        """Store sentences' vectors, at half the precision: they only refine a ranking."""
        with self.writing() as write:
            write.executemany(
                "INSERT OR IGNORE INTO said (base, encoder, key, data) VALUES (?, ?, ?, ?)",
                [(base.id, encoder, key, matrix.astype(np.float16).tobytes()) for key, matrix in vectors.items()],
            )

    def _width(self, base: Base, encoder: str) -> int:
        """The dimension of an encoder's vectors, by one that is stored."""
        statement = "SELECT length(data) FROM vector WHERE base = :base AND encoder = :encoder LIMIT 1"
        rows = self.rows(statement, {"base": base.id, "encoder": encoder})
        return int(rows[0][0]) // np.dtype(np.float32).itemsize if rows else 1

    def probes(self, encoder: str, keys: Collection[str]) -> dict[str, Vectors]:
        """Stored vectors of probe questions."""
        statement = (
            "SELECT key, data FROM probe WHERE encoder = :encoder AND key IN (SELECT value FROM json_each(:keys))"
        )
        rows = self.rows(statement, {"encoder": encoder, "keys": json.dumps(sorted(keys))})
        return {row[0]: _vector(row[1]) for row in rows}

    def keep_probes(self, encoder: str, vectors: Mapping[str, Vectors]) -> None:
        """Store vectors of probe questions."""
        with self.writing() as write:
            write.executemany(
                "INSERT OR IGNORE INTO probe (encoder, key, data) VALUES (?, ?, ?)",
                [(encoder, key, _bytes(vector)) for key, vector in vectors.items()],
            )


def _document(row: sqlite3.Row) -> DocumentRecord:
    read = dict(row)
    read |= {name: tuple(json.loads(read[name])) for name in ("labels", "channels")}
    return DocumentRecord(**read)


def _passage(row: sqlite3.Row) -> PassageRecord:
    *plain, first, second, said = row
    return PassageRecord(
        id=plain[0],
        document=plain[1],
        source=plain[2],
        family=plain[3],
        locale=plain[4],
        title=plain[5],
        heading=plain[6],
        text=plain[7],
        answer=plain[8],
        searchable=plain[9],
        length=plain[10],
        siblings=plain[11],
        vectors=_pair(first, second),
        said=_said(first, said),
    )


def _sighting(row: sqlite3.Row) -> Sighting:
    document, locale, length, first, second, said = row
    return Sighting(
        document=document, locale=locale, length=length, vectors=_pair(first, second), said=_said(first, said)
    )


def _said(first: bytes, said: bytes | None) -> Vectors | None:
    return None if said is None else _matrix(said, len(first) // np.dtype(np.float32).itemsize)


def _matrix(blob: bytes, width: int) -> Vectors:
    return np.frombuffer(blob, np.float16).astype(np.float32).reshape(-1, width)


def _pair(first: bytes, second: bytes | None) -> Vectors:
    return _stack([first] if second is None else [first, second])


def _stack(blobs: Iterable[bytes]) -> Vectors:
    return np.stack([_vector(blob) for blob in blobs])


def _vector(blob: bytes) -> Vectors:
    return np.frombuffer(blob, np.float32)


def _bytes(vector: Vectors) -> bytes:
    return np.ascontiguousarray(vector, np.float32).tobytes()
