"""What the engines need of models: vectors from an encoder, completions from a language model."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
from pydantic import JsonValue

from dialogue.state import ModelUse

Vectors = npt.NDArray[np.float32]
"""Shape (n, dimension), rows of unit length."""


class Encoder(Protocol):
    """Sentence embeddings."""

    @property
    def name(self) -> str:
        """Engine and model, as recorded with what was built from its vectors."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def encode_now(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """Vectors of `texts`, blocking; for training in a thread of its own."""

    async def encode(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """Vectors of `texts`, off the event loop."""

    def forget(self) -> None:
        """Drop every vector that is kept, in memory and on disk: what was computed once is computed again. Blocking."""


@dataclass(frozen=True, kw_only=True)
class ToolCall:
    """One tool call of a model, arguments as parsed JSON."""

    name: str
    arguments: Mapping[str, JsonValue]


@dataclass(frozen=True, kw_only=True)
class Completion:
    """What one call of a model came to; `failure` names what went wrong and nothing was raised."""

    text: str
    calls: tuple[ToolCall, ...]
    use: ModelUse
    failure: Literal["unavailable", "timeout", "refused", "invalid", "budget", "incomplete"] | None = None


class LanguageModel(Protocol):
    """A chat model behind one guarded edge: one deadline, typed failures, no retries after words were shown."""

    @property
    def name(self) -> str:
        """The model's name, for diagnostics."""

    async def decide(
        self,
        messages: Sequence[Mapping[str, str]],
        tools: Sequence[Mapping[str, JsonValue]],
        *,
        purpose: str,
        deadline: float | None,
        forms: Mapping[str, str] = {},
    ) -> Completion:
        """Let the model choose among `tools` (OpenAI function schemas), not streamed, in the best mode it supports.

        `forms` words how to answer where the mode is not that of tools: `json` and `tagged`, with `{{ functions }}`.
        """

    async def complete(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        purpose: str,
        deadline: float | None,
        max_tokens: int = 512,
    ) -> Completion:
        """Plain text, not streamed."""

    def stream(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        purpose: str,
        deadline: float | None,
        max_tokens: int = 1024,
    ) -> AsyncIterator[str | Completion]:
        """Pieces of text, and last one Completion with the whole text and the usage (or the failure)."""
