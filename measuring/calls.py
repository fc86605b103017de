"""What a language model brings for what it is asked: accuracy against the share of messages it reads.

The embedded engine says how sure it is of each message; below a threshold the model is asked. Every threshold is one
point: how many messages the model reads, and how many are then understood rightly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from dialogue.state import EngineReading
from understanding.hybrid import is_sure, is_trivial

STEPS: Final = tuple(round(0.05 * step, 2) for step in range(21))
"""Thresholds that are tried."""
PRICE: Final = 0.1
"""Further calls are worth it where at least this share of them sets a message right."""
FEW: Final = 100
"""Fewer messages than these give an idea, no more."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One labelled message as both engines read it."""

    embedded: EngineReading
    embedded_right: bool
    model_right: bool | None
    """None where no model read it, or failed at it: the embedded reading serves then."""

    def asks(self, sure: float) -> bool:
        """Whether the model is asked at this threshold."""
        commands = self.embedded["commands"]
        return not is_trivial(commands) and not is_sure(commands, self.embedded["certainty"], sure)

    def right(self, sure: float) -> bool:
        """Whether the message is understood at this threshold."""
        if self.asks(sure) and self.model_right is not None:
            return self.model_right
        return self.embedded_right


@dataclass(frozen=True, kw_only=True)
class Point:
    """What one threshold comes to; shares of all messages, 0…1."""

    sure: float
    asked: float
    accuracy: float
    kept_right: float | None
    """Of the messages the embedded engine keeps to itself, the share it reads rightly; None where it keeps none."""
    ceiling: float
    """The accuracy with a model that is never wrong."""


def points(compared: Sequence[Compared], thresholds: Sequence[float] = STEPS) -> list[Point]:
    """One point for each threshold, the lowest first."""
    return [_point(compared, sure) for sure in thresholds]


def suggested(curve: Sequence[Point]) -> Point:
    """The point beyond which further calls are no longer worth it."""
    return max(curve, key=lambda point: (round(point.accuracy - PRICE * point.asked, 4), -point.asked, -point.sure))


def summary(compared: Sequence[Compared], sure: float) -> dict[str, JsonValue]:
    """The curve, both ends of it, the project's own threshold and the suggested one, as plain data."""
    curve = points(compared)
    heard = [one for one in compared if one.model_right is not None]
    return {
        "messages": len(compared),
        "few": len(compared) < FEW,
        "read_by_model": len(heard),
        "embedded_alone": _share(sum(one.embedded_right for one in compared), len(compared)),
        "model_alone": _share(sum(bool(one.model_right) for one in heard), len(heard)) if heard else None,
        "now": _plain(_point(compared, sure)),
        "suggested": _plain(suggested(curve)) if heard else None,
        "points": [_plain(point) for point in curve],
    }


def _point(compared: Sequence[Compared], sure: float) -> Point:
    asked = [one for one in compared if one.asks(sure)]
    kept = [one for one in compared if not one.asks(sure)]
    kept_right = sum(one.embedded_right for one in kept)
    return Point(
        sure=sure,
        asked=_share(len(asked), len(compared)),
        accuracy=_share(sum(one.right(sure) for one in compared), len(compared)),
        kept_right=_share(kept_right, len(kept)) if kept else None,
        ceiling=_share(kept_right + len(asked), len(compared)),
    )


def _plain(point: Point) -> dict[str, JsonValue]:
    return {
        "sure": point.sure,
        "asked": point.asked,
        "accuracy": point.accuracy,
        "kept_right": point.kept_right,
        "ceiling": point.ceiling,
    }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4)
