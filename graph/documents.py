"""A project's documents, for whoever looks after them."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from pydantic import JsonValue
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_random

from config.versions import Versions
from dialogue.audience import EVERYBODY, Audience
from ingest.documents import UnreadableFileError
from ingest.run import add_document
from ingest.sources import Meant
from tools.knowledge import ChromaKnowledge
from tools.knowledge_errors import DocumentNotFoundError, KnowledgeChangedError, SearchFailedError
from tools.knowledge_records import DocumentRecord

_PATIENCE: Final = 20.0
"""Seconds for which a change is made again where others are faster."""


class Documents:
    """Lists, adds, removes and searches one project's documents at a time."""

    def __init__(self, versions: Versions, base: ChromaKnowledge) -> None:
        self._versions = versions
        self._base = base
        self._turns: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def documents(self, tenant: str, project: str) -> list[dict[str, JsonValue]]:
        """The documents, each with at least its `id` and `name`."""
        version = self._versions.current(tenant, project)
        return [
            {**_plain(asdict(document)), "name": document.source}
            for document in await self._base.list_documents(version)
        ]

    async def add(
        self,
        tenant: str,
        project: str,
        name: str,
        content: bytes,
        *,
        labels: Sequence[str] = (),
        channels: Sequence[str] = (),
    ) -> dict[str, JsonValue]:
        """Read and index one document; `status` is `refused` and `reason` says why where it cannot be read.

        Raises KnowledgeError where it cannot be stored.
        """
        version = self._versions.current(tenant, project)
        meant = Meant(tuple(labels), tuple(channels))

        def write() -> DocumentRecord:
            return add_document(version, name, content, knowledge=self._base, meant=meant)

        try:
            async with self._turns[tenant, project]:
                document: DocumentRecord = await _upon_others()(self._base.run, write)
        except UnreadableFileError as error:
            return {"name": name, "status": "refused", "reason": str(error)}
        return {**_plain(asdict(document)), "name": document.source, "status": "indexed"}

    async def remove(self, tenant: str, project: str, document_id: str) -> bool:
        """Forget one document; False where there is none."""
        version = self._versions.current(tenant, project)
        try:
            async with self._turns[tenant, project]:
                await _upon_others()(self._base.remove_document, version, document_id)
        except DocumentNotFoundError:
            return False
        return True

    async def search(
        self,
        tenant: str,
        project: str,
        query: str,
        *,
        locale: str | None = None,
        limit: int = 10,
        audience: Audience = EVERYBODY,
    ) -> list[dict[str, JsonValue]]:
        """The passages retrieval finds, best first, with their scores; raises KnowledgeError where it fails."""
        version = self._versions.current(tenant, project)
        found = await self._base.search(
            version, query, locale=locale or version.project.default_locale, audience=audience
        )
        if found["failure"] is not None:
            raise SearchFailedError(found["failure"])
        return [_plain(dict(passage)) for passage in found["passages"][:limit]]


def _upon_others() -> AsyncRetrying:
    """Makes a change anew where another process made one meanwhile; in this one they wait for each other."""
    again = retry_if_exception_type(KnowledgeChangedError)
    return AsyncRetrying(retry=again, stop=stop_after_delay(_PATIENCE), wait=wait_random(0, 1), reraise=True)


def _plain(record: dict[str, object]) -> dict[str, JsonValue]:
    listed = {key: [*value] if isinstance(value, tuple) else value for key, value in record.items()}
    return {key: value for key, value in listed.items() if isinstance(value, str | int | float | list | None)}
