"""Fits the weights of confidence to outcomes, holding on to the shipped ones: a few questions must not overrule them.

Logistic regression of "the best passage answers" with a normal prior around the shipped weights, by Newton's method.
"""

from collections.abc import Sequence
from typing import Final, get_args

import numpy as np

from dialogue.confidence import SHIPPED, Calibration, WeightName
from measuring.figures import Bools, Floats, Judged, log_loss
from measuring.trials import Outcome

SPREAD = Calibration(
    intercept=1.0,
    lift=12.0,
    margin=30.0,
    crossing=0.5,
    coverage=6.0,
    told=6.0,
    coverage_margin=10.0,
    sentence_margin=30.0,
)
"""How far weights may stray: one standard deviation of the prior."""
LEAST_ASKED = 25
"""Labelled questions from which the weights that are not shipped are learnt: made ones are worded like what they are
made of, and would make too much of words in common."""
_FIXED = 1e-3
_STEPS = 50
_SMALL = 1e-6
FOLDS = 5
_NAMES: Final[tuple[WeightName, ...]] = get_args(WeightName)


def fit(outcomes: Sequence[Outcome], weights: Floats) -> Calibration:
    """The likeliest weights given the outcomes and the prior."""
    features = np.array([outcome.features() for outcome in outcomes])
    right = np.array([outcome.right for outcome in outcomes])
    asked = {outcome.trial.group for outcome in outcomes if outcome.trial.origin == "row"}
    prior, spread = _vector(SHIPPED), _vector(SPREAD)
    if len(asked) < LEAST_ASKED:
        spread[prior == 0] = _FIXED
    found = _newton(features, right, weights, prior, 1 / spread**2)
    # More lift, a wider margin, a language crossed or more of the question's words can never speak against an answer:
    # what would is left out, and the others are fitted without it.
    against = np.zeros(len(found), dtype=np.bool_)
    while (found[1:] < 0).any():
        against[1:] |= found[1:] < 0
        prior[against], spread[against] = 0.0, _FIXED
        found = np.where(against, 0.0, _newton(features, right, weights, prior, 1 / spread**2))
    return Calibration(**dict(zip(_NAMES, (round(float(value), 4) for value in found), strict=True)))


def cross_validated(outcomes: Sequence[Outcome], weights: Floats) -> Floats:
    """Confidences of all outcomes, each by weights fitted to the documents of other folds."""
    groups = sorted({outcome.trial.group for outcome in outcomes})
    fold_of = {group: at % FOLDS for at, group in enumerate(groups)}
    folds = np.array([fold_of[outcome.trial.group] for outcome in outcomes])
    confidence = np.zeros(len(outcomes))
    for fold in range(FOLDS):
        inside = np.flatnonzero(folds == fold).tolist()
        outside = np.flatnonzero(folds != fold).tolist()
        if len(inside) and len(outside):
            weighed = fit([outcomes[at] for at in outside], weights[outside])
            confidence[inside] = [outcomes[at].confidence(weighed) for at in inside]
    return confidence


def judged(outcomes: Sequence[Outcome], confidence: Floats, weights: Floats) -> Judged:
    """The outcomes with their confidences, ready for figures."""
    return Judged(
        confidence=confidence, right=np.array([outcome.right for outcome in outcomes], dtype=np.bool_), weight=weights
    )


def is_better(fitted: Judged, shipped: Judged) -> bool:
    """Whether a fit, on questions it has not seen, is surprised less often than the shipped weights are."""
    return log_loss(shipped) - log_loss(fitted) > _SMALL


def _newton(features: Floats, right: Bools, weights: Floats, prior: Floats, precision: Floats) -> Floats:
    """The peak of the posterior; each step is halved until it climbs, for far from the peak a full one may leap off."""

    def height(at: Floats) -> float:
        logits = np.where(right, 1.0, -1.0) * (features @ at)
        likely = -(weights * np.logaddexp(0.0, -logits)).sum()
        return float(likely - (precision * (at - prior) ** 2).sum() / 2)

    found = prior.copy()
    for _ in range(_STEPS):
        probability = 1 / (1 + np.exp(-np.clip(features @ found, -30, 30)))
        slope = features.T @ (weights * (right - probability)) - precision * (found - prior)
        curve = (features * (weights * probability * (1 - probability))[:, None]).T @ features + np.diag(precision)
        step = np.linalg.solve(curve, slope)
        while height(found + step) < height(found) and float(np.abs(step).max()) > _SMALL:
            step = step / 2
        found = found + step
        if float(np.abs(step).max()) <= _SMALL:
            break
    return found


def _vector(calibration: Calibration) -> Floats:
    return np.array([calibration.weights()[name] for name in _NAMES])
