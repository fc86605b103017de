"""For whom a document is: the channel a customer writes on, and the labels their conversation has."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

LABELS = "labels"
"""The key of a turn's metadata that holds the labels of the conversation."""


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Who asks; what is not said narrows nothing."""

    channel: str | None = None
    labels: frozenset[str] = frozenset()

    def admits(self, *, channels: Collection[str], labels: Collection[str]) -> bool:
        """Whether a document of these channels and labels is for them; one without is for everybody."""
        heard = not channels or self.channel is None or self.channel in channels
        return heard and (not labels or not self.labels or not self.labels.isdisjoint(labels))


EVERYBODY = Audience()


def audience_of(channel: str, metadata: Mapping[str, JsonValue]) -> Audience:
    """Who asks in a turn; labels that are no list of texts are none."""
    given = metadata.get(LABELS)
    labels = given if isinstance(given, list) else []
    return Audience(channel=channel, labels=frozenset(one for one in labels if isinstance(one, str)))
