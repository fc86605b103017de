"""Scores that mean what they say: a temperature for logits, and how probable it is that a message is meant at all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.ports import Vectors

_TEMPERATURES = np.geomspace(0.1, 10, 60)


def softmax(logits: Vectors) -> Vectors:
    """Rows of logits as rows of probabilities."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Vectors = raised / raised.sum(axis=-1, keepdims=True)
    return shares


def fit_temperature(logits: Vectors, truth: Sequence[int]) -> float:
    """What to divide logits by, so that probabilities are right as often as they say; 1 without examples."""
    if len(logits) == 0:
        return 1.0
    rows = np.arange(len(logits))
    marks = np.asarray(truth)
    losses = [-np.log(np.maximum(softmax(logits / t)[rows, marks], 1e-12)).mean() for t in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])


OUTSIDE: float = 0.2
"""The share of messages that no intent is meant by, where nothing is known."""

_STEPS = 30
_SOFT = 0.01


@dataclass(frozen=True)
class Scope:
    """How probable it is that a message is inside of the project, by its largest logit."""

    slope: float
    offset: float

    def chance(self, logit: float) -> float:
        """0…1."""
        return float(1 / (1 + np.exp(-np.clip(self.slope * logit + self.offset, -30, 30))))


def fit_scope(inside: Vectors, outside: Vectors) -> Scope:
    """A logistic curve between the largest logits of examples and of sentences that belong elsewhere."""
    if len(inside) == 0 or len(outside) == 0:
        return Scope(0.0, 30.0)
    logits = np.concatenate([inside, outside]).astype(np.float64)
    features = np.stack([logits, np.ones_like(logits)], axis=1)
    # Half a case of the other kind on either side: two groups far apart must not make an endless slope.
    targets = np.concatenate([np.full(len(inside), 1 - _SOFT), np.full(len(outside), _SOFT)])
    weights = np.concatenate(
        [np.full(len(inside), (1 - OUTSIDE) / len(inside)), np.full(len(outside), OUTSIDE / len(outside))]
    )
    found = np.zeros(2)
    for _ in range(_STEPS):
        chances = 1 / (1 + np.exp(-np.clip(features @ found, -30, 30)))
        gradient = features.T @ (weights * (targets - chances))
        curvature = (features * (weights * chances * (1 - chances))[:, None]).T @ features + 1e-6 * np.eye(2)
        found = found + np.clip(np.linalg.solve(curvature, gradient), -3, 3)
    return Scope(float(max(found[0], 0.0)), float(found[1]))
