"""What the nearest examples say: a vote beside the linear classifier, for wordings that no straight line sets apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from models.ports import Vectors

SHARPNESS: Final = 25.0
"""How fast an example's voice falls off with its distance: at a cosine of 0.1 less it has a twelfth."""
_LEAST: Final = 1e-12
_ROWS: Final = 256
"""Messages that are compared at once: of many, all distances together would not fit into memory."""


@dataclass(frozen=True)
class Neighbours:
    """Examples in the classifier's space (examples × dimension), in the order of their labels."""

    rows: Vectors
    labels: npt.NDArray[np.int64]

    def votes(self, placed: Vectors, classes: int) -> Vectors:
        """Logarithms of the classes' shares, one row for each vector of the same space."""
        present, starts = np.unique(self.labels, return_index=True)
        votes = np.full((len(placed), classes), np.log(_LEAST), dtype=np.float32)
        for start in range(0, len(placed), _ROWS):
            near = placed[start : start + _ROWS] @ self.rows.T
            near -= 1.0
            near *= SHARPNESS
            sums = np.add.reduceat(np.exp(near, out=near), starts, axis=1) + _LEAST
            votes[start : start + _ROWS, present] = np.log(sums / sums.sum(axis=1, keepdims=True))
        return votes


def neighbours_of(placed: Vectors, labels: Sequence[int]) -> Neighbours:
    """The examples at these places."""
    marks = np.asarray(labels, dtype=np.int64)
    order = np.argsort(marks, kind="stable")
    return Neighbours(placed[order], marks[order])
