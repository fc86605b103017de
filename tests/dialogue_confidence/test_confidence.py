"""The number that says how sure an answer is."""

import math

import pytest

from config.project import Project, SimpleConfidence
from dialogue.confidence import (
    Calibration,
    combine,
    confidence_in,
    is_insufficient,
    retrieval_confidence,
    simple_confidence,
)
from dialogue.state import Evidence, Passage, Retrieval

PROJECT = Project(name="bank", locales=["en"])
SIMPLE = SimpleConfidence(rule="simple")


def found(
    best: float = 0.95,
    *,
    margin: float = 0.03,
    baseline: float = 0.81,
    crosses: bool = False,
    cosines: tuple[float, ...] = (0.9,),
) -> Retrieval:
    passages = [
        Passage(id=str(at), source="a.md", title="", heading="", text="", score=best, cosine=cosine, coverage=0.5)
        for at, cosine in enumerate(cosines)
    ]
    return Retrieval(
        query="",
        passages=passages,
        hits=len(passages),
        max_score=best,
        margin=margin,
        baseline=baseline,
        crosses_language=crosses,
        insufficient=False,
        failure=None,
    )


def evidence(**parts: float | None) -> Evidence:
    return Evidence(
        understanding=parts.get("understanding"),
        retrieval=parts.get("retrieval"),
        grounding=parts.get("grounding"),
        action=parts.get("action"),
        model=parts.get("model"),
        rule="fitted",
    )


@pytest.mark.parametrize(
    ("best", "margin", "baseline"), [(0.95, 0.03, 0.81), (0.81, 0.0, 0.81), (1.05, 0.2, 0.75), (0.6, 0.0, 0.9)]
)
def test_the_fitted_rule_is_its_formula(best: float, margin: float, baseline: float) -> None:
    logit = -3.2 + 18 * (best - baseline) + 91 * margin

    assert retrieval_confidence(found(best, margin=margin, baseline=baseline)) == pytest.approx(
        1 / (1 + math.exp(-logit))
    )


def test_a_question_in_another_language_is_judged_on_its_own_scale() -> None:
    here, across = retrieval_confidence(found(margin=0.0)), retrieval_confidence(found(margin=0.0, crosses=True))

    assert math.log(across / (1 - across)) - math.log(here / (1 - here)) == pytest.approx(1.5)


def test_nothing_found_is_no_confidence_at_all() -> None:
    assert retrieval_confidence(found(cosines=())) == 0.0


def test_an_unrelated_question_is_below_the_threshold_and_a_clear_hit_above() -> None:
    unrelated = retrieval_confidence(found(0.815, margin=0.004, baseline=0.81))
    clear = retrieval_confidence(found(0.97, margin=0.05, baseline=0.81))

    assert unrelated < 0.3
    assert clear > 0.6


def test_extreme_scores_do_not_overflow() -> None:
    steep = Calibration(intercept=0, lift=1e6, margin=0, crossing=0)

    assert retrieval_confidence(found(1.0, baseline=0.0), steep) == 1.0
    assert retrieval_confidence(found(0.0, baseline=1.0), steep) == 0.0


@pytest.mark.parametrize(
    ("cosines", "insufficient", "confidence"),
    [
        ((0.9,), False, 0.9),
        ((0.7,), False, 0.7),
        ((0.69,), True, 0.39),
        ((0.2,), True, 0.0),
        ((), True, 0.0),
        ((0.75, 0.6), False, 0.75),
    ],
)
def test_the_simple_rule_takes_the_best_raw_score_less_a_penalty(
    cosines: tuple[float, ...], insufficient: bool, confidence: float
) -> None:
    retrieval = found(cosines=cosines)

    assert is_insufficient(retrieval, SIMPLE) is insufficient
    assert simple_confidence(retrieval, SIMPLE) == pytest.approx(confidence)


def test_the_simple_rule_wants_its_number_of_hits() -> None:
    rule = SimpleConfidence(rule="simple", min_hits=2)

    assert simple_confidence(found(cosines=(0.9,)), rule) == pytest.approx(0.6)
    assert simple_confidence(found(cosines=(0.9, 0.8)), rule) == pytest.approx(0.9)


def test_the_project_chooses_the_rule() -> None:
    simple = Project(name="bank", locales=["en"], confidence=SIMPLE)

    assert confidence_in(found(), simple) == simple_confidence(found(), SIMPLE)
    assert confidence_in(found(), PROJECT) == retrieval_confidence(found())


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({}, None),
        ({"grounding": 1.0}, None),
        ({"retrieval": 0.9}, 0.9),
        ({"understanding": 0.8, "action": 1.0}, 0.8),
        ({"understanding": 0.9, "retrieval": 0.4}, 0.4),
        ({"understanding": 0.9, "action": 0.0}, 0.0),
        ({"retrieval": 0.9, "grounding": 1.0, "model": 1.0}, 0.9),
        ({"retrieval": 0.9, "model": 0.5}, 0.45),
        ({"retrieval": 0.9, "model": 0.0}, 0.0),
        ({"model": 0.0}, 0.0),
    ],
)
def test_the_weakest_part_decides_and_faults_cap_it(parts: dict[str, float | None], expected: float | None) -> None:
    assert combine(evidence(**parts), PROJECT) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize("grounding", [0.0, 0.5, 0.9])
def test_an_answer_not_fully_grounded_stays_below_the_transfer_threshold(grounding: float) -> None:
    confidence = combine(evidence(retrieval=0.99, grounding=grounding), PROJECT)

    assert confidence is not None
    assert confidence < PROJECT.confidence.low


def test_a_fallback_text_has_no_confidence_however_good_the_evidence() -> None:
    assert combine(evidence(retrieval=0.99, understanding=1.0), PROJECT, fallback=True) == 0.0
