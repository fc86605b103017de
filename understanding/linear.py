"""Linear classifiers as plain arrays, and what they say of examples they have not seen."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from models.ports import Vectors
from understanding.logistic import fit_logistic
from understanding.neighbours import neighbours_of
from understanding.space import SHRINKAGE, Space, fit_space

if TYPE_CHECKING:
    from scipy.sparse import csr_array

BACKGROUND_SHARE = 0.03
"""What all background examples together weigh, in classes of average size, for each class there is."""
_LEAST_SHARE, _MOST_SHARE = 0.6, 3.0
"""Beside few classes a heavy background takes their paraphrases; a light one lets other acts pass for them."""


@dataclass(frozen=True)
class Linear:
    """Weights (classes × dimension) and biases; class i is label i."""

    weights: Vectors
    bias: Vectors

    def logits(self, vectors: Vectors) -> Vectors:
        """One row of logits for each vector."""
        rows: Vectors = vectors @ self.weights.T + self.bias
        return rows


@dataclass(frozen=True)
class Classifier:
    """A linear classifier and the space it works in."""

    space: Space
    linear: Linear

    def logits(self, vectors: Vectors) -> Vectors:
        """One row of logits for each vector of the encoder."""
        return self.linear.logits(self.space.place(vectors))


def fit_classifier(
    vectors: Vectors,
    labels: Sequence[int],
    *,
    strength: float,
    classes: int | None = None,
    shrinkage: float = SHRINKAGE,
    background: Vectors | None = None,
    aside: Vectors | None = None,
) -> Classifier:
    """Fit the space, then the weights in it; `background` is one more class that does not shape the space."""
    space = fit_space(vectors, labels, shrinkage=shrinkage, aside=aside)
    placed = space.place(vectors)
    count = classes or max(labels) + 1
    if background is None or len(background) == 0:
        return Classifier(space, fit_linear(placed, labels, strength=strength, classes=count))
    # Under one name, so that of a large project only one copy stays in memory.
    placed = np.concatenate([placed, space.place(background)])
    average = len(labels) / len(set(labels))
    classes_worth = min(max(BACKGROUND_SHARE * len(set(labels)), _LEAST_SHARE), _MOST_SHARE)
    share = min(1.0, classes_worth * average / len(background))
    weights = np.concatenate([np.ones(len(labels)), np.full(len(background), share)])
    known = [*labels, *[count] * len(background)]
    return Classifier(space, fit_linear(placed, known, strength=strength, classes=count + 1, weights=weights))


def fit_linear(
    vectors: Vectors,
    labels: Sequence[int],
    *,
    strength: float,
    classes: int | None = None,
    weights: npt.NDArray[np.float64] | None = None,
    steps: int = 200,
    beside: "csr_array | None" = None,
) -> Linear:
    """Train on all of `vectors` and what stands `beside` them; a class without an example is never chosen."""
    count = classes or max(labels) + 1
    present = sorted(set(labels))
    if len(present) == 1:
        bias = np.full(count, -np.inf, dtype=np.float32)
        bias[present[0]] = 0.0
        return Linear(np.zeros((count, vectors.shape[1]), dtype=np.float32), bias)
    marks = np.searchsorted(present, np.asarray(labels, dtype=np.int64))
    rows, biases = fit_logistic(vectors, marks, strength=strength, weights=weights, steps=steps, beside=beside)
    full = np.zeros((count, rows.shape[1]), dtype=np.float32)
    bias = np.full(count, -np.inf, dtype=np.float32)
    full[present], bias[present] = rows, biases
    return Linear(full, bias)


@dataclass(frozen=True)
class Held:
    """Logits of examples by classifiers that have not seen them."""

    logits: Vectors
    labels: list[int]
    outside: Vectors
    """Of background examples."""
    votes: Vectors
    """What the nearest of the other examples say of each, over the classes without the background."""


def cross_validate(
    vectors: Vectors,
    labels: Sequence[int],
    *,
    folds: int,
    strength: float,
    shrinkage: float = SHRINKAGE,
    background: Vectors | None = None,
    rounds: int | None = None,
    kept: Sequence[bool] | None = None,
    aside: Vectors | None = None,
) -> Held:
    """What classifiers say of examples they have not seen; with `rounds`, only so many folds are held out.

    Space and weights are both fitted without the examples held out: in a space they helped to fit, they look far more
    like their class than a customer's sentence ever will. A class's only example is never held out, nor are those that
    are `kept`: what no customer would say tells nothing about what customers say.
    """
    beside = np.zeros((0, vectors.shape[1]), dtype=np.float32) if background is None else background
    classes = max(labels) + 1
    fold_of, marks, turn = _folds(labels, folds), np.asarray(labels), np.arange(len(beside)) % folds
    if kept is not None:
        fold_of[np.asarray(kept, dtype=bool)] = -1
    empty = np.zeros((0, classes + bool(len(beside))), dtype=np.float32)
    logits, outside, votes, truth = [empty], [empty], [empty[:, :classes]], list[int]()
    for fold in range(rounds or folds):
        held = fold_of == fold
        if held.all() or not held.any():
            continue
        made = fit_classifier(
            vectors[~held],
            marks[~held].tolist(),
            strength=strength,
            classes=classes,
            shrinkage=shrinkage,
            background=beside[turn != fold],
            aside=aside,
        )
        placed = made.space.place(vectors[held])
        logits.append(made.linear.logits(placed))
        outside.append(made.logits(beside[turn == fold]))
        others = neighbours_of(made.space.place(vectors[~held]), marks[~held].tolist())
        votes.append(others.votes(placed, classes))
        truth += marks[held].tolist()
    return Held(np.concatenate(logits), truth, np.concatenate(outside), np.concatenate(votes))


def _folds(labels: Sequence[int], folds: int) -> Vectors:
    """The fold in which each example is held out, dealt out in turn within its class; -1 for never."""
    sizes = Counter(labels)
    seen: Counter[int] = Counter()
    places = []
    for label in labels:
        # Starting at another fold for each class keeps the folds of small classes even.
        places.append((seen[label] + label) % folds if sizes[label] > 1 else -1)
        seen[label] += 1
    return np.asarray(places, dtype=np.float32)
