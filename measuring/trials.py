"""Questions put to a project's knowledge, and where the passage that answers came."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from config.versions import Version
from dialogue.confidence import SHIPPED, Calibration, features_of, retrieval_confidence
from dialogue.state import Retrieval
from models.ports import Vectors
from tools.hits import distinct
from tools.knowledge import ChromaKnowledge
from tools.knowledge_records import PassageRecord
from tools.retrieval import Asked

Kind = Literal["answerable", "removed", "unrelated"]
Pick = Callable[[PassageRecord], bool]

LOOKED_AT = 20
"""Different passages among which the right one is looked for."""
_BATCH = 64


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One question; `right` picks the passages that answer it, `barred` those that are kept out of the search."""

    text: str
    locale: str
    kind: Kind
    origin: str
    """What it was made of: faq, heading, sentence, scenario, row…"""
    group: str
    """The document it belongs to: questions of one group are fitted or tested together."""
    right: Pick | None = None
    barred: Pick | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a search came to."""

    trial: Trial
    place: int | None
    """Rank of the first right passage among different ones, from 0."""
    found: Retrieval

    @property
    def right(self) -> bool:
        """Whether the best passage answers."""
        return self.place == 0

    def confidence(self, calibration: Calibration = SHIPPED) -> float:
        """How sure the search is by these weights."""
        return retrieval_confidence(self.found, calibration)

    def features(self) -> tuple[float, ...]:
        """What the weights weigh, in the order of their names."""
        return tuple(features_of(self.found).values())


async def ask(knowledge: ChromaKnowledge, version: Version, trials: Sequence[Trial]) -> list[Outcome]:
    """Put every question; those that find nothing at all are left out."""
    outcomes: list[Outcome] = []
    for start in range(0, len(trials), _BATCH):
        batch = trials[start : start + _BATCH]
        # Not through the encoder's cache on disk: questions made of documents would outlive them there.
        vectors = await knowledge.encoder.encode([trial.text for trial in batch], "query")
        outcomes += await knowledge.run(
            lambda batch=batch, vectors=vectors: [  # type: ignore[misc]  # mypy infers no type for a lambda's defaults
                _ask(knowledge, version, trial, vector) for trial, vector in zip(batch, vectors, strict=True)
            ]
        )
    return [outcome for outcome in outcomes if outcome.found["hits"]]


def _ask(knowledge: ChromaKnowledge, version: Version, trial: Trial, vector: Vectors) -> Outcome:
    asked = Asked(text=trial.text, vector=vector, locale=trial.locale)
    ranked, found = knowledge.find(version, asked, barred=trial.barred)
    place: int | None = None
    if trial.right is not None and trial.kind == "answerable":
        different = distinct(ranked, LOOKED_AT)
        place = next((at for at, hit in enumerate(different) if trial.right(hit.passage)), None)
    return Outcome(trial=trial, place=place, found=found)
