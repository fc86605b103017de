"""Money, numbers and counts for the slots that want them, with a unit or without."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from pydantic import JsonValue

from config.project import Slot
from understanding.grammar.entities import Entity, whole
from understanding.grammar.folding import fold_word
from understanding.grammar.language import Language
from understanding.grammar.number import Number
from understanding.slot_assignment import Candidate
from understanding.slot_cues import counts_people, given_cues, slot_cues
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
        if _no_quantity(message, name, span):
            score = 0.0
        elif requested:
            score = 0.6 if soft or number.weak else 0.85
        else:
            score = 0.3 if number.weak or soft else 0.5 if name in message.asked.filled else alone
        needs = not score or (not requested and score < 0.5)
        value = Candidate(slot=name, values=(0,), start=span[0], end=span[1], score=max(score, 0.5), needs_cue=needs)
        yield number, value


def _no_quantity(message: Message, name: str, span: Span) -> bool:
    """Whether a number names something, or says how often; either may be what a slot of numbers asks for."""
    kind = message.slots[name].type
    asked = message.requested(name)
    if kind == "money" and not asked and message.counted.cover(*span):
        return True
    named = message.labels.cover(*span) and not (asked and kind in ("number", "integer"))
    return named or (message.occasions.cover(*span) and not (asked and kind != "money"))


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
    of_people = counts_people(name, message.languages)
    taken: list[Span] = []
    for entity in reading.counts():
        taken.append((entity.start, entity.end))
        yield from _counted(message, name, entity, of_people=of_people)
    yield from _one_more(message, name, taken)
    lengths = [(e.start, e.end) for e in reading.durations()]
    yield from _lengths(message, name, slot)
    types = [each.type for each in message.slots.values()]
    only = sum(kind in ("count", "money", "number", "integer") for kind in types) == 1
    alone = 0.5 if only and not of_people else 0.4
    taken += [(e.start, e.end) for e in (*reading.money(None), *reading.percents())]
    if message.requested(name):
        spans = Spans(lengths)
        taken = [span for span in taken if not spans.cover(*span)]
    else:
        taken += lengths
    for number, candidate in _plain_numbers(message, name, Spans(taken), alone=alone):
        if number.value == int(number.value) and 0 <= number.value < 100_000:
            yield replace(candidate, values=(int(number.value),))


def _counted(message: Message, name: str, entity: Entity, *, of_people: bool) -> Iterator[Candidate]:
    """People or things that are counted, or the part of them that the author's words name."""
    own = given_cues(message.slots[name])
    people = entity.noun == "people"
    mine = _own_parts(message, name, entity)
    if mine:
        yield from (from_entity(name, part, 0.9) for part in mine)
        return
    score = 0.5 if own else entity.score
    if not own and of_people and not people:
        score = 0.45
    elsewhere = bool(own) and not (people and (of_people or _says_people(own, message.reading.language)))
    aside = entity.weak or elsewhere or message.occasions.cover(entity.start, entity.end)
    yield replace(from_entity(name, entity, min(score, 1.0)), needs_cue=aside and not message.requested(name))


def _own_parts(message: Message, name: str, entity: Entity) -> list[Entity]:
    """The parts of a sum that are this slot's where the others are another's: "2 adults and a baby"."""
    counting = [other for other, slot in message.slots.items() if slot.type == "count"]
    if not entity.parts or len(counting) < 2:
        return []
    owners = [[other for other in counting if _names(message, other, part)] for part in entity.parts]
    shared = any(each and name not in each for each in owners)
    return [part for part, each in zip(entity.parts, owners, strict=True) if name in each] if shared else []


def _one_more(message: Message, name: str, counted: Sequence[Span]) -> Iterator[Candidate]:
    """One thing that is named beside others that are counted: "two adults and a dog"."""
    pattern = _single(given_cues(message.slots[name]), message.reading.language)
    view = message.reading.view
    for match in pattern.finditer(view.text) if pattern and message.reading.numbers else ():
        start, end = view.span(*match.span("one"))
        if not any(first < end and start < last for first, last in counted):
            yield Candidate(slot=name, values=(1,), start=start, end=end, score=0.6)


@lru_cache(maxsize=1024)
def _single(cues: tuple[str, ...], language: Language) -> re.Pattern[str] | None:
    articles, words = language.alternation(language.words("numbers", "articles")), language.alternation(cues)
    joiners = language.alternation(language.words("people", "joiners"))
    if not articles or not words or not joiners:
        return None
    return re.compile(rf"\d[^.;!?]{{1,60}}?(?:\s|,){joiners}\s(?P<one>{articles}\s{words})(?![^\W_])")


def _names(message: Message, name: str, part: Entity) -> bool:
    words = message.reading.language.compile(slot_cues(name, message.slots[name]), suffixed=True)
    return words is not None and words.search(part.noun) is not None


def _says_people(words: Sequence[str], language: Language) -> bool:
    known = set(language.words("people", "nouns"))
    return any(word in known for word in words)


def _lengths(message: Message, name: str, slot: Slot) -> Iterator[Candidate]:
    """Spans of time whose unit is what the slot counts: four nights."""
    words = message.reading.language.compile(given_cues(slot), suffixed=True)
    for entity in message.reading.durations() if words else ():
        text = message.reading.original[entity.start : entity.end]
        inside = [n for n in message.reading.numbers if entity.start <= n.start and n.end <= entity.end]
        if words and words.search(fold_word(text)) and len(inside) == 1 and inside[0].value == int(inside[0].value):
            yield Candidate(slot=name, values=(int(inside[0].value),), start=entity.start, end=entity.end, score=0.6)
