"""Slots: patterns, values, limits."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime, time

from config.checking.patterns import pattern_fault
from config.checking.report import Report, one_of
from config.project import Slot
from config.reading import KeyPath

_NUMBERS = frozenset({"number", "integer", "money", "count"})
_MOMENTS = frozenset({"date", "time", "datetime"})
_TEXTS = frozenset({"text", "name", "id", "phone", "email"})
_LIMITED = _NUMBERS | _MOMENTS | {"duration"}
_RELATIVE = re.compile(r"(today|now)(?:([+-])(\d{1,4})([dhm]))?")
_DURATION = re.compile(r"P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?")


def all_slots(report: Report) -> Iterator[tuple[KeyPath, str, Slot]]:
    """Every slot as it is used, and shared slots that no intent uses."""
    used: set[str] = set()
    for intent in report.project.intents:
        for name, slot in report.project.slots_of(intent).items():
            used.add(name)
            yield ("intents", intent, "slots", name), name, slot
    for name, slot in report.project.slots.items():
        if name not in used:
            yield ("slots", name), name, slot


def check_slots(report: Report) -> None:
    """Everything about slots; what a shared slot says is judged where it is written, once."""
    told: set[tuple[KeyPath, str]] = set()
    for path, name, slot in all_slots(report):
        for key, message, expected in _faults(slot, report.project.locales):
            place = _written_at(report, path, name, key)
            if (place, message) not in told:
                told.add((place, message))
                report.error(place, message, expected)
        for key, message, expected in _oddities(slot):
            place = _written_at(report, path, name, key)
            if (place, message) not in told:
                told.add((place, message))
                report.warn(place, message, expected)


def _written_at(report: Report, path: KeyPath, name: str, key: str) -> KeyPath:
    own, shared = (*path, key), ("slots", name, key)
    return own if report.written(own) or not report.written(shared) else shared


_Fault = tuple[str, str, str]
"""The key, what is wrong, what is expected."""


def _faults(slot: Slot, locales: list[str]) -> Iterator[_Fault]:
    if slot.pattern is not None and (fault := pattern_fault(slot.pattern)):
        yield "pattern", fault, "a pattern without nested repetitions" if "catastrophic" in fault else ""
    if slot.type == "choice" and not slot.choices:
        yield "type", "a choice needs values", "values: {key: {locale: [synonyms]}}"
    if slot.type in ("choice", "location"):
        yield from _same_words(slot)
        yield from _default_choice(slot)
    for key, locale in ((key, locale) for key, words in slot.choices.items() for locale in words):
        if locale not in locales:
            yield "values", f"{locale!r} at {key!r} is not one of the project's locales", one_of(locale, locales)
    if slot.type in _LIMITED:
        yield from _limits(slot)


def _default_choice(slot: Slot) -> Iterator[_Fault]:
    if slot.default is not None and slot.choices and slot.default not in slot.choices:
        yield "default", f"the default {slot.default!r} is none of the values", one_of(str(slot.default), slot.choices)


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).replace("İ", "i").replace("I", "ı").casefold().split())


def _same_words(slot: Slot) -> Iterator[_Fault]:
    owners: dict[tuple[str, str], str] = {}
    for key, words in slot.choices.items():
        for locale, synonyms in words.items():
            for synonym in synonyms:
                owner = owners.setdefault((locale, _folded(synonym)), key)
                if owner != key:
                    yield (
                        "values",
                        f"{synonym!r} ({locale}) means both {owner!r} and {key!r}",
                        "a word for one value only",
                    )


def _limits(slot: Slot) -> Iterator[_Fault]:
    for key, limit in (("min", slot.min), ("max", slot.max)):
        if limit is not None and _measured(slot, limit) is None:
            yield key, f"{limit!r} is no limit for a {slot.type}", _limit_form(slot)
    low, high = (None if limit is None else _measured(slot, limit) for limit in (slot.min, slot.max))
    if low is not None and high is not None and low[0] == high[0] and low[1] > high[1]:
        yield "min", f"min {_plain(slot.min)} is above max {_plain(slot.max)}", "min at most max"


def _plain(limit: float | str | None) -> str:
    return f"{limit:g}" if isinstance(limit, int | float) else repr(limit)


def _limit_form(slot: Slot) -> str:
    forms = {
        "date": "an ISO date, today, today+30d",
        "time": "a time such as 09:00",
        "datetime": "an ISO moment, now, now+2h, today+3d",
        "duration": "an ISO 8601 duration such as PT2H",
    }
    return forms.get(slot.type, "a number")


def _measured(slot: Slot, limit: float | str) -> tuple[str, float] | None:
    """A limit as (scale, size); limits of different scales cannot be compared beforehand."""
    if isinstance(limit, int | float):
        return ("number", float(limit)) if slot.type in _NUMBERS else None
    if slot.type in _NUMBERS:
        return None
    if slot.type == "duration":
        return ("text", 0.0) if _DURATION.fullmatch(limit) else None
    relative = _RELATIVE.fullmatch(limit.replace(" ", ""))
    if relative and slot.type != "time":
        hours = {"d": 24.0, "h": 1.0, "m": 1 / 60, None: 0.0}[relative[4]]
        return relative[1], hours * int(relative[3] or 0) * (-1 if relative[2] == "-" else 1)
    return _absolute(slot, limit)


def _absolute(slot: Slot, limit: str) -> tuple[str, float] | None:
    try:
        if slot.type == "time":
            clock = time.fromisoformat(limit)
            return "clock", clock.hour * 60.0 + clock.minute
        moment = datetime.fromisoformat(limit)
    except ValueError:
        return None
    return "calendar", date(moment.year, moment.month, moment.day).toordinal() * 24.0 + moment.hour


def _oddities(slot: Slot) -> Iterator[_Fault]:
    if slot.type == "location" and not slot.choices:
        yield "type", "without values any place is taken", "values: [place, …]"
    if slot.type == "money" and slot.currency is None:
        yield "type", "no currency is assumed where the customer names none", "currency: such as TRY"
    yield from _useless(slot)


def _useless(slot: Slot) -> Iterator[_Fault]:
    """Keys that mean nothing for the slot's type."""
    rules = (
        ("values", slot.choices, {"choice", "location"}),
        ("currency", slot.currency, {"money"}),
        ("region", slot.region, {"phone"}),
        ("format", slot.format, {"id"}),
        ("pattern", slot.pattern, _TEXTS),
        ("min", slot.min is not None, _LIMITED),
        ("max", slot.max is not None, _LIMITED),
    )
    for key, given, types in rules:
        if given and slot.type not in types:
            yield key, f"{key!r} means nothing for a {slot.type}", f"type: one of {', '.join(sorted(types))}"
