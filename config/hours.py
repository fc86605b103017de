"""When people are there: `Mon-Fri 09:00-18:00, Sat 10:00-14:00`."""

import re
from datetime import datetime, time

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d"
_SPAN = re.compile(rf"([a-z]{{3}})(?:\s*-\s*([a-z]{{3}}))?\s+({_CLOCK})\s*-\s*({_CLOCK}|24:00)")


def parse_hours(text: str) -> list[tuple[frozenset[int], time, time]]:
    """(days 0…6 from Monday, from, until) of each span; raises ValueError for what is not of that form.

    A span whose end is not after its beginning goes on past midnight.
    """
    spans = []
    for piece in text.split(","):
        match = _SPAN.fullmatch(piece.strip().lower())
        if match is None or match[1] not in _DAYS or (match[2] or "mon") not in _DAYS:
            raise ValueError(f"{piece.strip()!r} is not a span of hours such as 'Mon-Fri 09:00-18:00'")
        first, last = _DAYS.index(match[1]), _DAYS.index(match[2] or match[1])
        days = frozenset((first + step) % 7 for step in range((last - first) % 7 + 1))
        until = time.max if match[4] == "24:00" else time.fromisoformat(match[4])
        spans.append((days, time.fromisoformat(match[3]), until))
    return spans


def is_open(hours: str, now: datetime) -> bool:
    """Whether `now`, in the project's time zone, lies in one of the spans."""
    clock, today = now.time(), now.weekday()
    for days, start, until in parse_hours(hours):
        if start < until and today in days and start <= clock < until:
            return True
        overnight = start >= until
        if overnight and ((today in days and clock >= start) or ((today - 1) % 7 in days and clock < until)):
            return True
    return False
