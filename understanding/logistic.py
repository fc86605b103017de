"""Multinomial logistic regression by L-BFGS, in few copies of what it learns from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from models.ports import Vectors

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_ROWS: Final = 2048
"""Examples whose probabilities are held at once: those of a large project would be the most of what is in memory."""
_TOLERANCE: Final = 1e-4
_STEEP: Final = 50

Parameters = npt.NDArray[np.float64]


def fit_logistic(
    vectors: Vectors,
    labels: npt.NDArray[np.int64],
    *,
    strength: float,
    weights: npt.NDArray[np.float64] | None,
    steps: int,
    beside: "csr_array | None" = None,
) -> tuple[Vectors, Vectors]:
    """Weights (classes x dimension) and biases for the labels 0, 1, …, all of which occur.

    `beside` are more columns, mostly zeros. A few steps short of the optimum is as good, and the figures of the
    evaluation were taken so.
    """
    from scipy.optimize import minimize

    classes, dimension = int(labels.max()) + 1, vectors.shape[1] + (0 if beside is None else beside.shape[1])
    loss = _loss(_pieces(vectors, beside), labels, classes=classes, strength=strength, weights=weights)
    start = np.zeros(classes * (dimension + 1))
    options = {"maxiter": steps, "gtol": _TOLERANCE, "ftol": 64 * np.finfo(np.float64).eps, "maxls": _STEEP}
    found = minimize(loss, start, method="L-BFGS-B", jac=True, options=options)
    table = found.x.reshape(classes, dimension + 1).astype(np.float32)
    return np.ascontiguousarray(table[:, :-1]), table[:, -1].copy()


@dataclass(frozen=True)
class _Piece:
    """Some of the examples: where they stand, their vectors, and their columns of mostly zeros."""

    place: slice
    rows: Vectors
    beside: "csr_array | None"

    def logits(self, own: Vectors) -> Vectors:
        """One row for each example; `own` are weights, classes x all columns."""
        dense = self.rows.shape[1]
        logits: Vectors = self.rows @ own[:, :dense].T
        if self.beside is not None:
            logits += self.beside @ np.ascontiguousarray(own[:, dense:].T)
        return logits

    def add_gradient(self, table: Parameters, wrong: Vectors) -> None:
        """Add what these examples pull the weights by; `wrong` is one row of classes for each of them."""
        dense = self.rows.shape[1]
        table[:, :dense] += wrong.T @ self.rows
        if self.beside is not None:
            table[:, dense:-1] += (self.beside.T @ wrong).T
        table[:, -1] += wrong.sum(axis=0)


def _pieces(vectors: Vectors, beside: "csr_array | None") -> list[_Piece]:
    places = [slice(start, start + _ROWS) for start in range(0, len(vectors), _ROWS)]
    return [_Piece(place, vectors[place], None if beside is None else beside[place]) for place in places]


def _loss(
    pieces: Sequence[_Piece],
    labels: npt.NDArray[np.int64],
    *,
    classes: int,
    strength: float,
    weights: npt.NDArray[np.float64] | None,
) -> Callable[[Parameters], tuple[float, Parameters]]:
    """The mean loss with its penalty on the weights, and its gradient."""
    shares = np.ones(len(labels)) if weights is None else weights
    shares = (shares / shares.sum()).astype(np.float32)
    total = float(len(labels) if weights is None else weights.sum())
    # Of two classes the weights are half of what a single row of them would be, and so is their penalty.
    penalty = (2.0 if classes == 2 else 1.0) / (strength * total)

    def loss(parameters: Parameters) -> tuple[float, Parameters]:
        table = parameters.reshape(classes, -1)
        own, bias = table[:, :-1].astype(np.float32), table[:, -1].astype(np.float32)
        gradient = np.zeros_like(table)
        doubt = 0.0
        for piece in pieces:
            marks, share = labels[piece.place], shares[piece.place]
            chances = piece.logits(own)
            chances += bias
            chances -= chances.max(axis=1, keepdims=True)
            np.exp(chances, out=chances)
            chances /= chances.sum(axis=1, keepdims=True)
            places = np.arange(len(marks))
            doubt -= float(share @ np.log(np.maximum(chances[places, marks], 1e-30)))
            chances[places, marks] -= 1.0
            chances *= share[:, None]
            piece.add_gradient(gradient, chances)
        gradient[:, :-1] += penalty * table[:, :-1]
        return doubt + penalty / 2 * float((table[:, :-1] ** 2).sum()), gradient.ravel()

    return loss
