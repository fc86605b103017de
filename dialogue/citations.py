"""What an answer rests on, as callers are told."""

from typing_extensions import TypedDict


class Citation(TypedDict):
    """A passage an answer rests on."""

    source: str
    title: str
    """Of the document; of a FAQ row its question."""
    score: float
    """The passage's relevance, 0…1."""
    text: str
