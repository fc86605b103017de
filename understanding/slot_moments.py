"""Days, times, moments and durations for the slots that want them."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from pydantic import JsonValue

from config.project import Slot
from understanding.grammar.calendar_days import day_of_month
from understanding.grammar.entities import Entity
from understanding.grammar.number import Number
from understanding.grammar.reading import Reading
from understanding.grammar.times import hours
from understanding.slot_assignment import Candidate
from understanding.slot_message import Message, from_entity

_OVER = 0.1
_ASKED_FOR = 0.85
"""How sure a day of two numbers is, 14.08, where a day was asked for."""


def dates(message: Message, name: str, slot: Slot) -> Iterator[Candidate]:
    """Days; asked for one, also a bare number."""
    reading = message.reading
    requested = message.requested(name)
    today = reading.now.date().isoformat()
    entities = reading.dates(slot.prefer)
    for entity in entities:
        if slot.prefer == "past" and str(entity.values[0]) > today and not requested:
            continue
        if entity.weak and not requested:
            yield _limited(from_entity(name, entity), slot, reading, needs_cue=True)
        else:
            score = _ASKED_FOR if entity.weak else _past(entity, slot, today, requested=requested)
            yield _limited(from_entity(name, entity, score), slot, reading)
    if requested and not entities:
        yield from _days_alone(message, name, slot)


def _past(entity: Entity, slot: Slot, today: str, *, requested: bool) -> float | None:
    """How sure a day that is over is of a slot that looks ahead: less than of one that looks back."""
    over = slot.prefer != "past" and not requested and str(entity.values[0]) < today
    return min(entity.score, 1.0) - _OVER if over else None


def _limited(candidate: Candidate, slot: Slot, reading: Reading, *, needs_cue: bool = False) -> Candidate:
    values = _within(candidate.values, slot, reading.now.date())
    return Candidate(
        slot=candidate.slot,
        values=values,
        start=candidate.start,
        end=candidate.end,
        score=candidate.score,
        needs_cue=needs_cue,
    )


def _days_alone(message: Message, name: str, slot: Slot) -> Iterator[Candidate]:
    """A bare number as the answer to "which day?"."""
    for number in message.reading.numbers:
        if number.value == int(number.value) and 1 <= number.value <= 31 and not _blocked(message, number):
            day = day_of_month(int(number.value), message.reading.now.date(), slot.prefer)
            if day is not None:
                yield Candidate(slot=name, values=(day.isoformat(),), start=number.start, end=number.end, score=0.6)


def _blocked(message: Message, number: Number) -> bool:
    return any(spans.cover(number.start, number.end) for spans in (message.blocked, message.soft))


def times(message: Message, name: str, slot: Slot) -> Iterator[Candidate]:
    """Clock times; asked for one, also a bare number."""
    reading = message.reading
    requested = message.requested(name)
    entities = reading.times()
    for entity in entities:
        values = _within(_ahead(entity, slot, reading), slot, reading.now.date())
        yield Candidate(slot=name, values=values, start=entity.start, end=entity.end, score=entity.score)
    for moment in reading.moments():
        if moment.weak and not requested:
            continue
        clock = datetime.fromisoformat(str(moment.values[0])).strftime("%H:%M")
        yield Candidate(slot=name, values=(clock,), start=moment.start, end=moment.end, score=0.8)
    if requested and not entities:
        yield from _hours_alone(message, name, slot)


def _ahead(entity: Entity, slot: Slot, reading: Reading) -> tuple[JsonValue, ...]:
    """Of two readings the one that is still to come, where the customer says it is today."""
    if len(entity.values) < 2 or slot.prefer == "past":
        return entity.values
    days = {str(value) for each in reading.dates() for value in each.values}
    if days != {reading.now.date().isoformat()}:
        return entity.values
    now = reading.now.strftime("%H:%M")
    return tuple(value for value in entity.values if str(value) > now) or entity.values


def _hours_alone(message: Message, name: str, slot: Slot) -> Iterator[Candidate]:
    """A bare number as the answer to "at what time?"."""
    numbers = [n for n in message.reading.numbers if not n.ordinal and not _blocked(message, n)]
    for first, second in zip(numbers, [*numbers[1:], None], strict=False):
        if first.literal and 3 <= first.end - first.start <= 4 and first.value % 100 < 60 and first.value < 2400:
            clock = f"{int(first.value) // 100:02d}:{int(first.value) % 100:02d}"
            yield Candidate(slot=name, values=(clock,), start=first.start, end=first.end, score=0.65)
            return
        hour = int(first.value)
        half = first.value - hour == 0.5
        if not 0 <= hour <= 24 or first.value - hour not in (0, 0.5) or (first.literal and half):
            continue
        minute, end = (30 if half else 0), first.end
        if (
            second
            and 0 < second.start - first.end <= 2
            and 10 <= second.value < 60
            and second.value == int(second.value)
        ):
            minute, end = int(second.value), second.end
        values = tuple(f"{each:02d}:{minute:02d}" for each in hours(hour, "", sure=False))
        within = _within(values, slot, message.reading.now.date())
        yield Candidate(slot=name, values=within, start=first.start, end=end, score=0.65)
        return


def datetimes(message: Message, name: str, slot: Slot) -> Iterator[Candidate]:
    """Moments: a day with a time, or counted from now; asked for one, a time alone is the next such time."""
    reading = message.reading
    for moment in reading.moments():
        yield from_entity(name, moment)
    dates = [each for each in reading.dates(slot.prefer) if not each.weak or message.requested(name)]
    times = reading.times()
    for day in dates:
        near = min(times, key=lambda time: _distance(day, time), default=None)
        if near is not None:
            clock = _ahead(near, slot, reading)
            values = [_moment(d, t, reading.now) for d in day.values for t in clock]
            start, end = min(day.start, near.start), max(day.end, near.end)
            yield Candidate(
                slot=name, values=tuple(values), start=start, end=end, score=min(day.score, near.score, 1.0)
            )
    if not dates and message.requested(name):
        for time in times:
            yield _next(name, time, reading)


def _distance(first: Entity, second: Entity) -> int:
    return max(first.start - second.end, second.start - first.end, 0)


def _moment(day: JsonValue, clock: JsonValue, now: datetime) -> str:
    naive = datetime.fromisoformat(f"{day}T{clock}")
    return naive.replace(tzinfo=now.tzinfo).isoformat()


def _next(name: str, time: Entity, reading: Reading) -> Candidate:
    """A time alone is the next such time."""
    now = reading.now
    moments = []
    for clock in time.values:
        moment = datetime.fromisoformat(_moment(now.date().isoformat(), clock, now))
        moments.append((moment if moment > now else moment + timedelta(days=1)).isoformat())
    return Candidate(slot=name, values=tuple(moments), start=time.start, end=time.end, score=0.6)


def durations(message: Message, name: str, _slot: Slot) -> Iterator[Candidate]:
    """Spans of time."""
    for entity in message.reading.durations():
        yield from_entity(name, entity)


def _within(values: Sequence[JsonValue], slot: Slot, today: date) -> tuple[JsonValue, ...]:
    """Of several readings those inside the slot's limits, all of them where none is."""
    if len(values) < 2 or (slot.min is None and slot.max is None):
        return tuple(values)
    low, high = _limit(slot.min, today), _limit(slot.max, today)
    fitting = [v for v in values if isinstance(v, str) and (not low or v >= low) and (not high or v <= high)]
    return tuple(fitting or values)


def _limit(limit: float | str | None, today: date) -> str | None:
    if not isinstance(limit, str):
        return None
    relative = re.fullmatch(r"today(?:\s*([+-])\s*(\d{1,4})d)?", limit.strip())
    if relative:
        days = int(relative[2] or 0) * (-1 if relative[1] == "-" else 1)
        return (today + timedelta(days=days)).isoformat()
    return limit
