"""Multinomial logistic regression by L-BFGS, in few copies of what it learns from."""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from models.ports import Vectors

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
) -> tuple[Vectors, Vectors]:
    """Weights (classes x dimension) and biases for the labels 0, 1, …, all of which occur.

    A few steps short of the optimum is as good, and the figures of the evaluation were taken so.
    """
    from scipy.optimize import minimize

    classes, dimension = int(labels.max()) + 1, vectors.shape[1]
    loss = _loss(vectors, labels, classes=classes, strength=strength, weights=weights)
    start = np.zeros(classes * (dimension + 1))
    options = {"maxiter": steps, "gtol": _TOLERANCE, "ftol": 64 * np.finfo(np.float64).eps, "maxls": _STEEP}
    found = minimize(loss, start, method="L-BFGS-B", jac=True, options=options)
    table = found.x.reshape(classes, dimension + 1).astype(np.float32)
    return np.ascontiguousarray(table[:, :-1]), table[:, -1].copy()


def _loss(
    vectors: Vectors,
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
        for start in range(0, len(labels), _ROWS):
            rows, marks, share = (each[start : start + _ROWS] for each in (vectors, labels, shares))
            chances = rows @ own.T
            chances += bias
            chances -= chances.max(axis=1, keepdims=True)
            np.exp(chances, out=chances)
            chances /= chances.sum(axis=1, keepdims=True)
            places = np.arange(len(marks))
            doubt -= float(share @ np.log(np.maximum(chances[places, marks], 1e-30)))
            chances[places, marks] -= 1.0
            chances *= share[:, None]
            gradient[:, :-1] += chances.T @ rows
            gradient[:, -1] += chances.sum(axis=0)
        gradient[:, :-1] += penalty * table[:, :-1]
        return doubt + penalty / 2 * float((table[:, :-1] ** 2).sum()), gradient.ravel()

    return loss
