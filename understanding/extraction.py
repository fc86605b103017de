"""What the engines need of the grammars: values found in words, and the function that finds them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from pydantic import JsonValue

from config.project import Slot
from understanding.tagger import SlotTagger


class FoundValue(Protocol):
    """A slot's value in a text, as the grammars find it."""

    @property
    def slot(self) -> str:
        """Whose value it is."""

    @property
    def value(self) -> JsonValue:
        """Canonical."""

    @property
    def quote(self) -> str:
        """The customer's words."""

    @property
    def start(self) -> int:
        """Where the words begin in the text."""

    @property
    def end(self) -> int:
        """Where they end."""

    @property
    def score(self) -> float:
        """How sure the grammar is, 0…1."""

    @property
    def candidates(self) -> Sequence[JsonValue]:
        """All readings of an ambiguous value."""

    @property
    def negated(self) -> bool:
        """Whether it is said not to be the value."""


class Extract(Protocol):
    """Finds slot values in a text."""

    def __call__(
        self,
        text: str,
        slots: Mapping[str, Slot],
        *,
        locale: str,
        locales: Sequence[str],
        now: datetime,
        requested: Sequence[str] = (),
        filled: Mapping[str, JsonValue] = ...,
        tagger: SlotTagger | None = ...,
    ) -> Sequence[FoundValue]:
        """The values found, at most one for each slot unless they contradict."""
