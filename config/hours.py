"""When people are there: `Mon-Fri 09:00-18:00, Sat 10:00-14:00`."""

import re
from dataclasses import dataclass
from datetime import datetime, time

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d"
_SPAN = re.compile(rf"([a-z]{{3}})(?:\s*-\s*([a-z]{{3}}))?\s+({_CLOCK})\s*-\s*({_CLOCK}|24:00)")


@dataclass(frozen=True, kw_only=True)
class Span:
    """Hours on some days of the week; where the end is not after the beginning they go on past midnight."""

    first: int
    """The first day, 0…6 from Monday."""
    last: int
    begin: time
    end: time
    """`time.max` is midnight at the end of the day."""

    @property
    def days(self) -> frozenset[int]:
        """The days they begin on."""
        return frozenset((self.first + step) % 7 for step in range((self.last - self.first) % 7 + 1))

    def holds(self, now: datetime) -> bool:
        """Whether `now` lies in them."""
        clock, today = now.time(), now.weekday()
        if self.begin < self.end:
            return today in self.days and self.begin <= clock < self.end
        return (today in self.days and clock >= self.begin) or ((today - 1) % 7 in self.days and clock < self.end)


def parse_hours(text: str) -> list[Span]:
    """Each span of hours; raises ValueError for what is not of that form."""
    spans = []
    for piece in text.split(","):
        match = _SPAN.fullmatch(piece.strip().lower())
        if match is None or match[1] not in _DAYS or (match[2] or "mon") not in _DAYS:
            raise ValueError(f"{piece.strip()!r} is not a span of hours such as 'Mon-Fri 09:00-18:00'")
        first, last = _DAYS.index(match[1]), _DAYS.index(match[2] or match[1])
        end = time.max if match[4] == "24:00" else time.fromisoformat(match[4])
        spans.append(Span(first=first, last=last, begin=time.fromisoformat(match[3]), end=end))
    return spans


def is_open(hours: str, now: datetime) -> bool:
    """Whether `now`, in the project's time zone, lies in one of the spans."""
    return any(span.holds(now) for span in parse_hours(hours))
