"""What the knowledge tables hold, as plain records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from dialogue.audience import Audience
from models.ports import Vectors

ANY_LOCALE = "*"
"""Under which the baselines of all languages without probes of their own are kept."""
_FEW = 4

Origin = Literal["folder", "upload"]
"""Whether a document came from the project's folder, which decides if it can be gone, or by an upload."""


@dataclass(frozen=True)
class Scope:
    """Whose knowledge: the key that every row and every collection carries."""

    tenant: str
    project: str


@dataclass(frozen=True, kw_only=True)
class Base:
    """The knowledge base of one project: which state of it is current, and which one the index holds."""

    id: int
    scope: Scope
    encoder: str
    generation: int
    """Counts committed changes; rows say in which generation they were born and died."""
    indexed: int
    """The generation that the vector index holds completely: what readers see."""
    build: int
    """Counts collections: a rebuild fills a new one."""


@dataclass(frozen=True, kw_only=True)
class NewPassage:
    """A passage to be stored."""

    heading: str
    text: str
    answer: str | None = None
    """Of a FAQ row, whose `text` is the question."""


@dataclass(frozen=True, kw_only=True)
class NewDocument:
    """A document to be stored, cut into passages."""

    id: str
    source: str
    origin: Origin
    title: str
    locale: str
    family: str
    """Equal for the versions of one document in several languages."""
    hash: str
    passages: tuple[NewPassage, ...]
    labels: tuple[str, ...] = ()
    """For whom it is; without any, and without channels, for everybody."""
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DocumentRecord:
    """A stored document."""

    id: str
    source: str
    origin: Origin
    title: str
    locale: str
    family: str
    hash: str
    passages: int
    added_at: str
    labels: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PassageRecord:
    """A stored passage with what scoring needs of it."""

    id: str
    document: str
    source: str
    family: str
    locale: str
    title: str
    heading: str
    text: str
    answer: str | None
    searchable: str
    length: int
    siblings: int
    """Passages of its document, itself included."""
    vectors: Vectors
    """One row; of a FAQ row two: the question, and question with answer."""
    said: Vectors | None = None
    """A row for each sentence, of a FAQ row for each of its answer; None where they were never computed."""


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """A passage as far as baselines need it."""

    document: str
    locale: str
    length: int
    vectors: Vectors
    """One row, or the two of a FAQ row."""
    said: Vectors | None = None
    """Of its sentences."""


@dataclass(frozen=True, kw_only=True)
class PassageRow:
    """A passage ready to be written."""

    id: str
    document: str
    position: int
    heading: str
    text: str
    answer: str | None
    searchable: str
    length: int
    codes: frozenset[str]
    vector_keys: tuple[str, ...]
    """Keys of its vectors; under the last one those of its sentences are kept too."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Figures of one generation, needed to score against it."""

    encoder: str
    mean_length: float
    locales: Mapping[str, int] = field(default_factory=dict)
    """How many passages there are in each language."""
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Question's language (`*` for any other) → documents' language → what unrelated questions reach there."""
    families: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The languages of those documents that exist in more than one."""
    restricted: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    """The `channels` and `labels` of those documents that are not for everybody."""

    @property
    def passages(self) -> int:
        """How many passages there are."""
        return sum(self.locales.values())

    def kept_from(self, audience: Audience) -> frozenset[str]:
        """The documents that `audience` is not to see."""
        return frozenset(
            name
            for name, meant in self.restricted.items()
            if not audience.admits(channels=meant["channels"], labels=meant["labels"])
        )

    def baseline(self, locale: str) -> float:
        """What unrelated questions in `locale` reach: among documents of that language, else where they reach most."""
        reached = self._reached(locale)
        own = reached.get(locale)
        return own if own is not None else max(reached.values(), default=0.0)

    def lift(self, locale: str, document_locale: str) -> float:
        """What a passage in another language than the question's is given, as cosines between languages are lower.

        It makes unrelated passages of both languages equally near; less of it where too few passages tell the level.
        """
        reached = self._reached(locale).get(document_locale)
        if reached is None:
            return 0.0
        count = self.locales.get(document_locale, 0)
        return max(0.0, self.baseline(locale) - reached) * count / (count + _FEW)

    def _reached(self, locale: str) -> Mapping[str, float]:
        return self.baselines.get(locale) or self.baselines.get(ANY_LOCALE, {})
