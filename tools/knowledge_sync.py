"""Brings the vector index up to the tables, and moves the readers' pointer once it is there.

Any step may be the last one before a kill: adding what is there and deleting what is gone change nothing, the pointer
moves in one statement, and the next run does what is left.
"""

import hashlib
import re
import threading
from collections.abc import Collection

from tools.knowledge_changes import purge
from tools.knowledge_index import VectorIndex
from tools.knowledge_records import Base, Scope
from tools.knowledge_tables import KnowledgeTables

_BATCH = 2000


def collection_name(base: Base, locale: str, build: int | None = None) -> str:
    """One collection a tenant, project, build and language, in the few characters that Chroma allows."""
    scope = base.scope
    digest = hashlib.sha256(f"{scope.tenant}\0{scope.project}\0{locale}".encode()).hexdigest()[:12]
    parts = [_slug(part) for part in (scope.tenant, scope.project, locale)]
    return f"{'.'.join(parts)}.{digest}.b{build or base.build}"


class IndexKeeper:
    """Keeps one vector index in step with the tables; one change at a time."""

    def __init__(self, tables: KnowledgeTables, index: VectorIndex) -> None:
        self._tables = tables
        self._index = index
        self._lock = threading.Lock()
        self._verified: set[int] = set()

    def in_step(self, base: Base) -> bool:
        """Whether the index holds what the tables say, as far as counts can tell; counted once a process."""
        if base.indexed != base.generation:
            return False
        if base.id not in self._verified:
            for locale in self._tables.snapshot(base, base.indexed).locales:
                wanted = self._tables.vector_ids(base, base.indexed, locale)
                if self._index.count(collection_name(base, locale)) != len(wanted):
                    return False
            self._verified.add(base.id)
        return True

    def catch_up(self, scope: Scope, *, afresh: bool = False) -> None:
        """Bring the index to the newest generation; `afresh` fills new collections instead of changing the old ones.

        Several processes may do so at once: who finds the pointer moved further than its own work looks again.
        """
        with self._lock:
            while (base := self._tables.base(scope)) is not None and not self._catch_up(base, afresh=afresh):
                continue

    def _catch_up(self, base: Base, *, afresh: bool) -> bool:
        """Fill, move the pointer, and only then clear away; False, with nothing cleared, where it was further."""
        old = self._tables.snapshot(base, base.indexed)
        moved = old.encoder != base.encoder and base.indexed > 0
        build = base.build + 1 if moved or afresh else base.build
        new = self._tables.snapshot(base, base.generation)
        surplus = {locale: self._add_missing(base, locale, build) for locale in {*new.locales, *old.locales}}
        if not self._tables.mark_indexed(base, base.generation, build):
            return self._tables.base(base.scope) == base
        for locale, ids in surplus.items():
            self._index.delete(collection_name(base, locale, build), self._unwanted(base, locale, ids))
            if build != base.build:
                self._index.drop(collection_name(base, locale))
        purge(self._tables, base, base.generation)
        self._verified.add(base.id)
        return True

    def _unwanted(self, base: Base, locale: str, ids: Collection[str]) -> list[str]:
        """Those of `ids` that no later generation has: another process may have added them for one since."""
        now = self._tables.base(base.scope)
        if not ids or now is None or now.id != base.id or now.generation == base.generation:
            return sorted(ids)
        return sorted({*ids}.difference(self._tables.vector_ids(base, now.generation, locale)))

    def forget(self, base: Base) -> None:
        """Drop the collections of a base that is erased."""
        with self._lock:
            self._verified.discard(base.id)
            for generation in {base.indexed, base.generation}:
                for locale in self._tables.snapshot(base, generation).locales:
                    self._index.drop(collection_name(base, locale))

    def renew(self) -> None:
        """Leave the files behind in which removed vectors still stand; every project is added anew when it is asked."""
        with self._lock:
            if self._index.renew():
                self._verified.clear()

    def _add_missing(self, base: Base, locale: str, build: int) -> list[str]:
        """Add what a collection lacks; what it holds too much, to be removed when no reader needs it any more."""
        collection = collection_name(base, locale, build)
        wanted = self._tables.vector_ids(base, base.generation, locale)
        held = self._index.ids(collection)
        missing = [name for name in wanted if name not in held]
        for start in range(0, len(missing), _BATCH):
            names, vectors = self._tables.vectors(base, missing[start : start + _BATCH])
            chosen = [at for at, name in enumerate(names) if name not in held]
            self._index.add(collection, [names[at] for at in chosen], vectors[chosen])
            held.update(names)
        return sorted(held.difference(wanted))


def _slug(part: str) -> str:
    return re.sub(r"[^a-zA-Z0-9]+", "-", part)[:40].strip("-") or "x"
