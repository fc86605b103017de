"""Money, numbers and counts for the slots that want them, with a unit or without."""

from collections.abc import Iterator
from dataclasses import replace

from pydantic import JsonValue

from config.project import Slot
from understanding.grammar.entities import whole
from understanding.grammar.number import Number
from understanding.slot_assignment import Candidate
from understanding.slot_cues import counts_people
from understanding.slot_message import Message, Span, Spans, from_entity


def money(message: Message, name: str, slot: Slot) -> Iterator[Candidate]:
    """Amounts with a currency, and plain numbers in the slot's own."""
    entities = message.reading.money(slot.currency)
    spans = []
    for entity in entities:
        spans.append((entity.start, entity.end))
        values = tuple(_in_currency(value, slot) for value in entity.values if isinstance(value, dict))
        yield replace(from_entity(name, entity), values=values)
    for number, candidate in _plain_numbers(message, name, Spans(spans), alone=0.5):
        amount: JsonValue = {"amount": whole(number.value), "currency": slot.currency or "USD"}
        yield Candidate(
            slot=name,
            values=(amount,),
            start=candidate.start,
            end=candidate.end,
            score=candidate.score,
            needs_cue=candidate.needs_cue,
        )


def _in_currency(value: dict[str, JsonValue], slot: Slot) -> JsonValue:
    return {"amount": value["amount"], "currency": value["currency"] or slot.currency or "USD"}


def _plain_numbers(message: Message, name: str, taken: Spans, *, alone: float) -> Iterator[tuple[Number, Candidate]]:
    """Numbers without a unit: worth much to the slot that was asked for, little (`alone`) otherwise."""
    requested = message.requested(name)
    for number in message.reading.numbers:
        span = (number.start, number.end)
        if (number.ordinal and not requested) or message.blocked.cover(*span) or taken.cover(*span):
            continue
        soft = number.ordinal or message.soft.cover(*span)
        if requested:
            score = 0.6 if soft or number.weak else 0.85
        else:
            score = 0.3 if number.weak or soft else 0.5 if name in message.asked.filled else alone
        needs = not requested and (score < 0.5)
        value = Candidate(slot=name, values=(0,), start=span[0], end=span[1], score=max(score, 0.5), needs_cue=needs)
        yield number, value


def numbers(message: Message, name: str, slot: Slot) -> Iterator[Candidate]:
    """Percentages and plain numbers."""
    reading = message.reading
    integral = slot.type == "integer"
    taken = []
    if not integral:
        for entity in reading.percents():
            taken.append((entity.start, entity.end))
            yield from_entity(name, entity)
    taken += [(e.start, e.end) for e in reading.money(slot.currency) if not message.requested(name)]
    for number, candidate in _plain_numbers(message, name, Spans(taken), alone=0.4):
        if integral and number.value != int(number.value):
            continue
        yield Candidate(
            slot=name,
            values=(whole(number.value),),
            start=candidate.start,
            end=candidate.end,
            score=candidate.score,
            needs_cue=candidate.needs_cue,
        )


def counts(message: Message, name: str, slot: Slot) -> Iterator[Candidate]:
    """How many people or things, and plain numbers."""
    reading = message.reading
    taken: list[Span] = []
    own = {word for words in (slot.cues or {}).values() for word in words}
    of_people = counts_people(name, message.languages)
    for entity in reading.counts():
        people = entity.noun == "people"
        suits = people if not own else False
        score = entity.score if suits or (not own and not people) else 0.5
        if not own and of_people and not people:
            score = 0.45
        taken.append((entity.start, entity.end))
        needs = entity.weak and not message.requested(name)
        yield replace(from_entity(name, entity, min(score, 1.0)), needs_cue=needs)
    types = [each.type for each in message.slots.values()]
    only = sum(kind in ("count", "money", "number", "integer") for kind in types) == 1
    alone = 0.5 if only and not of_people else 0.4
    taken += [(e.start, e.end) for e in (*reading.money(None), *reading.durations(), *reading.percents())]
    if message.requested(name):
        lengths = Spans((e.start, e.end) for e in reading.durations())
        taken = [span for span in taken if not lengths.cover(*span)]
    for number, candidate in _plain_numbers(message, name, Spans(taken), alone=alone):
        if number.value == int(number.value) and 0 <= number.value < 100_000:
            yield Candidate(
                slot=name,
                values=(int(number.value),),
                start=candidate.start,
                end=candidate.end,
                score=candidate.score,
                needs_cue=candidate.needs_cue,
            )
