"""The space a classifier works in: centred on its texts, flattened where wordings of one thing vary."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.ports import Vectors

SHRINKAGE = 4.0
"""How much of an even spread is added to the observed one: below 1 few examples decide too much."""


@dataclass(frozen=True)
class Space:
    """An affine map followed by normalisation."""

    mean: Vectors
    projection: Vectors
    aside: Vectors | None = None
    """Directions that are left out, rows of unit length at right angles."""

    def place(self, vectors: Vectors) -> Vectors:
        """`vectors` in this space, rows of unit length."""
        return unit(_centred(vectors, self.mean, self.aside) @ self.projection)


def _centred(vectors: Vectors, mean: Vectors, aside: Vectors | None) -> Vectors:
    rows: Vectors = vectors - mean
    if aside is not None:
        rows -= rows @ aside.T @ aside
    return unit(rows)


def unit(vectors: Vectors) -> Vectors:
    """Rows scaled to length 1; a row of zeros stays one."""
    scaled: Vectors = (vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)).astype(np.float32)
    return scaled


def fit_space(
    vectors: Vectors, labels: Sequence[int], *, shrinkage: float = SHRINKAGE, aside: Vectors | None = None
) -> Space:
    """The space in which directions that only tell wordings of the same label apart count for less."""
    mean: Vectors = vectors.mean(axis=0).astype(np.float32)
    residuals = _centred(vectors, mean, aside)
    marks = np.asarray(labels)
    for label in np.unique(marks):
        residuals[marks == label] -= residuals[marks == label].mean(axis=0)
    within = residuals.T @ residuals / max(1, len(vectors) - len(np.unique(marks)))
    spread, directions = np.linalg.eigh(within.astype(np.float64))
    level = float(spread.mean())
    if level <= 1e-9:
        return Space(mean, np.eye(vectors.shape[1], dtype=np.float32), aside)
    scale = (np.maximum(spread, 0) / level + shrinkage) ** -0.5
    projection: Vectors = ((directions * scale) @ directions.T).astype(np.float32)
    return Space(mean, projection, aside)
