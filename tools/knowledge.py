"""The knowledge base as the conversation sees it: a question in, the best passages out, a failure noted.

The tables are the record and the vector index a copy: Chroma in a folder or on a server, or pgvector. One process owns
an embedded Chroma's folder; any other on the same data compares all vectors instead, and sees the same passages.
"""

import asyncio
import hashlib
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import structlog

from config.versions import Version
from dialogue.audience import EVERYBODY, Audience
from dialogue.state import Retrieval
from models.embedding_engines import EncoderUnavailableError
from models.ports import Encoder
from tools import lexical
from tools.calibrations import Calibrations, Match
from tools.hits import Hit
from tools.knowledge_changes import erase
from tools.knowledge_errors import (
    DocumentNotFoundError,
    EncoderMismatchError,
    KnowledgeError,
    KnowledgeUnavailableError,
)
from tools.knowledge_index import ExactIndex, VectorIndex, open_chroma
from tools.knowledge_pgvector import open_pgvector
from tools.knowledge_records import Base, DocumentRecord, NewDocument, PassageRecord, Scope, Snapshot
from tools.knowledge_sync import IndexKeeper, collection_name
from tools.knowledge_tables import SECOND, KnowledgeTables
from tools.knowledge_writer import Progress, write_documents
from tools.retrieval import Asked, Question, assemble, empty, rank

_log = structlog.get_logger(__name__)

CANDIDATES = 64
"""Vectors fetched to be scored again: more changes no ranking that was measured."""
_RARE_SHARE = 0.02
_RARE_LEAST = 3
_RARE_MOST = 200
_WORKERS = 4
_SEARCH_SECONDS = 5.0
_MAX_QUESTION_CHARS = 2000

Result = TypeVar("Result")
Barred = Callable[[PassageRecord], bool]
"""Whether a passage is kept out of a search."""


class ChromaKnowledge:
    """Finds passages of one project among those of all; every reading starts from the project's own row."""

    def __init__(
        self,
        tables: KnowledgeTables,
        encoder: Encoder,
        index: VectorIndex | None,
        calibrations: Calibrations | None = None,
    ) -> None:
        self.encoder = encoder
        self.calibrations = calibrations
        self._tables = tables
        self._index = index
        self._exact = ExactIndex(tables)
        self._keeper = IndexKeeper(tables, index) if index else None
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="knowledge")
        self._fingerprints: dict[tuple[int, int], str] = {}
        self._ailment: str | None = None

    async def search(self, version: Version, query: str, *, locale: str, audience: Audience = EVERYBODY) -> Retrieval:
        """The best passages for `query` among those for `audience`, best first; a failure is noted, not raised."""
        text = query.strip()[:_MAX_QUESTION_CHARS]
        if not text or not version.project.knowledge.enabled:
            return empty(query)
        try:
            vector = (await self.encoder.encode([text], "query"))[0]
        except EncoderUnavailableError as error:
            return empty(query, failure=str(error))
        asked = Asked(text=text, vector=vector, locale=locale, audience=audience)
        finding = self.run(lambda: self._find(version, asked))
        try:
            return await asyncio.wait_for(finding, _SEARCH_SECONDS)
        except KnowledgeError as error:
            _log.warning("search failed", project=version.project.name, cause=str(error))
            return empty(query, failure=error.told)
        except TimeoutError:
            return empty(query, failure=f"the knowledge base did not answer within {_SEARCH_SECONDS:g} s")

    @property
    def owns_index(self) -> bool:
        """Whether this process can change the vector index; another one has it where not."""
        return self._index is not None

    async def run(self, work: Callable[[], Result]) -> Result:
        """Do something blocking, such as an ingestion, in this knowledge base's few threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def list_documents(self, version: Version) -> list[DocumentRecord]:
        """The project's documents by source."""
        return await self.run(lambda: self.documents(scope_of(version)))

    async def remove_document(self, version: Version, document_id: str) -> None:
        """Forget one document; raises DocumentNotFoundError where the project has none of this id."""
        await self.run(lambda: self._remove(version, document_id))

    async def check(self) -> str | None:
        """Why the knowledge base cannot be searched now, for readiness; None where it can."""
        told = cause = None
        try:
            await asyncio.wait_for(self.run(self._probe), _SEARCH_SECONDS)
        except KnowledgeError as error:
            told, cause = error.told, str(error)
        except TimeoutError:
            told = cause = f"the knowledge base did not answer within {_SEARCH_SECONDS:g} s"
        # Readiness is polled: the log has a line for each change, not for each look.
        if cause != self._ailment and cause is not None:
            _log.error("knowledge base not ready", cause=cause)
        self._ailment = cause
        return told

    def documents(self, scope: Scope) -> list[DocumentRecord]:
        """The documents as last written; blocking."""
        base = self._tables.base(scope)
        return self._tables.documents(base, base.generation) if base else []

    def encoder_of(self, scope: Scope) -> str | None:
        """With which embeddings the project's knowledge was built; blocking."""
        base = self._tables.base(scope)
        return base.encoder if base and base.generation else None

    def write(
        self,
        scope: Scope,
        *,
        add: Sequence[NewDocument],
        remove: Collection[str],
        locales: Collection[str],
        rebuild: bool = False,
        progress: Progress | None = None,
    ) -> None:
        """Change documents in one step that readers see whole; blocking.

        Where another process owns the index, that one takes the change over at its next search.
        """
        write_documents(
            self._tables,
            self.encoder,
            scope,
            add=add,
            remove=remove,
            locales=locales,
            rebuild=rebuild,
            progress=progress,
        )
        if self._keeper:
            self._keeper.catch_up(scope, afresh=rebuild)

    def erase(self, tenant: str, project: str | None = None) -> int:
        """Forget all knowledge of a tenant, or of one project of it; how many projects were forgotten. Blocking.

        Nothing of it is left in any file of ours; the other projects' index is filled again from the tables, and the
        encoder's own memory, which knows no tenants, is emptied. A Chroma server's files are its keeper's.
        """
        bases = [base for base in self._tables.bases(tenant) if project in (None, base.scope.project)]
        for base in bases:
            if self._keeper:
                self._keeper.forget(base)
            erase(self._tables, base)
        if self._keeper and bases:
            self._keeper.renew()
        self._tables.flush()
        if self.calibrations:
            self.calibrations.erase(tenant, project)
        self.encoder.forget()
        return len(bases)

    def close(self) -> None:
        """Finish what is under way and let go of the files."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._index:
            self._index.close()
        self._tables.close()

    # --- in a thread ---------------------------------------------------------------------------------------------

    def find(self, version: Version, asked: Asked, *, barred: Barred | None = None) -> tuple[list[Hit], Retrieval]:
        """The whole ranking and what a search makes of it, as if passages that `barred` names were not there."""
        base = self._tables.base(scope_of(version))
        if base is None or base.generation == 0:
            return [], empty(asked.text)
        return self._rank_in(self._readable(base), version, asked, barred)

    def passages(self, version: Version) -> list[PassageRecord]:
        """Every passage of a project, by document; blocking."""
        base = self._tables.base(scope_of(version))
        if base is None or base.generation == 0:
            return []
        seen = self._readable(base)
        at = self._generation(seen)
        snapshot = self._tables.snapshot(seen, at)
        seen = replace(seen, encoder=snapshot.encoder)
        names = [name for locale in snapshot.locales for name in self._tables.vector_ids(seen, at, locale)]
        found = {one.id: one for one in self._tables.passages(seen, at, {name.removesuffix(SECOND) for name in names})}
        return [found[name] for name in names if name in found]

    def fingerprint(self, version: Version) -> str | None:
        """Changes with the documents as readers see them; None where there are none. Blocking."""
        base = self._tables.base(scope_of(version))
        return None if base is None or base.generation == 0 else self._fingerprint(self._readable(base))

    def _find(self, version: Version, asked: Asked) -> Retrieval:
        base = self._tables.base(scope_of(version))
        if base is None or base.generation == 0:
            return empty(asked.text)
        seen = self._readable(base)
        _, found = self._rank_in(seen, version, asked, None)
        after = self._tables.base(base.scope)
        if after and self._generation(after) != self._generation(seen):
            # A change was finished between the index's answer and the tables': some of its ids may have been gone.
            _, found = self._rank_in(after, version, asked, None)
        return found

    def _generation(self, base: Base) -> int:
        return base.indexed if self._index else base.generation

    def _readable(self, base: Base) -> Base:
        """The base with an index that can be asked; a first generation, or a lost index, is waited for."""
        if self._keeper is None or self._keeper.in_step(base):
            return base
        if base.indexed and base.indexed != base.generation:
            self._pool.submit(self._keeper.catch_up, base.scope)
            return base
        self._keeper.catch_up(base.scope)
        return self._tables.base(base.scope) or base

    def _rank_in(
        self, base: Base, version: Version, asked: Asked, barred: Barred | None
    ) -> tuple[list[Hit], Retrieval]:
        generation = self._generation(base)
        snapshot = self._tables.snapshot(base, generation)
        if snapshot.encoder != self.encoder.name:
            project = version.project.name
            raise EncoderMismatchError(project=project, built=snapshot.encoder, configured=self.encoder.name)
        base = replace(base, encoder=snapshot.encoder)
        question = self._question(base, snapshot, asked)
        without = snapshot.kept_from(asked.audience)
        found = self._candidates(base, generation, question, snapshot, without)
        candidates = [one for one in found if one.document not in without and not (barred and barred(one))]
        ranked = rank(question, candidates, snapshot)
        match = self._match(base, version)
        finding = assemble(question, ranked, snapshot, version.project, match.calibration)
        if match.notice:
            finding["notice"] = match.notice
        return ranked, finding

    def _match(self, base: Base, version: Version) -> Match:
        if self.calibrations is None or version.project.confidence.rule != "fitted":
            return Match()
        return self.calibrations.match(version, knowledge=self._fingerprint(base), encoder=base.encoder)

    def _fingerprint(self, base: Base) -> str:
        at = self._generation(base)
        known = self._fingerprints.get((base.id, at))
        if known is None:
            documents = self._tables.documents(base, at)
            parts = [f"{one.id}\0{one.hash}\0{one.passages}" for one in sorted(documents, key=lambda one: one.id)]
            known = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
            self._fingerprints[base.id, at] = known
        return known

    def _question(self, base: Base, snapshot: Snapshot, asked: Asked) -> Question:
        frequencies = self._tables.frequencies(base, set(lexical.terms(asked.text)))
        most = min(_RARE_MOST, max(_RARE_LEAST, int(snapshot.passages * _RARE_SHARE)))
        return Question(
            text=asked.text,
            locale=asked.locale,
            vector=asked.vector,
            weights=lexical.weigh(asked.text, snapshot.passages, frequencies),
            codes=self._tables.passages_with_codes(base, lexical.codes(asked.text), most),
        )

    def _candidates(
        self, base: Base, generation: int, question: Question, snapshot: Snapshot, without: frozenset[str]
    ) -> list[PassageRecord]:
        """The nearest of each language: cosines between languages are lower, and all together hide the other's.

        Where some documents are not to be seen all vectors are compared: the nearest of the index may all be theirs.
        """
        ids: set[str] = set().union(*question.codes.values())
        for locale in snapshot.locales:
            if self._index and not without:
                names = self._index.nearest(collection_name(base, locale), question.vector, CANDIDATES)
            else:
                names = self._exact.nearest(
                    base, generation, locale, question.vector, count=CANDIDATES, without=without
                )
            ids.update(name.removesuffix(SECOND) for name in names)
        return self._tables.passages(base, generation, ids)

    def _remove(self, version: Version, document_id: str) -> None:
        scope = scope_of(version)
        if document_id not in {document.id for document in self.documents(scope)}:
            raise DocumentNotFoundError(document_id)
        self.write(scope, add=(), remove=[document_id], locales=version.project.locales)

    def _probe(self) -> None:
        self._tables.rows("SELECT count(*) FROM base")
        if self._index:
            self._index.check()


def scope_of(version: Version) -> Scope:
    """Whose knowledge a version answers from."""
    return Scope(version.project.tenant, version.project.name)


def open_knowledge(
    setting: str,
    *,
    tables: Path,
    encoder: Encoder,
    calibrations: Path | None = None,
    database: str | None = None,
) -> ChromaKnowledge:
    """The knowledge base, its tables in the file `tables`; blocking.

    Its vectors are at `chroma:FOLDER`, `chroma:http://host:port`, or with `pgvector` in the PostgreSQL `database`.
    Calibrations are kept in the folder `calibrations`; without one the shipped weights serve every project.
    """
    kept = Calibrations(calibrations) if calibrations else None
    return ChromaKnowledge(KnowledgeTables(tables), encoder, _open_index(setting, database), kept)


def _open_index(setting: str, database: str | None) -> VectorIndex | None:
    """The index that a setting names; None where another process owns its folder."""
    kind, _, location = setting.partition(":")
    if setting == "pgvector":
        return open_pgvector(database)
    if kind == "chroma" and location:
        return open_chroma(location)
    raise KnowledgeUnavailableError(
        f"unknown knowledge setting {setting!r}; expected chroma:FOLDER, chroma:http://host:port or pgvector"
    )
