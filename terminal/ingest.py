"""`switchboard ingest`: documents into the knowledge base."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from config.settings import Settings
from config.versions import Version
from graph.services import encoder_of, open_base
from graph.storage import make_folders
from ingest.run import IngestSummary, run_ingest
from tools.knowledge import ChromaKnowledge


def ingest_documents(
    version: Version, settings: Settings, *, paths: Sequence[Path], rebuild: bool, console: Console
) -> IngestSummary:
    """Read what changed of one project; raises KnowledgeError where nothing can be stored."""
    base = open_knowledge_base(settings)
    try:
        return run_ingest(version, knowledge=base, console=console, paths=paths, rebuild=rebuild)
    finally:
        base.close()


def open_knowledge_base(settings: Settings) -> ChromaKnowledge:
    """The knowledge base of these settings, outside a service."""
    make_folders(settings)
    return open_base(settings, encoder_of(settings))
