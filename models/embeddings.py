"""Sentence embeddings behind one guarded edge: cleaned texts in, unit vectors out, kept where they were computed once.

The engine behind it is chosen at first use, never at import and never before a fork. Vectors of training texts may be
kept on disk; vectors of what customers write stay in memory only, so that there is nothing of theirs to erase.
"""

import asyncio
import hashlib
import os
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import numpy as np

from models.embedding_engines import EmbeddingEngine, bundled_engine, remote_engine
from models.ports import Encoder, Vectors
from models.vector_store import VectorStore

MAX_CHARS = 1000
"""Of a question, what lies behind is not read: cost grows faster than length, and it is clear long before."""

MAX_PASSAGE_CHARS = 2000
"""Of a passage: what the bundled model reads at once in an alphabet; halves of one averaged are worse to find."""

REMEMBERED = 8192
"""Vectors kept in memory: 12 MB of 384 dimensions."""

WORKERS = 2
BATCH = 32

_DROPPED = {"Cc", "Cf", "Cs", "Co", "Cn"}
_SPACES = str.maketrans(dict.fromkeys("\t\n\r\v\f\u2028\u2029", " "))
_KEPT = "\u200c\u200d"
"""Joiners that spell words and emoji."""


def clean(text: str, most: int = MAX_CHARS) -> str:
    """`text` as the engine can read it: compatibility forms folded, nothing invisible or broken, bounded in length."""
    folded = unicodedata.normalize("NFKC", text[:most].translate(_SPACES))
    kept = (c for c in folded[: 2 * most] if c in _KEPT or unicodedata.category(c) not in _DROPPED)
    return " ".join("".join(kept)[:most].split())


class CachedEncoder:
    """An encoder that computes a text's vector once: memory first, then disk, then the engine."""

    def __init__(self, choose: Callable[[], EmbeddingEngine], *, cache: Path | None = None) -> None:
        self._choose = choose
        self._store = VectorStore(cache) if cache else None
        self._chosen: EmbeddingEngine | None = None
        self._lock = threading.Lock()
        self._memory: OrderedDict[bytes, Vectors] = OrderedDict()
        self._pool: tuple[int, ThreadPoolExecutor] | None = None

    @property
    def name(self) -> str:
        """Engine and model, as recorded with what was built from its vectors."""
        return self._engine().name

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._engine().dimension

    def encode_now(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """Vectors of training texts, blocking; read from and written to the disk cache."""
        return self._encode(texts, kind, store=self._store)

    async def encode(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """Vectors of what customers write, off the event loop and never on disk."""
        remembered = self._remembered(texts, kind)
        if remembered is not None:
            return remembered
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor(), lambda: self._encode(texts, kind, store=None))

    def forget(self) -> None:
        """Drop every vector that is kept, in memory and on disk."""
        with self._lock:
            self._memory.clear()
        if self._store:
            self._store.clear()

    def _encode(self, texts: Sequence[str], kind: Literal["query", "passage"], *, store: VectorStore | None) -> Vectors:
        engine = self._engine()
        if not texts:
            return np.zeros((0, engine.dimension), dtype=np.float32)
        cleaned, keys = _named(engine, texts, kind)
        known = self._recall(keys)
        wanted = {key: text for key, text in zip(keys, cleaned, strict=True) if key not in known}
        if store and wanted:
            known |= store.read([*wanted])
            wanted = {key: text for key, text in wanted.items() if key not in known}
        if wanted:
            computed = dict(zip(wanted, _compute(engine, [*wanted.values()], kind), strict=True))
            known |= computed
            if store:
                store.write(computed)
        self._remember(known)
        return np.stack([known[key] for key in keys])

    def _remembered(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors | None:
        """The vectors of a few texts that were all encoded a moment ago; no thread is worth starting for them."""
        engine = self._chosen
        if engine is None or not 0 < len(texts) <= BATCH:
            return None
        _, keys = _named(engine, texts, kind)
        known = self._recall(keys)
        if any(key not in known for key in keys):
            return None
        self._remember(known)
        return np.stack([known[key] for key in keys])

    def _recall(self, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        with self._lock:
            return {key: self._memory[key] for key in keys if key in self._memory}

    def _remember(self, vectors: dict[bytes, Vectors]) -> None:
        with self._lock:
            for key, vector in vectors.items():
                self._memory[key] = vector
                self._memory.move_to_end(key)
            while len(self._memory) > REMEMBERED:
                self._memory.popitem(last=False)

    def _engine(self) -> EmbeddingEngine:
        with self._lock:
            if self._chosen is None:
                self._chosen = self._choose()
            return self._chosen

    def _executor(self) -> ThreadPoolExecutor:
        # Threads do not survive a fork: a child gets a pool of its own.
        with self._lock:
            if self._pool is None or self._pool[0] != os.getpid():
                self._pool = (os.getpid(), ThreadPoolExecutor(WORKERS, thread_name_prefix="embeddings"))
            return self._pool[1]


def _named(
    engine: EmbeddingEngine, texts: Sequence[str], kind: Literal["query", "passage"]
) -> tuple[list[str], list[bytes]]:
    """The texts as they are encoded, and what their vectors are kept under."""
    most = MAX_PASSAGE_CHARS if kind == "passage" else MAX_CHARS
    cleaned = [clean(text, most) for text in texts]
    return cleaned, [hashlib.sha256(f"{engine.name}\0{kind}\0{text}".encode()).digest() for text in cleaned]


def _compute(engine: EmbeddingEngine, texts: Sequence[str], kind: Literal["query", "passage"]) -> list[Vectors]:
    """Rows of vectors; many texts get threads of their own, so that customers' texts do not queue behind them."""
    batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
    if len(batches) == 1:
        return list(engine.vectors(texts, kind))
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="training") as pool:
        return [row for rows in pool.map(lambda batch: engine.vectors(batch, kind), batches) for row in rows]


def open_encoder(
    cache: Path | None = None, *, embeddings: str = "embedded", api_key: str | None = None, base_url: str | None = None
) -> Encoder:
    """The encoder that `embeddings` names: `embedded`, or `openai:MODEL` at an OpenAI-compatible server."""
    source, _, model = embeddings.partition(":")
    if source == "embedded" and not model:
        return CachedEncoder(bundled_engine, cache=cache)
    if source == "openai" and model:
        return CachedEncoder(lambda: remote_engine(model, api_key=api_key, base_url=base_url), cache=cache)
    raise ValueError(f"unknown embeddings {embeddings!r}; expected 'embedded' or 'openai:MODEL'")
