"""Scores that mean what they say: a temperature for logits, and how probable it is that a message is meant at all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.ports import Vectors

_TEMPERATURES = np.geomspace(0.1, 10, 60)
_USUAL, _WIDTH = 0.35, 0.5
"""The temperature that bots come to, and how far they stray from it (logarithms): what is believed of few examples."""


def softmax(logits: Vectors) -> Vectors:
    """Rows of logits as rows of probabilities."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Vectors = raised / raised.sum(axis=-1, keepdims=True)
    return shares


def fit_temperature(logits: Vectors, truth: Sequence[int]) -> float:
    """What to divide logits by, so that probabilities are right as often as they say; 1 without examples."""
    if len(logits) == 0:
        return 1.0
    doubts = (np.log(_TEMPERATURES / _USUAL) / _WIDTH) ** 2 / 2 / len(logits)
    losses = [_loss(logits / t, truth) for t in _TEMPERATURES] + doubts
    return float(_TEMPERATURES[int(np.argmin(losses))])


@dataclass(frozen=True)
class Blend:
    """How logits and the votes of the nearest examples make probabilities."""

    temperature: float
    share: float = 0.0
    """What the votes weigh beside the logits."""

    def chances(self, logits: Vectors, votes: Vectors | None) -> Vectors:
        """Rows of probabilities; classes that nobody votes on stand behind those of `votes`."""
        return softmax(self.mixed(logits, votes) / self.temperature)

    def mixed(self, logits: Vectors, votes: Vectors | None) -> Vectors:
        """Rows of logits with the votes in them."""
        if votes is None or self.share == 0.0:
            return logits
        mixed = logits.copy()
        mixed[..., : votes.shape[-1]] += self.share * votes
        return mixed


_SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
_WORTH, _DOUBT = 0.002, 0.5
"""By how much votes must lower the loss to be listened to, and how much more over the number of examples."""


def fit_blend(logits: Vectors, votes: Vectors, truth: Sequence[int]) -> Blend:
    """The share and the temperature with which the probabilities of held-out examples come nearest to the truth."""
    best, least = Blend(fit_temperature(logits, truth)), np.inf
    for share in _SHARES if len(logits) else ():
        mixed = Blend(1.0, share).mixed(logits, votes)
        temperature = fit_temperature(mixed, truth)
        loss = _loss(mixed / temperature, truth)
        if loss < least - _WORTH - _DOUBT / len(logits):
            best, least = Blend(temperature, share), loss
    return best


def _loss(logits: Vectors, truth: Sequence[int]) -> float:
    chosen = softmax(logits)[np.arange(len(logits)), np.asarray(truth)]
    return float(-np.log(np.maximum(chosen, 1e-12)).mean())


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
