"""Days: named, numbered and relative ones, with every reading an open one has."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from understanding.grammar.calendar_days import (
    WEEKS,
    Prefer,
    add_months,
    day_of_month,
    day_of_year,
    full_year,
    make_date,
    placed_day,
    weekday_near,
)
from understanding.grammar.date_order import LATER, LATER_ONLY, VAGUE, joined
from understanding.grammar.entities import Entity, longest
from understanding.grammar.folding import View
from understanding.grammar.language import Language, Rule

_ISO = re.compile(r"(?<![\d./-])((?:19|20)\d\d)[-./]([01]?\d)[-./]([0-3]?\d)(?![\d/]|[.-]\d)")
_NUMERIC = re.compile(r"(?<![\d./-])([0-3]?\d)([-./])([0-3]?\d)\2((?:19|20)\d\d|\d\d)(?![\d/]|[.-]\d)")
_SHORT = re.compile(r"(?<![\d./-])([0-3]?\d)([./])([0-3]?\d)(?![\d/%]|[.-]\d)")
_SATURDAY = 5
_DAYS = {"day": 1, "week": 7, "fortnight": 14}


def find_dates(view: View, language: Language, today: date, prefer: Prefer) -> list[Entity]:
    """The dates of a text, the likeliest reading of each first."""
    found: list[Entity] = []
    for rule in language.rules["date_ranges"]:
        found.extend(_ranges(rule, view, language, today, prefer))
    found.extend(_numeric(view, language, today, prefer))
    for rule in language.rules["dates"]:
        for match in rule.regex.finditer(view.text):
            days = _resolve(rule, match, language, today, prefer)
            if days:
                day = _entity(view, match.start(), match.end(), days, rule.score, partial=_partial(match))
                noun = LATER if rule.meaning.get("later") else LATER_ONLY if rule.meaning.get("later_only") else ""
                noun = VAGUE if rule.number("on") else noun
                found.append(replace(day, noun=noun) if noun else day)
    return joined(_real(longest(found), view, language), view, language, today, prefer)


def _real(entities: list[Entity], view: View, language: Language) -> list[Entity]:
    """The dates without those in expressions that only look like one ("we sat down")."""
    pattern = language.phrases_as_written("not_dates")
    if pattern is None or not entities:
        return entities
    others = [view.span(*match.span()) for match in pattern.finditer(view.text)]
    return [each for each in entities if all(each.end <= start or end <= each.start for start, end in others)]


def _entity(
    view: View, start: int, end: int, days: Sequence[date], score: float, *, partial: str = "", weak: bool = False
) -> Entity:
    first, last = view.span(start, end)
    return Entity(
        kind="date",
        start=first,
        end=last,
        values=tuple(dict.fromkeys(day.isoformat() for day in days)),
        score=score,
        weak=weak,
        partial=bool(partial),
        noun=partial,
    )


def _partial(match: re.Match[str]) -> str:
    groups = {name for name, value in match.groupdict().items() if value is not None}
    if groups in ({"day"}, {"weekday"}):
        return groups.pop()
    return ""


# --- digits -------------------------------------------------------------------------------------------------------


def _numeric(view: View, language: Language, today: date, prefer: Prefer) -> Iterator[Entity]:
    for match in _ISO.finditer(view.text):
        day = make_date(int(match[1]), int(match[2]), int(match[3]))
        if day:
            yield _entity(view, match.start(), match.end(), [day], 1.0)
    for match in _NUMERIC.finditer(view.text):
        year = full_year(match[4], today)
        days = [make_date(year, month, day) for month, day in _orders(int(match[1]), int(match[3]), match[2], language)]
        real = [day for day in days if day]
        if real:
            yield _entity(view, match.start(), match.end(), real, 0.95)
    yield from _short(view, language, today, prefer)


def _short(view: View, language: Language, today: date, prefer: Prefer) -> Iterator[Entity]:
    for match in _SHORT.finditer(view.text):
        orders = _orders(int(match[1]), int(match[3]), match[2], language)
        if view.ends[match.end() - 1] - view.starts[match.start()] != len(match[0]):
            continue  # digits the customer said in words: seven and a half is no day
        near = [found for month, day in orders if (found := day_of_year(month, day, today, prefer))]
        dotted = match[2] == "." and view.text.startswith(".", match.end()) and "." in language.words("ordinal_marks")
        if near and dotted:
            yield _entity(view, match.start(), match.end() + 1, near, 0.95)
        elif near and not _one_number(view, match, language):
            yield _entity(view, match.start(), match.end(), near, 0.6, weak=True)


def _one_number(view: View, match: re.Match[str], language: Language) -> bool:
    """Whether the customer wrote a decimal with a comma."""
    return language.data.get("decimal") == "," and view.starts[match.start()] == view.starts[match.end() - 1]


def _orders(first: int, second: int, separator: str, language: Language) -> list[tuple[int, int]]:
    """(month, day) readings of two numbers; month first is read both ways, and only where both make sense."""
    if language.date_order != "mdy" or separator == ".":
        return [(second, first)] if language.date_order != "ymd" else [(first, second)]
    return [(first, second), (second, first)] if first <= 12 else [(second, first)]


# --- words --------------------------------------------------------------------------------------------------------


def _resolve(rule: Rule, match: re.Match[str], language: Language, today: date, prefer: Prefer) -> list[date]:
    groups = {name: value for name, value in match.groupdict().items() if value is not None}
    for reader in (_placed, _calendar_day, _fixed, _relative, _day_number, _weekend, _week_day):
        days = reader(rule, groups, language, today, prefer)
        if days is not None:
            return days
    return []


def _some(*days: date | None) -> list[date]:
    return [day for day in days if day is not None]


def _placed(rule: Rule, groups: dict[str, str], language: Language, today: date, prefer: Prefer) -> list[date] | None:
    """The last Friday in April, the first Monday of next month, the end of May."""
    place = int(str(language.means("nth", groups["nth"]))) if "nth" in groups else rule.number("nth")
    if place is None:
        return None
    weekday = int(str(language.means("weekday", groups["weekday"]))) if "weekday" in groups else None
    weekend = bool(rule.meaning.get("weekend"))
    weekday = _SATURDAY if weekend else weekday
    past = prefer == "past"
    if "month" in groups:
        month = int(str(language.means("month", groups["month"])))
        year = full_year(groups["year4"], today) if "year4" in groups else None
        months = [(year or today.year + (-offset if past else offset), month) for offset in range(2)]
    else:
        first = add_months(today.replace(day=1), int(rule.number("month") or 0))
        following = add_months(first, -1 if past else 1) if first else None
        months = [(each.year, each.month) for each in (first, following) if each]
    days = [day for each in months if (day := placed_day(*each, weekday, int(place)))]
    ahead = [day for day in days if (day <= today if past else day >= today)]
    found = (ahead or days)[:1]
    return [*found, *(day + timedelta(days=1) for day in found if weekend)]


def _calendar_day(
    rule: Rule, groups: dict[str, str], language: Language, today: date, prefer: Prefer
) -> list[date] | None:
    part = rule.number("on")
    if "month" not in groups or ("day" not in groups and part is None):
        return None
    month, day = int(str(language.means("month", groups["month"]))), int(groups.get("day", part or 1))
    year = groups.get("year") or groups.get("year4") or groups.get("yearany")
    if year:
        return _some(make_date(full_year(year, today), month, day))
    if "yearword" in groups:
        return _some(make_date(today.year + int(str(language.means("yearword", groups["yearword"]))), month, day))
    return _some(day_of_year(month, day, today, prefer))


def _fixed(rule: Rule, groups: dict[str, str], language: Language, today: date, prefer: Prefer) -> list[date] | None:
    if "rel" in groups:
        return [today + timedelta(days=int(str(language.means("rel", groups["rel"]))))]
    if "holiday" in groups:
        month, day = str(language.means("holiday", groups["holiday"])).split("-")
        return _some(day_of_year(int(month), int(day), today, prefer))
    end, start, years = rule.number("month_end"), rule.number("month_start"), rule.number("year_end")
    if years is not None:
        return _some(make_date(today.year + int(years), 12, 31))
    if end is not None:
        month_end = add_months(today.replace(day=1), int(end) + 1)
        return [month_end - timedelta(days=1)] if month_end else []
    if start is not None:
        return _some(add_months(today.replace(day=1), int(start)))
    return None


def _relative(
    rule: Rule, groups: dict[str, str], language: Language, today: date, _prefer: Prefer
) -> list[date] | None:
    sign = rule.number("sign")
    if sign is None:
        return None
    unit = str(language.means("dayunit", groups["dayunit"]) if "dayunit" in groups else rule.meaning.get("unit", "day"))
    count = float(groups["n"]) if "n" in groups else (rule.number("n") or 1.0)
    count += 0.5 if rule.meaning.get("half") else 0.0
    if count > 5000:
        return []
    if "weekday" in groups:
        week = today - timedelta(days=today.weekday()) + timedelta(days=7 * int(count))
        return [week + timedelta(days=int(str(language.means("weekday", groups["weekday"]))))]
    if unit in _DAYS:
        return [today + timedelta(days=round(sign * count * _DAYS[unit]))]
    months = count * (12 if unit == "year" else 1)
    day = add_months(today, int(sign * months))
    return _some(day + timedelta(days=round(sign * (months % 1) * 30)) if day else None)


def _day_number(
    rule: Rule, groups: dict[str, str], _language: Language, today: date, prefer: Prefer
) -> list[date] | None:
    if "day" not in groups:
        return None
    day = int(groups["day"])
    if rule.meaning.get("next_month"):
        return _some(_in_month(day, rule, today))
    if rule.meaning.get("this_month"):
        found = make_date(today.year, today.month, day)
        if found and (found >= today or prefer == "past"):
            return [found]
    return _some(day_of_month(day, today, prefer))


def _in_month(day: int, rule: Rule, today: date) -> date | None:
    """A day of next month, or of the last one."""
    month = add_months(today.replace(day=1), -1 if rule.meaning.get("back") else 1)
    return make_date(month.year, month.month, day) if month else None


def _weekend(rule: Rule, groups: dict[str, str], language: Language, today: date, _prefer: Prefer) -> list[date] | None:
    if not rule.meaning.get("weekend"):
        return None
    monday = today - timedelta(days=today.weekday())
    shift = str(language.means("shift", groups["shift"])) if "shift" in groups else "this"
    weeks = {**WEEKS, "next": 1, "last": -1}.get(shift, 0) + int(rule.number("weeks") or 0)
    return [monday + timedelta(days=7 * weeks + 5), monday + timedelta(days=7 * weeks + 6)]


def _week_day(rule: Rule, groups: dict[str, str], language: Language, today: date, prefer: Prefer) -> list[date] | None:
    if "weekday" not in groups:
        return None
    weekday = int(str(language.means("weekday", groups["weekday"])))
    monday = today - timedelta(days=today.weekday())
    exact = rule.number("monday")
    if exact is not None:
        return [monday + timedelta(days=7 * int(exact) + weekday)]
    ahead = today + timedelta(days=(weekday - today.weekday()) % 7)
    weeks = rule.number("weeks")
    if weeks is not None:
        return [(ahead if ahead > today else ahead + timedelta(days=7)) + timedelta(days=7 * int(weeks))]
    shift = str(language.means("shift", groups["shift"])) if "shift" in groups else ""
    return weekday_near(weekday, shift, today, prefer)


# --- two days -----------------------------------------------------------------------------------------------------


def _ranges(rule: Rule, view: View, language: Language, today: date, prefer: Prefer) -> Iterator[Entity]:
    marks = language.endings("ordinal_marks", "day_marks")
    for match in rule.regex.finditer(view.text):
        groups = match.groupdict()
        first, second = _range_days(rule, groups, language, today, prefer)
        if first is None or second is None or (first > second and prefer == "future"):
            continue
        start = match.start("day")
        month = groups.get("month")
        if month is not None and match.start("month") < start:
            start = match.start("month")
        mark = marks.match(view.text, match.end("day")) if marks else None
        end = mark.end() if mark else match.end("day")
        yield _entity(view, start, end, [first], 1.1)
        begin = match.start("month2") if groups.get("month2") else match.start("day2")
        last = match.end("day2") if view.text.startswith("'", match.end("day2")) else match.end()
        yield _entity(view, min(begin, match.start("day2")), last, [second], 1.1)


def _range_days(
    rule: Rule, groups: dict[str, str | None], language: Language, today: date, prefer: Prefer
) -> tuple[date | None, date | None]:
    days = int(str(groups["day"])), int(str(groups["day2"]))
    months = [int(str(language.means("month", word))) for key in ("month", "month2") if (word := groups.get(key))]
    if not months:
        moved_on = rule.meaning.get("next_month")
        first = _in_month(days[0], rule, today) if moved_on else day_of_month(days[0], today, prefer)
        return first, day_of_month(days[1], first, "future") if first else None
    year = groups.get("year4")
    if year:
        return make_date(int(year), months[0], days[0]), make_date(int(year), months[-1], days[1])
    first = day_of_year(months[0], days[0], today, prefer)
    return first, day_of_year(months[-1], days[1], first, "future") if first else None
