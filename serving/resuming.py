"""Streams that broke off and go on: what a caller has heard stands in the id of the last event it saw.

`m-7:2.57` is the second event of message m-7, after 57 characters of the reply. So any worker can go on from there,
also one that never saw the stream, and the rest is what the first stream would have said.
"""

import re
from dataclasses import dataclass, replace
from typing import Final, Self

from graph.calls import Delta, TurnCall, TurnEvent
from serving.contract import ChatRequest

_ID: Final = re.compile(r"(?s)(?P<name>.+):(?P<number>[0-9]{1,9})\.(?P<heard>[0-9]{1,9})")


@dataclass(frozen=True, kw_only=True)
class Place:
    """How far a stream has come."""

    name: str
    """The message's id."""
    number: int = 0
    """Events so far."""
    heard: int = 0
    """Characters of the reply so far."""

    @classmethod
    def of(cls, header: str) -> Self | None:
        """What `Last-Event-ID` says; None where it is none of ours."""
        found = _ID.fullmatch(header)
        return cls(name=found["name"], number=int(found["number"]), heard=int(found["heard"])) if found else None

    def after(self, event: TurnEvent) -> "Place":
        """The place behind an event."""
        more = len(event.text) if isinstance(event, Delta) else 0
        return replace(self, number=self.number + 1, heard=self.heard + more)

    def __str__(self) -> str:
        return f"{self.name}:{self.number}.{self.heard}"


def named_by(body: ChatRequest, header: str) -> ChatRequest:
    """The request with the message id of the stream it goes on with, where it names none itself."""
    place = Place.of(header)
    return body if place is None or body.message_id else body.model_copy(update={"message_id": place.name})


def place_in(call: TurnCall, header: str) -> Place:
    """Where the stream of this call begins: behind what was heard, or at the beginning."""
    name = call.message_id or ""
    place = Place.of(header)
    return place if place is not None and place.name == name else Place(name=name)
