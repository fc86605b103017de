"""Processes that bring one index up to date at once do not undo each other's work."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from models.ports import Vectors
from tests.knowledge.conftest import Place
from tests.knowledge.documents import CARDS, FEES
from tests.knowledge.fakes import HashEncoder, make_version
from tools.knowledge import ChromaKnowledge, scope_of
from tools.knowledge_errors import KnowledgeUnavailableError
from tools.knowledge_pgvector import PgVectorIndex, open_pgvector
from tools.knowledge_sync import collection_name
from tools.knowledge_tables import KnowledgeTables
from tools.postgres_url import PostgresAddress

BANK = make_version()
HERE = scope_of(BANK)

pgvector = pytest.mark.parametrize("place", ["pgvector"], indirect=True)


class Interrupted(PgVectorIndex):
    """An index at which something else happens once: when its ids are asked for, or when vectors have been added."""

    moment = ""
    meanwhile: Callable[[], None]

    def ids(self, collection: str) -> set[str]:
        self._pause("asked")
        return super().ids(collection)

    def add(self, collection: str, ids: Sequence[str], vectors: Vectors) -> None:
        super().add(collection, ids, vectors)
        self._pause("added")

    def _pause(self, moment: str) -> None:
        if moment == self.moment:
            self.moment = ""
            self.meanwhile()


class Processes:
    """Knowledge bases over the same tables and the same database, as several workers have them."""

    def __init__(self, url: str, file: Path) -> None:
        self._url = url
        self._file = file
        self.tables = KnowledgeTables(file)
        self.index = open_pgvector(url)
        self._opened: list[ChromaKnowledge] = []

    def another(self, moment: str = "", meanwhile: Callable[[], None] = lambda: None) -> ChromaKnowledge:
        index = Interrupted(PostgresAddress(self._url))
        index.moment, index.meanwhile = moment, meanwhile
        found = ChromaKnowledge(KnowledgeTables(self._file), HashEncoder(), index)
        self._opened.append(found)
        return found

    def close(self) -> None:
        for knowledge in self._opened:
            knowledge.close()
        self.index.close()
        self.tables.close()

    def pointer(self) -> tuple[int, int]:
        base = self.tables.base(HERE)
        assert base is not None
        return base.indexed, base.build

    def lacking(self) -> set[str]:
        """Vectors of the newest state that the index does not hold."""
        base = self.tables.base(HERE)
        assert base is not None
        return {*self.tables.vector_ids(base, base.generation, "en")} - self.index.ids(collection_name(base, "en"))


@pytest.fixture
def processes(place: Place, tmp_path: Path) -> Iterator[Processes]:
    assert place.database is not None
    found = Processes(place.database, tmp_path / "knowledge.db")
    yield found
    found.close()


def store_cards(knowledge: ChromaKnowledge, *, rebuild: bool = False) -> None:
    knowledge.write(HERE, add=[CARDS], remove=(), locales=["en"], rebuild=rebuild)


@pgvector
@pytest.mark.parametrize("moment", ["asked", "added"])
@pytest.mark.parametrize("rebuild", [False, True], ids=["changed", "made anew"])
async def test_a_slow_worker_does_not_move_the_pointer_back(processes: Processes, moment: str, rebuild: bool) -> None:
    fast = processes.another()
    slow = processes.another(moment, lambda: store_cards(fast, rebuild=rebuild))

    slow.write(HERE, add=[FEES], remove=(), locales=["en"])

    assert processes.pointer() == (2, 2 if rebuild else 1)
    assert processes.lacking() == set()
    for knowledge in (slow, fast):
        found = await knowledge.search(BANK, "my card is lost", locale="en")
        assert found["passages"][0]["text"] == CARDS.passages[0].text


@pgvector
def test_a_slow_worker_does_not_remove_what_another_has_just_added(processes: Processes) -> None:
    def die() -> None:
        raise KnowledgeUnavailableError("killed before it could move the pointer")

    def other() -> None:
        with pytest.raises(KnowledgeUnavailableError):
            store_cards(processes.another("added", die))

    slow = processes.another("asked", other)

    slow.write(HERE, add=[FEES], remove=(), locales=["en"])

    assert processes.lacking() == set()


@pgvector
def test_what_is_made_anew_by_a_slow_worker_is_what_is_newest(processes: Processes) -> None:
    processes.another().write(HERE, add=[FEES], remove=(), locales=["en"])
    fast = processes.another()
    slow = processes.another("added", lambda: store_cards(fast))

    slow.write(HERE, add=[FEES], remove=(), locales=["en"], rebuild=True)

    assert processes.pointer() == (3, 2)
    assert processes.lacking() == set()
