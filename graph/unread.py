"""Projects whose documents nobody has read in: their bots would answer no question, and nobody would know why."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from config.versions import Version
from ingest.sources import project_files
from tools.knowledge import ChromaKnowledge
from tools.knowledge_errors import KnowledgeError

REMEDY: Final = "switchboard ingest {}"

_log = structlog.get_logger(__name__)


async def warn_of_unread(versions: Sequence[Version], base: ChromaKnowledge) -> None:
    """Log each project that has documents in its folder and none in the knowledge base, with the command that helps."""
    for version in versions:
        if not version.project.knowledge.enabled or not await asyncio.to_thread(_has_files, version):
            continue
        try:
            read = await base.list_documents(version)
        except KnowledgeError:
            return  # readiness tells why it cannot be read
        if not read:
            name = version.project.name
            _log.warning(
                "documents never read",
                project=name,
                cause="the knowledge base has no document of this project",
                remedy=REMEDY.format(name),
            )


def _has_files(version: Version) -> bool:
    files, _ = project_files(version.folder, version.project.knowledge)
    return bool(files)
