"""Figures over confidences and labels: how well they separate, how honest they are, what a share of answers costs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import JsonValue

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

BANDS = 10
_LEAST = 1e-6
SHARES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Confidences with the truth of each, weighted."""

    confidence: Floats
    right: Bools
    weight: Floats

    def part(self, chosen: Bools) -> "Judged":
        """Only the chosen ones."""
        return Judged(confidence=self.confidence[chosen], right=self.right[chosen], weight=self.weight[chosen])


@dataclass(frozen=True, kw_only=True)
class Band:
    """Answers whose confidence lies between two tenths."""

    share: float
    confidence: float
    """Their mean confidence."""
    right: float
    """The share of them that was right."""


def auroc(judged: Judged) -> float | None:
    """Probability that a right answer's confidence is above a wrong one's; None where there is only one kind."""
    good, bad = judged.right, ~judged.right
    if not good.any() or not bad.any():
        return None
    order = np.argsort(judged.confidence, kind="stable")
    values, weights = judged.confidence[order], judged.weight[order]
    wrong = np.where(bad[order], weights, 0.0)
    below = np.concatenate([[0.0], np.cumsum(wrong)])
    first = np.searchsorted(values, values, side="left")
    last = np.searchsorted(values, values, side="right")
    beaten = (below[first] + below[last]) / 2
    gained = np.where(good[order], weights, 0.0)
    return float((gained * beaten).sum() / (gained.sum() * wrong.sum()))


def bands(judged: Judged) -> list[Band]:
    """The reliability diagram's points, lowest confidence first; empty bands are left out."""
    at = np.minimum((judged.confidence * BANDS).astype(int), BANDS - 1)
    total = judged.weight.sum()
    found: list[Band] = []
    for band in range(BANDS):
        inside = at == band
        weight = judged.weight[inside]
        if weight.sum() > 0:
            found.append(
                Band(
                    share=float(weight.sum() / total),
                    confidence=float(np.average(judged.confidence[inside], weights=weight)),
                    right=float(np.average(judged.right[inside], weights=weight)),
                )
            )
    return found


def calibration_error(judged: Judged) -> float:
    """Mean gap between confidence and the share of right answers over the bands (ECE)."""
    return sum(band.share * abs(band.confidence - band.right) for band in bands(judged))


def log_loss(judged: Judged) -> float:
    """Mean surprise at what was right and wrong: confidence that separates and is honest has little of it."""
    sure = np.clip(np.where(judged.right, judged.confidence, 1 - judged.confidence), _LEAST, 1.0)
    return float(np.average(-np.log(sure), weights=judged.weight))


def selective(judged: Judged) -> list[dict[str, JsonValue]]:
    """What share of the answers given is right, where only the surest share of all questions is answered."""
    order = np.argsort(-judged.confidence, kind="stable")
    weight = np.cumsum(judged.weight[order])
    right = np.cumsum(judged.weight[order] * judged.right[order])
    found: list[dict[str, JsonValue]] = []
    for share in SHARES:
        at = min(int(np.searchsorted(weight, share * weight[-1] - 1e-9)), len(weight) - 1)
        found.append(
            {
                "answered": share,
                "right": _rounded(float(right[at] / weight[at])),
                "confidence": _rounded(float(judged.confidence[order][at])),
            }
        )
    return found


def summarise(judged: Judged) -> dict[str, JsonValue]:
    """All of it as plain data."""
    area = auroc(judged)
    return {
        "questions": len(judged.right),
        "right": _rounded(float(np.average(judged.right, weights=judged.weight))),
        "auroc": None if area is None else _rounded(area),
        "ece": _rounded(calibration_error(judged)),
        "selective": [*selective(judged)],
        "bands": [
            {"share": _rounded(one.share), "confidence": _rounded(one.confidence), "right": _rounded(one.right)}
            for one in bands(judged)
        ],
    }


def evened(kinds: Sequence[str], shares: dict[str, float]) -> Floats:
    """Weights by which each kind has its share of the whole, however many there are of it; the mean weight is 1."""
    present = {kind: share for kind, share in shares.items() if kind in kinds}
    total = sum(present.values())
    return np.array([present[kind] / total / kinds.count(kind) * len(kinds) for kind in kinds])


def _rounded(value: float) -> float:
    return round(value, 4)
