"""The dates of one text read together: a day of the week with its date, and open days after the date before them."""

import re
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache

from understanding.grammar.calendar_days import Prefer, add_months, day_of_month
from understanding.grammar.entities import Entity, moved
from understanding.grammar.folding import View
from understanding.grammar.language import Language

VAGUE = "vague"
"""Of a part of a month, which a day named after it makes exact: "the beginning of October, maybe the 5th"."""
LATER, LATER_ONLY = "later", "later only"
"""Of a day counted from the date before it ("a week later"); the second is none where no date stands before it."""


def joined(entities: list[Entity], view: View, language: Language, today: date, prefer: Prefer) -> list[Entity]:
    """Join "Thursday" and "the 3rd" that stand together, and read an open day after the date before it."""
    merged: list[Entity] = []
    between_them = _joined(language)
    for entity in entities:
        before = merged[-1] if merged else None
        if entity.noun in (LATER, LATER_ONLY):
            merged.extend(_later(before, entity, today, prefer))
            continue
        if before is not None and {before.noun, entity.noun} & {"weekday"} and before.noun != entity.noun:
            between = view.text[view.index(before.end) : view.index(entity.start)]
            main, named = (entity, before) if before.noun == "weekday" else (before, entity)
            if len(between) <= 8 and between_them.fullmatch(between) and not _contradict(main, named, view):
                merged[-1] = moved(main, start=before.start, end=entity.end)
                continue
        exact = _after(before, entity, prefer)
        if before is not None and before.noun == VAGUE and entity.noun == "day":
            merged[-1] = moved(exact, start=before.start)
            continue
        merged.append(exact)
    return merged


def _later(before: Entity | None, entity: Entity, today: date, prefer: Prefer) -> list[Entity]:
    """A day counted from the date before it, where there is one: "out on 30 March, back a week later"."""
    if before is None or len(before.values) != 1 or prefer == "past":
        return [] if entity.noun == LATER_ONLY else [entity]
    first, own = date.fromisoformat(str(before.values[0])), date.fromisoformat(str(entity.values[0]))
    months = (own.year - today.year) * 12 + own.month - today.month
    whole = months if add_months(today, months) == own and (own - today).days % 7 else 0
    day = add_months(first, whole) if whole else first + (own - today)
    return [replace(entity, values=(day.isoformat(),))] if day else [entity]


def _contradict(day: Entity, weekday: Entity, view: View) -> bool:
    """Whether a day without a number ("tomorrow") is another day of the week: then two days are meant."""
    words = view.text[view.index(day.start) : view.index(day.end)]
    if day.noun == "day" or any(map(str.isdecimal, words)):
        return False
    return len({date.fromisoformat(str(each.values[0])).weekday() for each in (day, weekday)}) > 1


@lru_cache(maxsize=32)
def _joined(language: Language) -> re.Pattern[str]:
    """What may stand between a day of the week and the date it is."""
    words = language.alternation(language.words("day_joiners")) or "(?!)"
    return re.compile(rf"[\s,.]{{0,3}}(?:{words} |\()?[\s,]{{0,2}}")


def _after(before: Entity | None, entity: Entity, prefer: Prefer) -> Entity:
    if before is None or not entity.partial or prefer == "past" or len(before.values) != 1:
        return entity
    first = date.fromisoformat(str(before.values[0]))
    if entity.noun == "day" and not before.partial:
        day = day_of_month(date.fromisoformat(str(entity.values[0])).day, first, "future")
        return replace(entity, values=(day.isoformat(),)) if day else entity
    own = date.fromisoformat(str(entity.values[0]))
    if own < first and entity.noun == "day":
        following = day_of_month(own.day, first, "future")
        return replace(entity, values=(following.isoformat(),)) if following else entity
    if own <= first and entity.noun == "weekday":
        weeks = (first - own).days // 7 + 1
        return replace(entity, values=((own + timedelta(days=7 * weeks)).isoformat(),))
    return entity
