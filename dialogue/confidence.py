"""How sure an answer is: parts of evidence, each 0…1, folded into one number that can be shown as it is.

Pure functions. A raw cosine is never shown: the cosines of sentence embeddings crowd together, lie at another level for
every knowledge base and language, and say little by themselves. What carries over between knowledge bases is how far
the best passage stands above what unrelated questions reach, and above the next passage with other content.
"""

import math
from dataclasses import dataclass
from typing import Literal

from config.project import FittedConfidence, Project, SimpleConfidence
from dialogue.state import Evidence, Retrieval
from dialogue.weighed import Weights

WeightName = Literal[
    "intercept", "lift", "margin", "crossing", "coverage", "told", "coverage_margin", "sentence_margin"
]


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """The weights of the fitted rule: p = sigmoid(intercept + lift·(s1 − b) + margin·(s1 − s2) + …).

    How much the last four say differs between knowledge bases: none of them is shipped, and a project with labelled
    questions finds its own.
    """

    intercept: float
    lift: float
    """Weight of the best fused score's height over the baseline of out-of-domain questions."""
    margin: float
    """Weight of its distance to the best passage with other content."""
    crossing: float
    """Added where question and knowledge are in different languages, whose scores lie closer together."""
    coverage: float = 0.0
    """Weight of the share of the question's words that the best passage holds."""
    told: float = 0.0
    """Weight of the share that two sentences of it hold."""
    coverage_margin: float = 0.0
    """Weight of what that passage holds of the question's words more than any with other content."""
    sentence_margin: float = 0.0
    """Weight of how much nearer its nearest sentence is than that of any passage with other content."""

    def weights(self) -> Weights:
        """The same as plain data."""
        return Weights(
            intercept=self.intercept,
            lift=self.lift,
            margin=self.margin,
            crossing=self.crossing,
            coverage=self.coverage,
            told=self.told,
            coverage_margin=self.coverage_margin,
            sentence_margin=self.sentence_margin,
        )


SHIPPED = Calibration(intercept=-3.2, lift=18.0, margin=91.0, crossing=1.5)
"""Logistic regression of 'the best passage is the right one' on both features over ten knowledge bases in English,
Turkish and Chinese, each judged by weights fitted on the others; used until a project fits its own."""


def calibration_of(retrieval: Retrieval) -> Calibration:
    """The weights a search's scores are read by: those fitted to its knowledge, else the shipped ones."""
    own = retrieval.get("weights")
    return Calibration(**own) if own else SHIPPED


def weights_of(retrieval: Retrieval, project: Project) -> Literal["shipped", "project"] | None:
    """Whose weights the fitted rule used; None by any other rule."""
    if project.confidence.rule != "fitted":
        return None
    return "project" if retrieval.get("weights") else "shipped"


def retrieval_confidence(retrieval: Retrieval, calibration: Calibration | None = None) -> float:
    """Probability that the best passage answers the question; shipped: sigmoid(−3.2 + 18·(s1 − b) + 91·(s1 − s2)).

    0 without hits; s1 is the best fused score, b the median best cosine of out-of-domain questions, s2 the best fused
    score of other content; +1.5 in the logit where question and knowledge differ in language.
    """
    if not retrieval["passages"]:
        return 0.0
    used = (calibration or calibration_of(retrieval)).weights()
    return _sigmoid(sum(used[name] * value for name, value in features_of(retrieval).items()))


def features_of(retrieval: Retrieval) -> dict[WeightName, float]:
    """What the weights weigh, each under the name of its weight."""
    found = retrieval.get("signs")
    return {
        "intercept": 1.0,
        "lift": retrieval["max_score"] - retrieval["baseline"],
        "margin": retrieval["margin"],
        "crossing": float(retrieval["crosses_language"]),
        "coverage": retrieval["passages"][0]["coverage"] if retrieval["passages"] else 0.0,
        "told": found["told"] if found else 0.0,
        "coverage_margin": found["coverage_margin"] if found else 0.0,
        "sentence_margin": found["sentence_margin"] if found else 0.0,
    }


def simple_confidence(retrieval: Retrieval, rule: SimpleConfidence) -> float:
    """The simple rule: the best raw score, less `insufficient_penalty` where the evidence is insufficient."""
    score = min(1.0, max(0.0, _raw_score(retrieval)))
    return max(0.0, score - rule.insufficient_penalty) if is_insufficient(retrieval, rule) else score


def is_insufficient(retrieval: Retrieval, rule: SimpleConfidence) -> bool:
    """Too few hits, or none that reaches the score threshold."""
    return retrieval["hits"] < rule.min_hits or _raw_score(retrieval) < rule.score_threshold


def confidence_in(retrieval: Retrieval, project: Project) -> float:
    """The retrieval part by the rule the project chose."""
    rule = project.confidence
    if isinstance(rule, SimpleConfidence):
        return simple_confidence(retrieval, rule)
    return retrieval_confidence(retrieval)


def combine(evidence: Evidence, project: Project, *, fallback: bool = False) -> float | None:
    """One number from the parts: the weakest, capped by what is wrong with the reply; None where nothing was judged.

    A fixed fallback text and a dead model (0) make it 0, whatever was found; a doubtful model (below 1) keeps it under
    `high`; an answer not fully grounded in its passages keeps it under `low`.
    """
    if fallback or evidence["model"] == 0:
        return 0.0
    parts = (evidence["understanding"], evidence["retrieval"], evidence["action"])
    judged = [part for part in parts if part is not None]
    if not judged:
        return None
    return min([*judged, *_caps(evidence, project.confidence)])


def _caps(evidence: Evidence, rule: FittedConfidence | SimpleConfidence) -> list[float]:
    caps = [1.0]
    if evidence["model"] is not None and evidence["model"] < 1:
        caps.append((rule.low + rule.high) / 2)
    if evidence["grounding"] is not None and evidence["grounding"] < 1:
        caps.append(rule.low * evidence["grounding"])
    return caps


def _raw_score(retrieval: Retrieval) -> float:
    return max((passage["cosine"] for passage in retrieval["passages"]), default=0.0)


def _sigmoid(logit: float) -> float:
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    grown = math.exp(logit)
    return grown / (1 + grown)
