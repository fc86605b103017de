"""What each slot could take from a text, by its type."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from config.project import Slot
from understanding.grammar.language import Language
from understanding.grammar.reading import Reading
from understanding.slot_announced import find_announced, follows_other, up_to_others
from understanding.slot_assignment import Asked, Candidate
from understanding.slot_choices import find_choices
from understanding.slot_cues import name_part, role_of, slot_cues
from understanding.slot_identifiers import Text, find_emails, find_identifiers, find_phones
from understanding.slot_message import Message, from_text, open_message, phone_region
from understanding.slot_moments import dates, datetimes, durations, times
from understanding.slot_names import find_name_parts, find_names, find_place
from understanding.slot_quantities import counts, money, numbers
from understanding.slot_text import find_text, find_text_after, find_text_beside, trimmed, where_cued

MOST = 40
"""Candidates of one slot that are weighed: no customer's message has more."""


def candidates_of(
    reading: Reading, slots: Mapping[str, Slot], languages: Sequence[Language], asked: Asked
) -> list[Candidate]:
    """Every value that any slot could take."""
    message = open_message(reading, slots, languages, asked)
    found: list[Candidate] = []
    for name, slot in slots.items():
        found.extend(islice(_FINDERS[slot.type](message, name, slot), MOST))
    found.extend(_name_halves(message))
    return found


def _phones(message: Message, name: str, slot: Slot) -> Iterator[Candidate]:
    for text in find_phones(message.reading.folded, phone_region(slot, message.reading)):
        yield from_text(name, text)


def _emails(message: Message, name: str, _slot: Slot) -> Iterator[Candidate]:
    for text in find_emails(message.reading.folded, message.reading.language):
        yield from_text(name, text)


def _identifiers(message: Message, name: str, slot: Slot) -> Iterator[Candidate]:
    for text in find_identifiers(message.reading, slot, requested=message.requested(name)):
        yield from_text(name, text)


def _choices(message: Message, name: str, slot: Slot) -> Iterator[Candidate]:
    if not slot.choices:
        if message.requested(name):
            yield from (from_text(name, text) for text in find_place(message.reading))
        return
    for match in find_choices(message.reading, slot, requested=message.requested(name)):
        yield Candidate(slot=name, values=(match.key,), start=match.start, end=match.end, score=match.score)


def _booleans(message: Message, name: str, slot: Slot) -> Iterator[Candidate]:
    reading = message.reading
    text = reading.folded.text
    if message.requested(name):
        answer = _answer(reading)
        if answer is not None:
            yield Candidate(slot=name, values=(answer[0],), start=answer[1], end=answer[2], score=0.9)
            return
    words = [word for words in (slot.cues or {}).values() for word in words]
    words += [name.replace("_", " ")] if message.requested(name) else []
    pattern = reading.language.compile(reading.language.softened(words), suffixed=True) if words else None
    match = pattern.search(text) if pattern else None
    if match is not None:
        first, last = reading.folded.span(match.start(), match.end())
        denied = _denied(reading, match)
        yield Candidate(slot=name, values=(not denied,), start=first, end=last, score=0.7)


def _answer(reading: Reading) -> tuple[bool, int, int] | None:
    """The first plain yes or no; failing that, words that are a yes unless one of those stands with them."""
    for keys in (("no", "yes"), ("weak_yes",)):
        said = []
        for key in keys:
            pattern = reading.language.phrases(key)
            matches = pattern.finditer(reading.folded.text) if pattern else ()
            said += [(match.start(), -match.end(), key != "no") for match in matches]
        if said:
            start, end, value = min(said)
            return value, *reading.folded.span(start, -end)
    return None


def _denied(reading: Reading, match: re.Match[str]) -> bool:
    pattern = reading.language.phrases("no")
    text = reading.folded.text
    around = text[max(0, match.start() - 20) : match.start()] + " | " + text[match.end() : match.end() + 20]
    verbs = reading.language.phrases_as_written("denying_verbs")
    return any(each is not None and each.search(around) for each in (pattern, verbs))


def _names(message: Message, name: str, slot: Slot) -> Iterator[Candidate]:
    if name_part(name, message.languages):
        return
    role = "to" if role_of(name, slot, message.languages) == "to" else None
    called = slot_cues(name, slot)
    for text in find_names(message.reading, role=role, requested=message.requested(name), called=called):
        yield from_text(name, text)


def _name_halves(message: Message) -> Iterator[Candidate]:
    halves = {
        name: part
        for name, slot in message.slots.items()
        if slot.type == "name" and (part := name_part(name, message.languages))
    }
    if not halves:
        return
    requested = {part: message.requested(name) for name, part in halves.items()}
    found = find_name_parts(message.reading, requested=requested)
    for name, part in halves.items():
        if part in found and found[part].value:
            yield from_text(name, found[part])


def _texts(message: Message, name: str, slot: Slot) -> Iterator[Candidate]:
    claims = _claimed(message, name)
    named = find_announced(message.reading, name, message.slots, claims)
    if named:
        yield from (replace(from_text(name, text), claims=True) for text in named)
        return
    announced = _after_own_cue(message, name, slot)
    if not message.requested(name):
        yield from (from_text(name, text) for text in announced)
        return
    begin = announced[0].start if announced else 0
    if claims:
        found = find_text_beside(message.reading, claims, begin=begin)
    else:
        found = announced or _before_others(message, name, find_text(message.reading, name))
    for text in found:
        yield replace(from_text(name, text), score=0.8)


def _after_own_cue(message: Message, name: str, slot: Slot) -> list[Text]:
    """What the author's cue announces, unless the cue goes with the name of another slot."""
    at = where_cued(message.reading, slot) if slot.cues else None
    if at is None or follows_other(message.reading, name, message.slots, at):
        return []
    return _before_others(message, name, find_text_after(message.reading, slot))


def _before_others(message: Message, name: str, found: Sequence[Text]) -> list[Text]:
    """A text up to where another slot is named and given."""
    return [_up_to(message, name, text) for text in found]


def _up_to(message: Message, name: str, text: Text) -> Text:
    reading = message.reading
    end = up_to_others(reading, name, message.slots, (), (text.start, text.end))
    others = {other: spec for other, spec in message.slots.items() if other != name and spec.type != "text"}
    given = (each for other, spec in others.items() for each in islice(_FINDERS[spec.type](message, other, spec), MOST))
    if end == text.end or not any(each.start > end for each in given):
        return text
    first, last = trimmed(reading.original, text.start, end)
    return replace(text, value=reading.original[first:last], start=first, end=last) if first < last else text


def _claimed(message: Message, name: str) -> list[tuple[int, int]]:
    """The pieces that are without doubt values of other slots: addresses, phone numbers, identifiers of a shape."""
    claims: list[tuple[int, int]] = []
    for other, slot in message.slots.items():
        ruled = slot.type in ("email", "phone") or (slot.type == "id" and (slot.pattern or slot.format))
        if other != name and ruled and other not in message.asked.filled:
            found = _FINDERS[slot.type](message, other, slot)
            claims += [(each.start, each.end) for each in islice(found, MOST) if each.score >= 0.8]
    return claims


_FINDERS: Mapping[str, Callable[[Message, str, Slot], Iterator[Candidate]]] = {
    "text": _texts,
    "name": _names,
    "id": _identifiers,
    "choice": _choices,
    "number": numbers,
    "integer": numbers,
    "boolean": _booleans,
    "date": dates,
    "time": times,
    "datetime": datetimes,
    "duration": durations,
    "money": money,
    "phone": _phones,
    "email": _emails,
    "count": counts,
    "location": _choices,
}
