"""One message as the slots see it: what is claimed before plain numbers are looked at."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from config.project import Slot
from understanding.grammar.entities import Entity
from understanding.grammar.language import Language
from understanding.grammar.reading import Reading
from understanding.slot_assignment import Asked, Candidate
from understanding.slot_identifiers import Text, find_emails, find_identifiers, find_phones

_LONG_DIGITS = re.compile(r"\d(?:[\s-]?\d){8,}")
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Message:
    """One message, its slots, and what is claimed before plain numbers are looked at."""

    reading: Reading
    slots: Mapping[str, Slot]
    languages: Sequence[Language]
    asked: Asked
    blocked: "Spans"
    """Pieces that are no plain numbers: dates, addresses, phone numbers."""
    soft: "Spans"
    """Pieces that are plain numbers only for the slot that was asked for: durations, counts."""
    labels: "Spans"
    """Pieces in which a number names something, which is no amount and no count: "gate 14"."""
    occasions: "Spans"
    """Pieces that say how often something happened: "four times"."""
    counted: "Spans"
    """Pieces in which a number counts what follows it: "2 dogs"."""

    def requested(self, name: str) -> bool:
        """Whether the bot waits for this slot."""
        return name in self.asked.requested


def open_message(reading: Reading, slots: Mapping[str, Slot], languages: Sequence[Language], asked: Asked) -> Message:
    """The message with its claims."""
    kinds = (reading.labels, reading.occasions, reading.counted)
    numbered = [Spans(find() if reading.numbers else ()) for find in kinds]
    return Message(reading, slots, languages, asked, *_claims(reading, slots, asked), *numbered)


def _claims(reading: Reading, slots: Mapping[str, Slot], asked: Asked) -> "tuple[Spans, Spans]":
    types = {slot.type for slot in slots.values()}
    timed = bool(types & {"time", "datetime"})
    dated = bool(types & {"date", "datetime"})
    numeric = {name for name in asked.requested if slots[name].type in ("money", "number", "integer", "count")}
    blocked: list[Span] = [(e.start, e.end) for e in reading.dates() if (not e.weak or dated) and e.score > 0.8]
    blocked += [(e.start, e.end) for e in reading.times() if not e.weak or (timed and not numeric)]
    blocked += [(e.start, e.end) for e in reading.moments()]
    blocked += [(each.start, each.end) for each in find_emails(reading.folded, reading.language)]
    for region in {phone_region(slot, reading) for slot in slots.values() if slot.type == "phone"}:
        blocked += [(each.start, each.end) for each in find_phones(reading.folded, region) if each.score > 0.5]
    if not numeric:
        blocked += [reading.folded.span(*match.span()) for match in _LONG_DIGITS.finditer(reading.folded.text)]
    for name, slot in slots.items():
        if slot.type == "id" and (slot.pattern or slot.format):
            identifiers = find_identifiers(reading, slot, requested=False)
            blocked += [(each.start, each.end) for each in identifiers if name not in asked.filled or each.score == 1]
    soft = [(e.start, e.end) for e in (*reading.durations(), *reading.counts(), *reading.percents())]
    return Spans(blocked), Spans(soft)


def phone_region(slot: Slot, reading: Reading) -> str:
    """The country of a phone number without one: the author's, else that of the language."""
    return slot.region or str(reading.language.data.get("region", "US"))


class Spans:
    """Pieces of a text, made to be asked often whether one of them overlaps another."""

    def __init__(self, spans: Iterable[Span]) -> None:
        ordered = sorted(spans)
        self._starts = [start for start, _ in ordered]
        self._reach = list(accumulate((end for _, end in ordered), max))

    def cover(self, start: int, end: int) -> bool:
        """Whether one of the pieces overlaps `start` to `end`."""
        before = bisect_left(self._starts, end)
        return before > 0 and self._reach[before - 1] > start


def from_entity(name: str, entity: Entity, score: float | None = None) -> Candidate:
    """An entity of the grammar as a slot's candidate."""
    return Candidate(
        slot=name,
        values=entity.values,
        start=entity.start,
        end=entity.end,
        score=min(entity.score, 1.0) if score is None else score,
    )


def from_text(name: str, text: Text) -> Candidate:
    """A text value as a slot's candidate."""
    return Candidate(slot=name, values=(text.value,), start=text.start, end=text.end, score=text.score)
