"""What a calibration weighs and by how much, as plain data that a checkpoint can hold."""

from typing import NotRequired

from typing_extensions import TypedDict


class Weights(TypedDict):
    """The weights of a project's own calibration; what they weigh stands with `dialogue.confidence.Calibration`."""

    intercept: float
    lift: float
    margin: float
    crossing: float
    coverage: NotRequired[float]
    told: NotRequired[float]
    coverage_margin: NotRequired[float]
    sentence_margin: NotRequired[float]


class Signs(TypedDict):
    """What else speaks for the best passage; only a project's own calibration weighs it."""

    told: float
    """Share of the question's words that its two best sentences have, 0…1."""
    coverage_margin: float
    """Its coverage minus the most that a passage with other content has."""
    sentence_margin: float
    """Its nearest sentence's cosine minus that of the nearest sentence with other content."""
