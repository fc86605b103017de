"""Erased knowledge is gone: from answers, from tables, from the index and from every file."""

from pathlib import Path

import numpy as np
import pytest

from models.embeddings import CachedEncoder
from models.vector_store import VectorStore
from tests.knowledge.documents import CARDS, document
from tests.knowledge.fakes import HashEncoder, make_version
from tools.knowledge import open_knowledge, scope_of

BANK, SHOP = make_version(), make_version(name="shop")
WORDS = "The vault beneath Zanzibar opens with the word quetzalcoatl."
SECRET = document("secret.md", WORDS)


class Engine:
    """The hashing encoder as an engine behind the caching one."""

    name = "hash:1"
    dimension = 256

    def vectors(self, texts, kind):
        return HashEncoder().encode_now(list(texts), kind)


def files_with(folder: Path, needle: bytes) -> list[str]:
    return [
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()
    ]


@pytest.fixture
def caching(tmp_path) -> CachedEncoder:
    return CachedEncoder(Engine, cache=tmp_path / "vectors.db")


async def test_no_file_holds_erased_words_or_vectors_and_the_other_project_is_still_found(tmp_path, caching):
    knowledge = open_knowledge(f"chroma:{tmp_path / 'index'}", tables=tmp_path / "knowledge.db", encoder=caching)
    knowledge.write(scope_of(BANK), add=[SECRET], remove=(), locales=["en"])
    knowledge.write(scope_of(SHOP), add=[CARDS], remove=(), locales=["en"])
    assert (await knowledge.search(BANK, "Zanzibar", locale="en"))["hits"] == 1
    (stored,) = knowledge.passages(BANK)
    marks = {
        "words": b"quetzalcoatl",
        "vector": stored.vectors[0].astype(np.float32).tobytes()[400:464],
        "sentence": stored.said[0].astype(np.float16).tobytes()[200:232],
        "folded": b"zanzibar",
    }
    knowledge.close()
    before = {name: files_with(tmp_path, mark) for name, mark in marks.items()}

    knowledge = open_knowledge(f"chroma:{tmp_path / 'index'}", tables=tmp_path / "knowledge.db", encoder=caching)
    assert knowledge.erase("demo", "bank") == 1
    gone = await knowledge.search(BANK, "Zanzibar", locale="en")
    kept = await knowledge.search(SHOP, "a lost card", locale="en")
    knowledge.close()

    assert all(before.values()), before
    assert any(name.startswith("index/") for name in before["vector"])
    assert not any(files_with(tmp_path, mark) for mark in marks.values())
    assert gone["hits"] == 0
    assert [passage["source"] for passage in kept["passages"]] == ["cards.md"]


async def test_the_index_is_found_again_after_it_moved(tmp_path, encoder):
    for _ in range(2):
        knowledge = open_knowledge(f"chroma:{tmp_path / 'index'}", tables=tmp_path / "knowledge.db", encoder=encoder)
        knowledge.write(scope_of(BANK), add=[SECRET], remove=(), locales=["en"])
        knowledge.write(scope_of(SHOP), add=[CARDS], remove=(), locales=["en"])
        knowledge.erase("demo", "bank")
        found = await knowledge.search(SHOP, "a lost card", locale="en")
        knowledge.close()

        assert found["hits"] == 1
    assert len([path for path in (tmp_path / "index").iterdir() if path.is_dir()]) == 1


def test_a_cleared_store_is_empty_and_can_be_written_again(tmp_path):
    store = VectorStore(tmp_path / "v.db")
    store.write({b"k": np.ones(3, np.float32)})
    store.clear()
    empty = store.read([b"k"])
    store.write({b"k": np.zeros(3, np.float32)})

    assert empty == {}
    assert list(store.read([b"k"])[b"k"]) == [0, 0, 0]


def test_a_forgetting_encoder_computes_again(caching):
    first = caching.encode_now(["a b c d"], "passage")
    caching.forget()

    assert (caching.encode_now(["a b c d"], "passage") == first).all()
