"""Stand-ins on the ports: an encoder that hashes n-grams, a model that says what it is told."""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import JsonValue

from config.catalog import build_catalog
from config.project import Project
from config.versions import Version
from dialogue.state import ModelUse
from models.ports import Completion, Vectors
from tools import lexical


class HashEncoder:
    """Texts with words in common are near each other; deterministic, instant, counts what it was asked."""

    def __init__(self, name: str = "hash:1", dimension: int = 256) -> None:
        self.name = name
        self.dimension = dimension
        self.encoded: list[str] = []

    def encode_now(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        self.encoded += texts
        return np.stack([self._vector(text) for text in texts])

    async def encode(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        return self.encode_now(texts, kind)

    def forget(self) -> None:
        self.encoded.clear()

    def _vector(self, text: str) -> Vectors:
        vector = np.full(self.dimension, 0.05, np.float32)
        for term in lexical.terms(text):
            vector[int(hashlib.sha256(term.encode()).hexdigest(), 16) % self.dimension] += 1
        normal: Vectors = (vector / np.linalg.norm(vector)).astype(np.float32)
        return normal


class ScriptedModel:
    """Says the next text of its script, in pieces; a `Completion` in the script is how that call ends."""

    name = "scripted"

    def __init__(self, *script: str | tuple[list[str], str | None]) -> None:
        self._script = list(script)
        self.asked: list[Sequence[Mapping[str, str]]] = []

    def _next(self, messages: Sequence[Mapping[str, str]]) -> tuple[list[str], str | None]:
        self.asked.append(messages)
        step = self._script.pop(0)
        return (list(step), None) if isinstance(step, str) else step

    async def stream(
        self, messages: Sequence[Mapping[str, str]], *, purpose: str, deadline: float | None, max_tokens: int = 1024
    ) -> AsyncIterator[str | Completion]:
        pieces, failure = self._next(messages)
        for piece in pieces:
            yield piece
        yield completion("".join(pieces), failure)

    async def complete(
        self, messages: Sequence[Mapping[str, str]], *, purpose: str, deadline: float | None, max_tokens: int = 512
    ) -> Completion:
        pieces, failure = self._next(messages)
        return completion("".join(pieces), failure)

    async def decide(
        self,
        messages: Sequence[Mapping[str, str]],
        tools: Sequence[Mapping[str, JsonValue]],
        *,
        purpose: str,
        deadline: float | None,
        forms: Mapping[str, str] = {},
    ) -> Completion:
        raise AssertionError("answers are never decided by tools")


def completion(text: str, failure: str | None) -> Completion:
    """How a scripted call ends."""
    use = ModelUse(
        purpose="answer",
        model="scripted",
        input_tokens=1,
        output_tokens=1,
        mode="stream",
        failure=failure,
        ms=1.0,
    )
    return Completion(text=text, calls=(), use=use, failure=failure)  # type: ignore[arg-type]  # scripts name failures


def make_version(
    folder: Path = Path(), *, name: str = "bank", tenant: str = "demo", prompts: Mapping[str, str] = {}, **more: object
) -> Version:
    """A project with little in it."""
    project = Project.model_validate({"name": name, "tenant": tenant, "locales": ["en", "tr"], **more})
    return Version(name="draft-1", project=project, folder=folder, catalog=build_catalog({}), prompts=dict(prompts))
