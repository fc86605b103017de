"""What is stored stays, whatever is lost, killed or open beside it."""

import asyncio
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.knowledge.conftest import OpenKnowledge, chroma_server, everywhere, leaving_connections
from tests.knowledge.documents import CARDS, FEES, document
from tests.knowledge.fakes import HashEncoder, make_version
from tools import knowledge_tables
from tools.knowledge import ChromaKnowledge, open_knowledge, scope_of
from tools.knowledge_errors import DocumentNotFoundError, KnowledgeUnavailableError
from tools.knowledge_records import NewDocument

BANK = make_version()
HERE = scope_of(BANK)
LOST = "my card is lost"


def store(knowledge: ChromaKnowledge, *documents: NewDocument) -> None:
    knowledge.write(HERE, add=documents, remove=(), locales=["en"])


async def best(knowledge: ChromaKnowledge, query: str = LOST) -> str:
    found = await knowledge.search(BANK, query, locale="en")
    assert found["failure"] is None
    return found["passages"][0]["text"]


@everywhere
async def test_a_changed_document_replaces_its_passages(knowledge: ChromaKnowledge) -> None:
    store(knowledge, CARDS, FEES)
    store(knowledge, document("cards.md", "A lost card is replaced in our branches."))

    found = await knowledge.search(BANK, LOST, locale="en")

    assert found["passages"][0]["text"] == "A lost card is replaced in our branches."
    assert [p["source"] for p in found["passages"]].count("cards.md") == 1


@everywhere
async def test_a_removed_document_is_not_found_any_more(knowledge: ChromaKnowledge) -> None:
    store(knowledge, CARDS, FEES)

    await knowledge.remove_document(BANK, "cards.md")

    assert "card is blocked" not in await best(knowledge)
    with pytest.raises(DocumentNotFoundError):
        await knowledge.remove_document(BANK, "cards.md")


async def test_a_document_of_another_project_cannot_be_removed(knowledge: ChromaKnowledge) -> None:
    store(knowledge, CARDS)

    with pytest.raises(DocumentNotFoundError):
        await knowledge.remove_document(make_version(tenant="other"), "cards.md")


@everywhere
async def test_it_is_all_there_after_a_restart(knowledge: ChromaKnowledge, open_here: OpenKnowledge) -> None:
    store(knowledge, CARDS, FEES)
    knowledge.close()

    assert await best(open_here()) == CARDS.passages[0].text


async def test_a_lost_index_is_made_again_from_the_tables(
    knowledge: ChromaKnowledge, open_here: OpenKnowledge, tmp_path: Path, encoder: HashEncoder
) -> None:
    store(knowledge, CARDS, FEES)
    knowledge.close()
    shutil.rmtree(tmp_path / "index")
    encoder.encoded.clear()

    assert await best(open_here()) == CARDS.passages[0].text
    assert encoder.encoded == [LOST]


@everywhere
async def test_a_second_process_reads_the_same_without_touching_the_index(
    knowledge: ChromaKnowledge, open_here: OpenKnowledge
) -> None:
    store(knowledge, CARDS, FEES)
    second = open_here()

    assert await second.search(BANK, LOST, locale="en") == await knowledge.search(BANK, LOST, locale="en")


@everywhere
async def test_what_a_second_process_writes_is_taken_over_by_the_owner(
    knowledge: ChromaKnowledge, open_here: OpenKnowledge
) -> None:
    store(knowledge, FEES)
    await best(knowledge)
    second = open_here()
    store(second, CARDS)

    assert await best(second) == CARDS.passages[0].text
    await best(knowledge)
    await knowledge.run(lambda: None)
    deadline = time.monotonic() + 20
    while await best(knowledge) != CARDS.passages[0].text:
        assert time.monotonic() < deadline


@pytest.mark.parametrize("statement", [knowledge_tables.PASSAGES, knowledge_tables.VECTORS], ids=["found", "indexed"])
def test_named_passages_are_looked_up_without_reading_all(tmp_path: Path, statement: str) -> None:
    tables = knowledge_tables.KnowledgeTables(tmp_path / "knowledge.db")
    values = {"base": 1, "at": 1, "encoder": "e", "ids": "[]"}
    plan = [row[3] for row in tables.rows(f"EXPLAIN QUERY PLAN {statement}", values)]
    tables.close()

    assert any(step.startswith("SEARCH p") and "(id=?)" in step for step in plan)


async def test_vectors_are_made_once_for_the_same_text(knowledge: ChromaKnowledge, encoder: HashEncoder) -> None:
    store(knowledge, CARDS, FEES)
    encoder.encoded.clear()

    store(knowledge, document("cards.md", *(p.text for p in CARDS.passages), "A new section."))

    assert [text for text in encoder.encoded if "new section" in text] == encoder.encoded


@everywhere
async def test_erasing_a_tenant_leaves_nothing_of_it_and_all_of_others(knowledge: ChromaKnowledge) -> None:
    other = make_version(tenant="other")
    store(knowledge, CARDS)
    knowledge.write(scope_of(other), add=[CARDS], remove=(), locales=["en"])

    assert knowledge.erase("demo") == 1
    assert (await knowledge.search(BANK, LOST, locale="en"))["hits"] == 0
    assert (await knowledge.search(other, LOST, locale="en"))["hits"] == 1


async def test_a_kill_between_the_tables_and_the_index_serves_the_old_state_until_the_next_start_finishes(
    knowledge: ChromaKnowledge, open_here: OpenKnowledge, tmp_path: Path
) -> None:
    store(knowledge, FEES)
    knowledge.close()
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from tests.knowledge.fakes import HashEncoder\n"
        "from tests.knowledge.documents import CARDS\n"
        "from tools.knowledge import open_knowledge\n"
        "from tools.knowledge_records import Scope\n"
        "folder = Path(sys.argv[1])\n"
        "knowledge = open_knowledge(f'chroma:{folder / \"index\"}', tables=folder / 'knowledge.db', "
        "encoder=HashEncoder())\n"
        "index = knowledge._index\n"
        "index.add = lambda *a: os.kill(os.getpid(), signal.SIGKILL)\n"
        "knowledge.write(Scope('demo', 'bank'), add=[CARDS], remove=(), locales=['en'])\n"
    )
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(tmp_path), env=_environment())
    assert await killed.wait() == -signal.SIGKILL
    after = open_here()

    found = await after.search(BANK, "transfer to another bank", locale="en")
    assert found["passages"][0]["source"] == "fees.md"
    deadline = time.monotonic() + 20
    while await best(after) != CARDS.passages[0].text:
        assert time.monotonic() < deadline


async def test_an_index_that_does_not_answer_means_no_evidence_and_a_note(
    knowledge: ChromaKnowledge, open_here: OpenKnowledge
) -> None:
    store(knowledge, CARDS)
    dead = open_here("chroma:http://127.0.0.1:9")

    found = await dead.search(BANK, LOST, locale="en")

    assert (found["hits"], found["passages"]) == (0, [])
    assert found["failure"] is not None
    assert await dead.check() is not None


@pytest.mark.parametrize("setting", ["pgvector:x", "chroma:", "redis:x", ""])
def test_an_unknown_place_is_refused_by_name(tmp_path: Path, setting: str) -> None:
    with pytest.raises(KnowledgeUnavailableError, match="expected chroma:FOLDER"):
        open_knowledge(setting, tables=tmp_path / "k.db", encoder=HashEncoder())


async def test_a_chroma_server_that_dies_means_no_evidence_and_a_note(tmp_path: Path, open_here: OpenKnowledge) -> None:
    with leaving_connections(), chroma_server(tmp_path / "served") as (port, server):
        knowledge = open_here(f"chroma:http://127.0.0.1:{port}")
        store(knowledge, CARDS, FEES)

        assert await best(knowledge) == CARDS.passages[0].text
        assert await knowledge.check() is None
        server.kill()
        server.wait()
        found = await knowledge.search(BANK, LOST, locale="en")

        assert (found["hits"], found["passages"]) == (0, [])
        assert found["failure"] is not None
        assert await knowledge.check() is not None
        knowledge.close()


def _environment() -> dict[str, str]:
    root = Path(__file__).resolve().parents[2]
    return {**os.environ, "PYTHONPATH": str(root)}
