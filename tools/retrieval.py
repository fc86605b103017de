"""From candidate passages to what one search found: fused scores, other content told apart, cuts, and the margin.

score = cosine + 0.1 × coverage, where a passage's cosine is moved towards that of its nearest sentence, plus a boost
for exact codes, plus for a passage in another language what cosines between languages lack. Pure: nothing here reads
tables or indexes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from config.project import Project, SimpleConfidence
from dialogue.audience import EVERYBODY, Audience
from dialogue.confidence import Calibration, confidence_in, is_insufficient
from dialogue.state import Passage, Retrieval
from dialogue.tokens import estimate_tokens
from models.ports import Vectors
from tools import lexical
from tools.hits import Hit, distinct, full_text, margin
from tools.knowledge_probes import SENTENCE_WEIGHT
from tools.knowledge_records import PassageRecord, Snapshot
from tools.signs import signs

COVERAGE_WEIGHT = 0.1
"""Safe for every knowledge base measured; twice as much gains on encyclopedic text and loses on small support ones."""
CHANCE_COVERAGE = 0.1
"""What a passage holds of an unrelated question's words by chance; one in another language must do without."""
CODE_BOOST = 0.2
"""For a passage that holds the rare codes asked for, over near-identical ones that do not."""
_PRECISION = 6
_TITLE_CHARS = 300


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question as it comes."""

    text: str
    vector: Vectors
    locale: str
    audience: Audience = EVERYBODY


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question with what scoring needs of it."""

    text: str
    locale: str
    vector: Vectors
    weights: Mapping[str, float]
    codes: Mapping[str, Collection[str]]
    """Rare codes in the question → ids of the passages that hold them."""


def rank(question: Question, candidates: Sequence[PassageRecord], snapshot: Snapshot) -> list[Hit]:
    """The candidates with their scores, best first; another language's version of a document only if need be."""
    fitting = [one for one in candidates if not _said_in_own_language(one, question.locale, snapshot)]
    lifts = {locale: _lift(question.locale, locale, snapshot) for locale in snapshot.locales}
    hits = [_score(question, one, snapshot.mean_length, lifts.get(one.locale, 0.0)) for one in fitting]
    return sorted(hits, key=lambda hit: (-hit.score, hit.passage.id))


def assemble(
    question: Question,
    ranked: Sequence[Hit],
    snapshot: Snapshot,
    project: Project,
    calibration: Calibration | None = None,
) -> Retrieval:
    """What the search found, cut to the project's number of passages and tokens of evidence."""
    baseline = snapshot.baseline(question.locale)
    found = empty(question.text, baseline=baseline)
    if calibration is not None:
        found["weights"] = calibration.weights()
    if not ranked:
        return found
    different = distinct(ranked, max(project.knowledge.top_k, 2))
    passages = within_budget(different[: project.knowledge.top_k], project.knowledge.max_evidence_tokens)
    for passage in passages:
        passage["relevance"] = round(relevance(passage["score"], baseline), _PRECISION)
    best = ranked[0]
    found["passages"] = passages
    found["hits"] = len(passages)
    found["max_score"] = round(best.score, _PRECISION)
    found["margin"] = round(margin(different, baseline), _PRECISION)
    found["signs"] = signs(question.weights, ranked, baseline)
    found["crosses_language"] = bool(best.passage.locale) and not same_language(best.passage.locale, question.locale)
    found["insufficient"] = _insufficient(found, project)
    return found


def relevance(score: float, baseline: float) -> float:
    """A fused score as 0…1: 0 is what unrelated questions reach here, 1 the most there is.

    It orders as the score does, and tells strong evidence from weak between knowledge bases; it is no probability.
    """
    return min(1.0, max(0.0, (score - baseline) / (1 + COVERAGE_WEIGHT - baseline)))


def empty(query: str, *, baseline: float = 0.0, failure: str | None = None) -> Retrieval:
    """A search that found nothing, and why if it failed."""
    return Retrieval(
        query=query,
        passages=[],
        hits=0,
        max_score=0.0,
        margin=0.0,
        baseline=baseline,
        crosses_language=False,
        insufficient=True,
        failure=failure,
    )


def within_budget(hits: Sequence[Hit], budget: int) -> list[Passage]:
    """As many passages, best first, as fit; the first is shortened rather than left out."""
    passages: list[Passage] = []
    for hit in hits:
        text = full_text(hit.passage)
        cost = estimate_tokens(f"{hit.passage.heading} {text}")
        if cost > budget:
            if not passages:
                passages.append(_passage(hit, text[: max(1, len(text) * budget // cost)]))
            break
        budget -= cost
        passages.append(_passage(hit, text))
    return passages


def same_language(one: str, other: str) -> bool:
    """Whether two locales are of one language: zh and zh-TW are."""
    return one.partition("-")[0] == other.partition("-")[0]


def _lift(asked: str, locale: str, snapshot: Snapshot) -> float:
    """What passages in another language are given where they compete with some in the question's own."""
    rivals = any(same_language(one, asked) for one in snapshot.locales)
    chance = COVERAGE_WEIGHT * CHANCE_COVERAGE if rivals and not same_language(locale, asked) else 0.0
    return snapshot.lift(asked, locale) + chance


def _score(question: Question, passage: PassageRecord, mean_length: float, lift: float) -> Hit:
    cosine, said = _nearness(passage, question.vector)
    coverage = lexical.coverage(question.weights, passage.searchable, passage.length, mean_length)
    asked = question.codes
    held = sum(passage.id in ids for ids in asked.values()) / len(asked) if asked else 0.0
    score = cosine + lift + COVERAGE_WEIGHT * coverage + CODE_BOOST * held
    return Hit(passage=passage, cosine=cosine, coverage=coverage, score=score, said=said)


def _nearness(passage: PassageRecord, question: Vectors) -> tuple[float, tuple[float, ...]]:
    """The passage's cosine, with its nearest sentence's part in it, and those of its sentences."""
    whole = float((passage.vectors @ question).mean())
    if passage.said is None or not len(passage.said):
        return whole, ()
    said = passage.said @ question
    return whole + SENTENCE_WEIGHT * (float(said.max()) - whole), tuple(float(one) for one in said)


def _said_in_own_language(passage: PassageRecord, locale: str, snapshot: Snapshot) -> bool:
    versions = snapshot.families.get(passage.family, frozenset())
    return not same_language(passage.locale, locale) and any(same_language(one, locale) for one in versions)


def _passage(hit: Hit, text: str) -> Passage:
    passage = Passage(
        id=hit.passage.id,
        source=hit.passage.source,
        # The rows of a table share its title, which tells a customer nothing: a row is known by its question.
        title=hit.passage.title if hit.passage.answer is None else hit.passage.text[:_TITLE_CHARS],
        heading=hit.passage.heading,
        text=text,
        score=round(hit.score, _PRECISION),
        cosine=round(hit.cosine, _PRECISION),
        coverage=round(hit.coverage, _PRECISION),
        locale=hit.passage.locale,
    )
    if hit.passage.answer is not None:
        passage["answer"] = hit.passage.answer
    if hit.said:
        passage["said"] = [round(one, 4) for one in hit.said]
    return passage


def _insufficient(found: Retrieval, project: Project) -> bool:
    rule = project.confidence
    if isinstance(rule, SimpleConfidence):
        return is_insufficient(found, rule)
    return not found["passages"] or confidence_in(found, project) < rule.low
