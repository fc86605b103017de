"""Figures of confidence."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from measuring.figures import Judged, auroc, bands, calibration_error, evened, selective, summarise


def judged(confidence, right, weight=None) -> Judged:
    weights = np.ones(len(confidence)) if weight is None else np.array(weight)
    return Judged(confidence=np.array(confidence), right=np.array(right, dtype=np.bool_), weight=weights)


def test_auroc_agrees_with_the_library_ties_and_weights_included():
    chance = np.random.default_rng(1)
    confidence = chance.integers(0, 20, 300) / 20
    right = chance.random(300) < confidence
    weight = chance.random(300) + 0.1

    found = auroc(judged(confidence, right, weight))

    assert found == pytest.approx(roc_auc_score(right, confidence, sample_weight=weight))


@pytest.mark.parametrize("right", [[True, True], [False, False]])
def test_auroc_says_nothing_where_there_is_only_one_kind(right):
    assert auroc(judged([0.2, 0.8], right)) is None


def test_a_number_that_means_what_it_says_has_no_calibration_error():
    honest = judged([0.8] * 5 + [0.2] * 5, [True] * 4 + [False] + [True] + [False] * 4)

    assert calibration_error(honest) == pytest.approx(0)
    assert calibration_error(judged([0.95] * 4, [True, True, False, False])) == pytest.approx(0.45)


def test_bands_leave_out_what_is_empty_and_take_in_certainty():
    assert [(one.share, one.right) for one in bands(judged([0.05, 1.0], [False, True]))] == [(0.5, 0.0), (0.5, 1.0)]


def test_answering_fewer_questions_answers_more_of_them_rightly():
    shares = {row["answered"]: row["right"] for row in selective(judged([0.9, 0.8, 0.3, 0.1], [1, 1, 1, 0]))}

    assert (shares[1.0], shares[0.7], shares[0.5]) == (0.75, 1.0, 1.0)


def test_kinds_weigh_by_their_share_however_many_there_are():
    weights = evened(["answerable"] * 8 + ["removed"] * 2, {"answerable": 0.7, "removed": 0.15, "unrelated": 0.15})

    assert weights.sum() == pytest.approx(10)
    assert weights[:8].sum() / weights.sum() == pytest.approx(0.7 / 0.85)


def test_a_summary_is_plain_data():
    found = summarise(judged([0.9, 0.1], [True, False]))

    assert (found["auroc"], found["questions"], found["right"]) == (1.0, 2, 0.5)
