"""Arithmetic of days: months and years without an end, days of the week, open dates towards the past or the future."""

import calendar
from datetime import date, timedelta
from typing import Literal

Prefer = Literal["future", "past"]

WEEKS = {"following": 1, "previous": -1, "after_next": 2, "before_last": -2}
"""Words that count calendar weeks, which begin on Monday."""


def make_date(year: int, month: int, day: int) -> date | None:
    """The day, or None where the calendar has no such day."""
    if 1 <= month <= 12 and 1900 <= year <= 2200 and 1 <= day <= calendar.monthrange(year, month)[1]:
        return date(year, month, day)
    return None


def add_months(day: date, months: int) -> date | None:
    """The same day of another month, or its last day where that month is shorter."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if not 1 <= year <= 9999:
        return None
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def placed_day(year: int, month: int, weekday: int | None, place: int) -> date | None:
    """The first, second … or (-1) last such day of the week of a month, or simply day of it."""
    days = [date(year, month, day + 1) for day in range(calendar.monthrange(year, month)[1])]
    days = [day for day in days if weekday is None or day.weekday() == weekday]
    index = place - 1 if place > 0 else place
    return days[index] if -len(days) <= index < len(days) else None


def day_of_month(day: int, today: date, prefer: Prefer) -> date | None:
    """The nearest such day of a month, today included."""
    for offset in range(12):
        month = add_months(today.replace(day=1), offset if prefer == "future" else -offset)
        found = make_date(month.year, month.month, day) if month else None
        if found and (found >= today if prefer == "future" else found <= today):
            return found
    return None


def day_of_year(month: int, day: int, today: date, prefer: Prefer) -> date | None:
    """The nearest such day of a year, today included."""
    for offset in range(9):
        found = make_date(today.year + (offset if prefer == "future" else -offset), month, day)
        if found and (found >= today if prefer == "future" else found <= today):
            return found
    return None


def full_year(text: str, today: date) -> int:
    """A year of two digits in the century that is nearest, as people mean it."""
    if len(text) > 2:
        return int(text)
    year = 2000 + int(text)
    return year if year <= today.year + 20 else year - 100


def weekday_near(weekday: int, shift: str, today: date, prefer: Prefer) -> list[date]:
    """A day of the week as "this", "next", "last"… or nothing (`shift`) place it, the likeliest reading first."""
    week = timedelta(days=7)
    monday = today - timedelta(days=today.weekday())
    ahead = today + timedelta(days=(weekday - today.weekday()) % 7)
    behind = ahead - week
    if shift in WEEKS:
        return [monday + WEEKS[shift] * week + timedelta(days=weekday)]
    if shift == "last" or (not shift and prefer == "past"):
        return [behind]
    if shift == "this":
        day = monday + timedelta(days=weekday)
        return [day if day >= today or prefer == "past" else day + week]
    if shift == "coming":
        return [ahead if ahead > today else ahead + week]
    if shift == "next":
        following = monday + week + timedelta(days=weekday)
        return [following] if following <= ahead or ahead <= today else [following, ahead]
    return [today, today + week] if ahead == today else [ahead]
