"""A knowledge base in a folder of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.knowledge.fakes import HashEncoder
from tools.knowledge import ChromaKnowledge, open_knowledge

OpenKnowledge = Callable[..., ChromaKnowledge]


@pytest.fixture
def encoder() -> HashEncoder:
    return HashEncoder()


@pytest.fixture
def open_here(tmp_path: Path, encoder: HashEncoder) -> Iterator[OpenKnowledge]:
    """Opens knowledge bases over the same data, as processes that run beside or after each other do."""
    opened: list[ChromaKnowledge] = []

    def open_one(setting: str | None = None, encoder: HashEncoder = encoder) -> ChromaKnowledge:
        knowledge = open_knowledge(
            setting or f"chroma:{tmp_path / 'index'}", tables=tmp_path / "knowledge.db", encoder=encoder
        )
        opened.append(knowledge)
        return knowledge

    yield open_one
    for knowledge in opened:
        knowledge.close()


@pytest.fixture
def knowledge(open_here: OpenKnowledge) -> ChromaKnowledge:
    return open_here()
