"""Vectors are cleaned, cached and never fatal."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from models.embedding_engines import EncoderUnavailableError, Ngrams
from models.embeddings import MAX_CHARS, CachedEncoder, clean, open_encoder
from models.ngrams import hashed_ngrams, sparse_ngrams


class Counting:
    """An engine that remembers what it was asked for."""

    name = "counting"
    dimension = 3

    def __init__(self):
        self.asked = []

    def vectors(self, texts, kind):
        self.asked += texts
        rows = np.array([[len(text), 1.0, kind == "query"] for text in texts], dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def encoder():
    return open_encoder()


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\0b\x07c", "abc"),
        ("a\tb\n\nc ", "a b c"),
        ("\ud800x", "x"),
        ("\u202eabc\u202c", "abc"),
        ("ＡＢＣ", "ABC"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("\u200b", ""),
    ],
)
def test_what_the_engine_cannot_read_is_taken_away(text, cleaned):
    assert clean(text) == cleaned


@pytest.mark.parametrize("text", ["x" * 10_000, "\ufdfa" * 10_000, "好" * 10_000])
def test_texts_are_capped(text):
    assert len(clean(text)) <= MAX_CHARS


@pytest.mark.parametrize("text", ["", "\ufdfa" * 100, "\ud800", "\0", "🙂" * 300, "x" * 5000])
def test_any_text_has_a_unit_vector(encoder, text):
    vectors = encoder.encode_now([text], "query")

    assert vectors.shape == (1, encoder.dimension)
    assert np.linalg.norm(vectors[0]) == pytest.approx(1.0, abs=1e-3)


async def test_the_same_text_has_the_same_vector_in_a_batch_and_alone(encoder):
    alone = await encoder.encode(["kartımı kaybettim"], "query")

    assert np.array_equal(encoder.encode_now(["hello", "kartımı kaybettim"], "query")[1], alone[0])


async def test_queries_and_passages_differ(encoder):
    query, passage = await encoder.encode(["a card"], "query"), await encoder.encode(["a card"], "passage")

    assert not np.allclose(query, passage)


async def test_no_texts_have_no_vectors(encoder):
    assert (await encoder.encode([], "query")).shape == (0, encoder.dimension)


def test_a_text_is_computed_once():
    engine = Counting()
    encoder = CachedEncoder(lambda: engine)

    encoder.encode_now(["a", "b", "a"], "query")
    encoder.encode_now(["b", "a "], "query")

    assert engine.asked == ["a", "b"]


async def test_training_texts_are_kept_on_disk_and_customers_texts_are_not(tmp_path):
    path = tmp_path / "deep" / "vectors.sqlite"
    first, second = Counting(), Counting()
    before = CachedEncoder(lambda: first, cache=path)
    before.encode_now(["taught"], "query")
    await before.encode(["secret"], "query")

    after = CachedEncoder(lambda: second, cache=path)
    after.encode_now(["taught", "secret"], "query")

    assert second.asked == ["secret"]


def test_a_damaged_cache_is_done_without(tmp_path):
    path = tmp_path / "vectors.sqlite"
    path.write_bytes(b"this is no database" * 100)
    engine = Counting()

    vectors = CachedEncoder(lambda: engine, cache=path).encode_now(["a"], "query")

    assert vectors.shape == (1, 3)


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path):
    (tmp_path / "file").write_text("in the way")

    assert CachedEncoder(Counting, cache=tmp_path / "file" / "x.sqlite").encode_now(["a"], "query").shape == (1, 3)


def test_many_threads_get_the_same_vectors():
    encoder = CachedEncoder(Counting)
    texts = [f"{'x' * n}" for n in range(50)]
    results = []
    threads = [threading.Thread(target=lambda: results.append(encoder.encode_now(texts, "query"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(np.array_equal(result, results[0]) for result in results)


def test_ngrams_that_are_held_without_their_zeros_are_the_same():
    texts = ["send money", "转账 转账", "", "no no", "a" * 500]

    assert np.allclose(sparse_ngrams(texts, 256).toarray(), hashed_ngrams(texts, 256), atol=1e-6)


def test_ngrams_know_spelling():
    vectors = Ngrams().vectors(["İptal et", "iptal et", "我要转账", "转账", ""], "query")

    assert vectors[0] @ vectors[1] == pytest.approx(1.0)
    assert vectors[2] @ vectors[3] > 0.3
    assert np.linalg.norm(vectors[4]) == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["openai", "openai:", "word2vec", "embedded:x"])
def test_unknown_embeddings_are_refused(name):
    with pytest.raises(ValueError, match="expected 'embedded' or 'openai:MODEL'"):
        open_encoder(embeddings=name)


@pytest.fixture
def server():
    """An OpenAI-compatible server on loopback; `answer` is what it says next."""

    class Served(ThreadingHTTPServer):
        seen: list[tuple[str, str, object]]
        answer: Callable[[object], tuple[int, bytes]]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            served.seen.append((self.path, self.headers["Authorization"], asked))
            status, body = served.answer(asked)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    served = Served(("127.0.0.1", 0), Handler)
    served.seen = []
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield served
    served.shutdown()
    thread.join()
    served.server_close()


def embedded_answer(asked):
    data = [{"index": place, "embedding": [3.0, 4.0]} for place, _ in enumerate(asked["input"])]
    return 200, json.dumps({"data": data[::-1]}).encode()


def remote(server):
    return open_encoder(embeddings="openai:m", api_key="k", base_url=f"http://127.0.0.1:{server.server_port}/v1/")


def test_an_openai_compatible_server_is_asked_for_vectors(server):
    server.answer = embedded_answer

    vectors = remote(server).encode_now(["a", ""], "query")

    assert vectors == pytest.approx(np.array([[0.6, 0.8], [0.6, 0.8]]))
    path, key, asked = server.seen[0]
    assert (path, key, asked["model"]) == ("/v1/embeddings", "Bearer k", "m")


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"{}"),
        (401, b"{}"),
        (200, b"no json"),
        (200, b"[]"),
        (200, b'{"data": []}'),
        (200, b'{"data": [{"index": 0, "embedding": ["a"]}]}'),
        (200, b'{"data": [{"index": 0, "embedding": [NaN, 1]}]}'),
    ],
)
def test_a_server_that_fails_is_one_named_error(server, answer):
    server.answer = lambda asked: answer

    with pytest.raises(EncoderUnavailableError):
        remote(server).encode_now(["a"], "query")


def test_a_server_that_is_not_there_is_one_named_error():
    encoder = open_encoder(embeddings="openai:m", base_url="http://127.0.0.1:9/v1")

    with pytest.raises(EncoderUnavailableError):
        encoder.encode_now(["a"], "query")
