"""Writes documents into the knowledge tables: vectors first and kept as they are made, then one transaction.

A killed run loses at most one batch of vectors; readers see the old state until the last step.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from dialogue.tokens import estimate_tokens
from models.ports import Encoder, Vectors
from tools import lexical
from tools.knowledge_changes import commit
from tools.knowledge_errors import EncoderMismatchError
from tools.knowledge_probes import BaselineMeter
from tools.knowledge_records import Base, DocumentRecord, NewDocument, NewPassage, PassageRow, Scope, Sighting, Snapshot
from tools.knowledge_tables import KnowledgeTables
from tools.sentences import sentences

Progress = Callable[[int, int], None]
"""Told how many passages have their vectors, of how many."""

WINDOW_CHARS = 1950
WINDOW_TOKENS = 480
"""What encoders are sure to read: the bundled one stops at two thousand characters, or five hundred tokens."""
BATCH = 16
"""Passages embedded between two saves."""
_SIGHTED_AT_ONCE = 512


@dataclass(frozen=True)
class _Work:
    """A passage on its way: its row, and the texts its vectors are made of."""

    row: PassageRow
    locale: str
    texts: tuple[str, ...]
    said: tuple[str, ...]
    """Its sentences, as an answer would quote them."""


def write_documents(
    tables: KnowledgeTables,
    encoder: Encoder,
    scope: Scope,
    *,
    add: Sequence[NewDocument],
    remove: Collection[str],
    locales: Collection[str],
    rebuild: bool = False,
    progress: Progress | None = None,
) -> Base:
    """Store `add` (replacing documents of the same id), forget `remove`; the base as it then stands.

    With `rebuild` another encoder is accepted, and the documents not in `add` are made anew from their stored passages.
    """
    base = tables.base_for_writing(scope, encoder.name)
    if base.encoder != encoder.name and not rebuild:
        raise EncoderMismatchError(project=scope.project, built=base.encoder, configured=encoder.name)
    stored = tables.documents(base, base.generation)
    if rebuild:
        given = {*remove, *(document.id for document in add)}
        add = [*add, *(tables.as_new(base, base.generation, one) for one in stored if one.id not in given)]
    gone = [one.id for one in stored if one.id in remove]
    replaced = {*gone, *(document.id for document in add)}
    kept = [one for one in stored if one.id not in replaced]

    work = [item for document in add for item in _prepare(document, base)]
    _embed(tables, encoder, base, work, progress)
    snapshot = _measure(tables, encoder, base, work, replaced=replaced, kept=kept, add=add, locales=locales)
    rows = [item.row for item in work]
    commit(tables, base, encoder.name, documents=add, rows=rows, gone=gone, snapshot=snapshot)
    return tables.base_for_writing(scope, encoder.name)


def embedded_text(heading: str, text: str) -> str:
    """What a passage's vector is made of: its heading path tells what a short section is about."""
    return f"{heading}\n{text}" if heading else text


def passage_vectors(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    """Vectors of passages; a text longer than an encoder reads at once has the mean of its parts' vectors."""
    parts = [_windows(text) for text in texts]
    made = encoder.encode_now([part for found in parts for part in found], "passage")
    ends = np.cumsum([len(found) for found in parts])
    means = [made[end - len(found) : end].mean(axis=0) for end, found in zip(ends, parts, strict=True)]
    vectors = np.stack(means)
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), np.float32)


def _windows(text: str) -> list[str]:
    count = max(-(-len(text) // WINDOW_CHARS), -(-estimate_tokens(text) // WINDOW_TOKENS), 1)
    size = -(-len(text) // count) or 1
    return [text[start : start + size] for start in range(0, len(text), size)] or [text]


def _prepare(document: NewDocument, base: Base) -> list[_Work]:
    return [_prepare_passage(document, base, at, passage) for at, passage in enumerate(document.passages)]


def _prepare_passage(document: NewDocument, base: Base, position: int, passage: NewPassage) -> _Work:
    head = " › ".join(part for part in (document.title, passage.heading) if part)
    whole = passage.text if passage.answer is None else f"{passage.text}\n{passage.answer}"
    texts = (embedded_text(head, passage.text),) if passage.answer is None else (passage.text, whole)
    named = f"{head}\n{whole}"
    row = PassageRow(
        id=_digest(str(base.id), str(base.generation + 1), document.id, str(position))[:32],
        document=document.id,
        position=position,
        heading=passage.heading,
        text=passage.text,
        answer=passage.answer,
        searchable=lexical.searchable(named),
        length=len(lexical.terms(named)),
        codes=frozenset(lexical.codes(named)),
        vector_keys=tuple(_digest(text) for text in texts),
    )
    said = tuple(sentences(passage.text if passage.answer is None else passage.answer, document.locale))
    return _Work(row, document.locale, texts, said)


def _embed(
    tables: KnowledgeTables, encoder: Encoder, base: Base, work: Sequence[_Work], progress: Progress | None
) -> None:
    """Give every passage its vectors; what a run that broke off had made is not made again."""
    keys = {key for item in work for key in item.row.vector_keys}
    known = tables.known_vectors(base, encoder.name, keys)
    heard = tables.known_said(base, encoder.name, keys)
    missing = [
        item for item in work if not known.issuperset(item.row.vector_keys) or item.row.vector_keys[-1] not in heard
    ]
    done = len(work) - len(missing)
    for start in range(0, len(missing), BATCH):
        if progress:
            progress(done + start, len(work))
        _embed_batch(tables, encoder, base, missing[start : start + BATCH])
    if progress:
        progress(len(work), len(work))


def _embed_batch(tables: KnowledgeTables, encoder: Encoder, base: Base, batch: Sequence[_Work]) -> None:
    wanted = {key: text for item in batch for key, text in zip(item.row.vector_keys, item.texts, strict=True)}
    vectors = passage_vectors(encoder, [*wanted.values()])
    tables.keep_vectors(base, encoder.name, dict(zip(wanted, vectors, strict=True)))
    said = {item.row.vector_keys[-1]: item.said for item in batch if item.said}
    made = passage_vectors(encoder, [text for texts in said.values() for text in texts]) if said else vectors[:0]
    ends = np.cumsum([len(texts) for texts in said.values()], dtype=int)
    kept = {key: made[end - len(texts) : end] for (key, texts), end in zip(said.items(), ends, strict=True)}
    tables.keep_said(base, encoder.name, kept)


def _measure(
    tables: KnowledgeTables,
    encoder: Encoder,
    base: Base,
    work: Sequence[_Work],
    *,
    replaced: Collection[str],
    kept: Sequence[DocumentRecord],
    add: Sequence[NewDocument],
    locales: Collection[str],
) -> Snapshot:
    """The figures of the generation to come."""
    documents: list[DocumentRecord | NewDocument] = [*kept, *add]
    spoken = {document.locale for document in documents if document.locale}
    meter = BaselineMeter(tables, encoder, sorted({*locales, *spoken}))
    counts = Counter[str]()
    length = 0
    for sighted in chain(tables.sightings(base, base.generation, replaced), _sighted(tables, encoder, base, work)):
        meter.see(sighted)
        counts.update(one.locale for one in sighted)
        length += sum(one.length for one in sighted)
    return Snapshot(
        encoder=encoder.name,
        mean_length=length / max(counts.total(), 1),
        locales=dict(counts),
        baselines=meter.baselines(),
        families=_families(documents),
        restricted={
            one.id: {"labels": one.labels, "channels": one.channels} for one in documents if one.labels or one.channels
        },
    )


def _sighted(tables: KnowledgeTables, encoder: Encoder, base: Base, work: Sequence[_Work]) -> Iterator[list[Sighting]]:
    for start in range(0, len(work), _SIGHTED_AT_ONCE):
        batch = work[start : start + _SIGHTED_AT_ONCE]
        keys = {key for item in batch for key in item.row.vector_keys}
        held = tables.stored_vectors(base, encoder.name, keys)
        heard = tables.known_said(base, encoder.name, keys)
        yield [
            Sighting(
                document=item.row.document,
                locale=item.locale,
                length=item.row.length,
                vectors=np.stack([held[key] for key in item.row.vector_keys]),
                said=heard.get(item.row.vector_keys[-1]),
            )
            for item in batch
        ]


def _families(documents: Sequence[DocumentRecord | NewDocument]) -> dict[str, frozenset[str]]:
    locales: dict[str, set[str]] = {}
    for document in documents:
        locales.setdefault(document.family, set()).add(document.locale)
    return {family: frozenset(found) for family, found in locales.items() if len(found) > 1}


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
