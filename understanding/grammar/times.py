"""Clock times, parts of the day, and moments counted from now."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from understanding.grammar.entities import Entity, longest
from understanding.grammar.folding import View
from understanding.grammar.language import Language, Rule

_NEAR = 40
"""How many characters away a part of the day still belongs to a time."""
_ECHO = 4
"""Characters between a time and a "noon" that only says which twelve is meant."""
_AFTERNOON = 7
"""A bare hour below this is first read as afternoon: nobody books a table at three in the night."""


def find_times(view: View, language: Language) -> list[Entity]:
    """The times of a text, HH:MM; a bare hour has two readings unless a part of the day settles it."""
    found: list[Entity] = []
    for rule in language.rules["time_ranges"]:
        found.extend(_ranges(rule, view, language))
    for rule in language.rules["times"]:
        for match in rule.regex.finditer(view.text):
            entity = _time(rule, match, view, language)
            if entity is not None:
                found.append(entity)
    dayparts = _dayparts(view, language)
    return [_settle(entity, dayparts, view) for entity in _without_echoes(longest(found))]


def _without_echoes(entities: list[Entity]) -> list[Entity]:
    """The times without a "noon" that only says which twelve is meant."""
    return [
        each
        for each in entities
        if each.noun != "clockword" or all(other is each or _gap(each, other) > _ECHO for other in entities)
    ]


def _gap(first: Entity, second: Entity) -> int:
    return max(first.start - second.end, second.start - first.end, 0)


def _time(rule: Rule, match: re.Match[str], view: View, language: Language) -> Entity | None:
    groups = {name: value for name, value in match.groupdict().items() if value is not None}
    bare = bool(rule.meaning.get("bare"))
    start = match.start()
    lead = rule.meaning.get("lead")
    if (lead or "daypart" in groups) and "hour" in groups:
        start = match.start("hour")
    first, last = view.span(start, match.end())
    if "clockword" in groups:
        values = [str(language.means("clockword", groups["clockword"]))]
    else:
        values = _values(rule, groups, language)
    if not values:
        return None
    noun = "clockword" if "clockword" in groups else ""
    return Entity(kind="time", start=first, end=last, values=tuple(values), score=rule.score, weak=bare, noun=noun)


def _values(rule: Rule, groups: dict[str, str], language: Language) -> list[str]:
    hour = int(groups["hour"])
    minute = int(groups.get("minute", 0))
    shift = rule.number("minutes")
    sign = rule.number("sign")
    if sign is not None:
        shift = (shift or 0) + sign * float(groups["n"])
    if shift is not None and not -60 < shift < 60:
        return []
    meridiem = str(language.means("meridiem", groups["meridiem"])) if "meridiem" in groups else ""
    digital = "minute" in groups and shift is None and language.clock == 24
    sure = digital or (groups["hour"].startswith("0") and len(groups["hour"]) == 2)
    return [_clock(each, minute, shift) for each in hours(hour, meridiem, sure=sure)]


def hours(hour: int, meridiem: str, *, sure: bool) -> list[int]:
    """The hours of the day that an hour of the clock may mean, the likeliest first."""
    if meridiem and hour <= 12:
        return [hour % 12 + (12 if meridiem == "pm" else 0)]
    if sure or hour > 12 or hour == 0:
        return [hour % 24]
    if hour == 12:
        return [12]
    return [hour + 12, hour] if hour < _AFTERNOON else [hour, hour + 12]


def _clock(hour: int, minute: int, shift: float | None) -> str:
    minutes = (hour * 60 + minute + int(shift or 0)) % 1440
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _ranges(rule: Rule, view: View, language: Language) -> Iterator[Entity]:
    for match in rule.regex.finditer(view.text):
        groups = match.groupdict()
        second = _one(groups, "2", groups.get("meridiem2") or "", language)
        sure = not groups.get("meridiem") and int(str(groups["hour2"])) > 12  # of 24 hours the one, so the other
        first = _one(groups, "", groups.get("meridiem") or groups.get("meridiem2") or "", language, sure=sure)
        if groups.get("meridiem2") and not groups.get("meridiem") and first[0] > second[0]:
            first = _one(groups, "", "am" if second[0] >= "12:00" else "pm", language)
        start, end = view.span(match.start("hour"), match.end("minute") if groups.get("minute") else match.end("hour"))
        yield Entity(kind="time", start=start, end=end, values=tuple(first), score=rule.score + 0.1)
        start, end = view.span(match.start("hour2"), match.end())
        yield Entity(kind="time", start=start, end=end, values=tuple(second), score=rule.score + 0.1)


def _one(
    groups: dict[str, str | None], which: str, meridiem: str, language: Language, *, sure: bool = False
) -> list[str]:
    hour, minute = str(groups[f"hour{which}"]), groups.get(f"minute{which}")
    half = str(language.means("meridiem", meridiem) or meridiem) if meridiem else ""
    sure = sure or (bool(minute) and language.clock == 24)
    return [_clock(each, int(minute or 0), None) for each in hours(int(hour), half, sure=sure)]


# --- parts of the day ---------------------------------------------------------------------------------------------

_Window = tuple[int, int, int, int]
"""start and end in the view, first and last hour (an hour past 24 is the next day's)."""


def _dayparts(view: View, language: Language) -> list[_Window]:
    words = language.meanings["daypart"]
    pattern = language.placeholder("daypart")
    windows: list[_Window] = []
    lookalikes = language.phrases_as_written("not_dayparts")
    text = lookalikes.sub(lambda match: "\x1f" * len(match[0]), view.text) if lookalikes else view.text
    for match in pattern.finditer(text) if pattern else ():
        word = next((word for word in sorted(words, key=len, reverse=True) if match[0].startswith(word)), None)
        if word is not None:
            first, last = cast(list[int], words[word])
            windows.append((match.start(), match.end(), first, last))
    return windows


def _settle(entity: Entity, dayparts: list[_Window], view: View) -> Entity:
    """Choose the readings that fall into the nearest part of the day that is named."""
    if not dayparts:
        return entity
    start, end = view.index(entity.start), view.index(entity.end)
    distance, window = min((max(each[0] - end, start - each[1], 0), each) for each in dayparts)
    if distance > _NEAR:
        return entity
    _, _, first, last = window
    fitting = [value for value in _both(entity) if _inside(value, first, last)]
    if not fitting:
        return entity
    return replace(entity, values=tuple(fitting[:1]), weak=False, score=max(entity.score, 0.9))


def _both(entity: Entity) -> list[str]:
    values = [str(value) for value in entity.values]
    if len(values) > 1:
        return values
    hour, minute = int(values[0][:2]), values[0][3:]
    other = f"{hour + 12:02d}:{minute}" if hour < 12 else f"{(hour - 12):02d}:{minute}" if hour == 12 else values[0]
    return list(dict.fromkeys([values[0], other]))


def _inside(value: str, first: int, last: int) -> bool:
    hour = int(value[:2]) + int(value[3:]) / 60
    return first <= hour < last or first <= hour + 24 < last


# --- moments ------------------------------------------------------------------------------------------------------


def find_moments(view: View, language: Language, now: datetime) -> list[Entity]:
    """Points in time counted in hours and minutes from now."""
    found: list[Entity] = []
    for rule in language.rules["moments"]:
        for match in rule.regex.finditer(view.text):
            groups = match.groupdict()
            count = float(groups["n"]) if groups.get("n") else (rule.number("n") or 0.0)
            count += 0.5 if rule.meaning.get("half") else 0
            if count > 100_000:
                continue
            unit = str(language.means("clockunit", groups["clockunit"])) if groups.get("clockunit") else "minute"
            minutes = count * (60 if unit == "hour" else 1) * (rule.number("sign") or 1)
            moment = (now + timedelta(minutes=minutes)).replace(second=0, microsecond=0)
            start, end = view.span(match.start(), match.end())
            weak = bool(rule.meaning.get("weak"))
            found.append(
                Entity(kind="moment", start=start, end=end, values=(moment.isoformat(),), score=rule.score, weak=weak)
            )
    return longest(found)
