"""Candidates of a search with their scores, and which of them tell the same as a better one."""

from collections.abc import Sequence
from dataclasses import dataclass

from tools import lexical
from tools.knowledge_records import PassageRecord

NEAR_DUPLICATE = 0.8
"""Share of words in common (Jaccard) from which two passages are the same content."""
AGREEMENT = 0.6
"""Share of a FAQ answer's words from which another passage gives the same answer."""
SHORT_DOCUMENT = 10
"""Passages up to which a document counts as one subject; a longer one by its first headings."""


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A candidate with its scores."""

    passage: PassageRecord
    cosine: float
    coverage: float
    score: float
    said: tuple[float, ...] = ()
    """Cosines of its sentences."""


def distinct(hits: Sequence[Hit], most: int) -> list[Hit]:
    """The first `most` hits whose texts are not near duplicates of a better one."""
    kept: list[tuple[frozenset[str], Hit]] = []
    for hit in hits:
        words = words_of(hit.passage)
        if not any(alike(words, other) for other, _ in kept):
            kept.append((words, hit))
        if len(kept) >= most:
            break
    return [hit for _, hit in kept]


def margin(hits: Sequence[Hit], baseline: float) -> float:
    """Best score minus that of the best hit with other content; where there is none, minus the baseline."""
    best = hits[0]
    rivals = (hit.score for hit in hits[1:] if not same_content(best.passage, hit.passage))
    return max(0.0, best.score - next(rivals, min(baseline, best.score)))


def full_text(passage: PassageRecord) -> str:
    """What a reader sees: of a FAQ row the question and its answer."""
    return passage.text if passage.answer is None else f"{passage.text}\n{passage.answer}"


def same_content(one: PassageRecord, other: PassageRecord) -> bool:
    """Whether either answers what the other does, so that one being close takes nothing from the other.

    Pieces of one short document or of one section, versions of a document in several languages, and a FAQ row whose
    answer also stands in the other.
    """
    if one.document == other.document:
        return _one_subject(one, other)
    if one.family == other.family and one.locale != other.locale:
        return True
    return answered_in(one, other) or answered_in(other, one)


def _one_subject(one: PassageRecord, other: PassageRecord) -> bool:
    if one.answer is not None or other.answer is not None:
        return answered_in(one, other) or answered_in(other, one)
    return one.siblings <= SHORT_DOCUMENT or one.heading.partition(" › ")[0] == other.heading.partition(" › ")[0]


def answered_in(row: PassageRecord, other: PassageRecord) -> bool:
    """Whether most words of a FAQ row's answer stand in another passage."""
    if row.answer is None:
        return False
    terms = set(lexical.terms(row.answer))
    return bool(terms) and sum(term in other.searchable for term in terms) / len(terms) >= AGREEMENT


def words_of(passage: PassageRecord) -> frozenset[str]:
    """The words of a passage, folded."""
    return frozenset(passage.searchable.split())


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two passages have so many words in common that they are one content."""
    union = len(one | other)
    return union > 0 and len(one & other) / union >= NEAR_DUPLICATE
