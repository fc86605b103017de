"""pgvector as the place of the vectors: what a server lacks is named, and what is large is still found."""

import asyncio
from collections.abc import Iterator

import numpy as np
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from evals.postgres_server import database, url_of
from tests.knowledge.conftest import OpenKnowledge
from tests.knowledge.documents import CARDS, FEES
from tests.knowledge.fakes import HashEncoder, make_version
from tools.knowledge import open_knowledge, scope_of
from tools.knowledge_errors import KnowledgeUnavailableError
from tools.knowledge_pgvector import PgVectorIndex
from tools.postgres_url import PostgresAddress

BANK = make_version()
LOST = "my card is lost"
WIDTH = 24

pgvector = pytest.mark.parametrize("place", ["pgvector"], indirect=True)


@pytest.fixture
def url(postgres: str) -> Iterator[str]:
    with database(postgres, "vectors_of_a_test") as url:
        yield url


@pytest.fixture
def role(postgres: str) -> Iterator[str]:
    """A role of no rights but its own schema's."""
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute("DROP ROLE IF EXISTS plain")
        server.execute("CREATE ROLE plain LOGIN PASSWORD 'planted'")
    yield "plain"
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute("DROP ROLE IF EXISTS plain")


def test_a_role_that_may_not_make_the_extension_is_told_who_may_and_what_else_can_be_done(
    postgres: str, role: str, tmp_path
) -> None:
    with database(postgres, "bare") as bare:
        place = url_of(postgres, "bare").replace("postgres:@", f"{role}:planted@")
        assert place != bare
        with pytest.raises(KnowledgeUnavailableError) as refused:
            open_knowledge("pgvector", tables=tmp_path / "k.db", encoder=HashEncoder(), database=place)

    told = str(refused.value)
    assert "permission denied" in told
    assert "CREATE EXTENSION vector" in told
    assert "SWITCHBOARD_KNOWLEDGE=chroma:FOLDER" in told
    assert "planted" not in told


async def test_a_plain_role_is_served_where_an_administrator_made_the_extension(
    postgres: str, role: str, tmp_path
) -> None:
    with database(postgres, "made"):
        with psycopg.connect(url_of(postgres, "made"), autocommit=True) as server:
            server.execute("CREATE EXTENSION vector")
            server.execute("GRANT CREATE, USAGE ON SCHEMA public TO plain")
        place = url_of(postgres, "made").replace("postgres:@", f"{role}:planted@")
        knowledge = open_knowledge("pgvector", tables=tmp_path / "k.db", encoder=HashEncoder(), database=place)
        knowledge.write(scope_of(BANK), add=[CARDS], remove=(), locales=["en"])
        found = await knowledge.search(BANK, LOST, locale="en")
        knowledge.close()

    assert found["passages"][0]["source"] == "cards.md"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (None, "needs SWITCHBOARD_DATABASE=postgresql://"),
        ("postgresql://u:planted@h/x?nonsense=1", "SWITCHBOARD_DATABASE"),
        ("postgresql://u:planted@127.0.0.1:9/x?connect_timeout=1", "PostgreSQL does not answer"),
    ],
)
def test_a_database_that_is_none_or_does_not_answer_is_named_without_its_password(
    tmp_path, given: str | None, told: str
) -> None:
    with pytest.raises(KnowledgeUnavailableError) as refused:
        open_knowledge("pgvector", tables=tmp_path / "k.db", encoder=HashEncoder(), database=given)

    assert told in str(refused.value)
    assert "planted" not in str(refused.value)


@pgvector
async def test_an_erased_project_leaves_no_table_and_the_others_are_still_found(
    place, open_here: OpenKnowledge
) -> None:
    other = make_version(tenant="other")
    knowledge = open_here()
    for version in (BANK, other):
        knowledge.write(scope_of(version), add=[CARDS], remove=(), locales=["en"])
    before = tables_of(place.database)
    knowledge.erase("demo")

    assert len(before) == 2
    assert len(tables_of(place.database)) == 1
    assert (await knowledge.search(BANK, LOST, locale="en"))["hits"] == 0
    assert (await knowledge.search(other, LOST, locale="en"))["hits"] == 1


@pgvector
async def test_vectors_that_are_lost_are_made_again_from_the_tables(place, open_here: OpenKnowledge) -> None:
    knowledge = open_here()
    knowledge.write(scope_of(BANK), add=[CARDS, FEES], remove=(), locales=["en"])
    knowledge.close()
    with psycopg.connect(place.database, autocommit=True) as server:
        for name in tables_of(place.database):
            server.execute(f"DROP TABLE {name}".encode())
        server.execute("DELETE FROM knowledge_collection")

    found = await open_here().search(BANK, LOST, locale="en")

    assert found["passages"][0]["source"] == "cards.md"


@pgvector
async def test_a_database_that_goes_away_means_no_evidence_and_a_note_until_it_is_back(
    postgres: str, place, open_here: OpenKnowledge
) -> None:
    knowledge = open_here()
    knowledge.write(scope_of(BANK), add=[CARDS], remove=(), locales=["en"])
    name = conninfo_to_dict(place.database)["dbname"]
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false".encode())
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        away = await knowledge.search(BANK, LOST, locale="en"), await knowledge.check()
        server.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true".encode())
    for _ in range(100):
        if await knowledge.check() is None:
            break
        await asyncio.sleep(0.2)
    back = await knowledge.search(BANK, LOST, locale="en"), await knowledge.check()

    told = {"the knowledge base cannot be read", "the knowledge base did not answer within 5 s"}
    assert away[0]["hits"] == 0
    assert {away[0]["failure"], away[1]} <= told
    assert (back[0]["hits"], back[0]["failure"], back[1]) == (1, None, None)


def test_a_large_collection_is_searched_by_its_index_and_finds_what_reading_through_finds(url: str) -> None:
    chance = np.random.default_rng(7)
    vectors = chance.standard_normal((400, WIDTH)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    names = [f"v{at}" for at in range(len(vectors))]
    index = PgVectorIndex(PostgresAddress(url), hnsw_from=300)
    index.add("demo.bank.en", names[:200], vectors[:200])
    small = indexes_of(url)
    index.add("demo.bank.en", names, vectors)  # those that are there are left as they are
    large = indexes_of(url)
    found = [index.nearest("demo.bank.en", vector, 10) for vector in vectors[:20]]
    index.delete("demo.bank.en", names[:100])
    left = index.count("demo.bank.en"), index.nearest("demo.bank.en", vectors[0], 10)
    index.close()

    exact = [[names[at] for at in np.argsort(-(vectors @ vector))[:10]] for vector in vectors[:20]]
    assert (small, large) == (0, 1)
    assert found == exact
    assert left[0] == 300
    assert not set(left[1]) & set(names[:100])


def test_what_is_added_together_is_there_together_or_not_at_all(url: str) -> None:
    index = PgVectorIndex(PostgresAddress(url))
    index.add("demo.bank.en", ["a"], np.ones((1, WIDTH), np.float32))
    broken = np.ones((2, WIDTH), np.float32)
    broken[1, 3] = np.nan
    with pytest.raises(KnowledgeUnavailableError):
        index.add("demo.bank.en", ["b", "c"], broken)
    with pytest.raises(KnowledgeUnavailableError, match="dimensions"):
        index.nearest("demo.bank.en", np.ones(WIDTH + 1, np.float32), 1)
    ids = index.ids("demo.bank.en")
    index.close()

    assert ids == {"a"}


def tables_of(url: str) -> list[str]:
    with psycopg.connect(url) as server:
        return [row[0] for row in server.execute("SELECT relname FROM pg_class WHERE relname ~ '^vectors_[0-9a-f]+$'")]


def indexes_of(url: str) -> int:
    with psycopg.connect(url) as server:
        row = server.execute("SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%USING hnsw%'").fetchone()
    return int(row[0]) if row else 0
