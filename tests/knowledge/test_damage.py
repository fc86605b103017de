"""A vector index whose files are damaged: told, answered without, and made again once they are gone."""

from pathlib import Path

import pytest

from tests.knowledge.conftest import OpenKnowledge
from tests.knowledge.documents import CARDS, FEES
from tests.knowledge.fakes import make_version
from tools.knowledge import ChromaKnowledge, scope_of

BANK = make_version()
LOST = "I lost my card"
GARBAGE = b"This is no database but a text that somebody copied here. " * 200


def store(knowledge: ChromaKnowledge) -> None:
    knowledge.write(scope_of(BANK), add=[CARDS, FEES], remove=(), locales=["en", "tr"])


@pytest.fixture
def damaged(tmp_path: Path, open_here: OpenKnowledge) -> ChromaKnowledge:
    """Opened over a store that somebody wrote over."""
    before = open_here()
    store(before)
    before.close()
    (tmp_path / "index" / "store" / "chroma.sqlite3").write_bytes(GARBAGE)
    return open_here()


async def test_it_is_told_each_time_it_is_asked_and_without_a_path(damaged: ChromaKnowledge, tmp_path: Path) -> None:
    told = [await damaged.check() for _ in range(3)]

    assert told == ["the knowledge base cannot be read"] * 3


async def test_a_search_finds_nothing_and_says_why(damaged: ChromaKnowledge) -> None:
    for _ in range(2):
        found = await damaged.search(BANK, LOST, locale="en")

        assert (found["hits"], found["failure"]) == (0, "the knowledge base cannot be read")


async def test_it_is_made_again_once_its_files_are_gone(damaged: ChromaKnowledge, tmp_path: Path) -> None:
    await damaged.search(BANK, LOST, locale="en")
    (tmp_path / "index" / "store" / "chroma.sqlite3").unlink()
    found = await damaged.search(BANK, LOST, locale="en")

    assert await damaged.check() is None
    assert found["passages"][0]["source"] == CARDS.source


async def test_damage_while_it_is_open_is_told(knowledge: ChromaKnowledge, tmp_path: Path) -> None:
    store(knowledge)
    assert await knowledge.check() is None
    (tmp_path / "index" / "store" / "chroma.sqlite3").write_bytes(GARBAGE)

    assert await knowledge.check() == "the knowledge base cannot be read"
