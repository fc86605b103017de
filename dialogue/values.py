"""Whether a canonical value is allowed for a slot: its type, then the author's rules."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Literal, TypeVar

from pydantic import JsonValue

from config.project import Slot, SlotType
from dialogue.identifiers import is_right

T = TypeVar("T")

Judgement = Literal["valid", "wrong_type", "not_allowed", "checksum", "too_small", "too_large"]

_PATTERN_CHARS = 500
"""Longer values are refused before a pattern of the author's sees them."""

_RELATIVE = re.compile(r"(today|now)(?:([+-])(\d{1,4})([dhm]))?")


def judge(slot: Slot, value: JsonValue, now: datetime) -> Judgement:
    """Judge `value` against `slot`; `now` is aware, in the project's time zone."""
    if not _TYPES[slot.type](value):
        return "wrong_type"
    if slot.values and slot.type in ("choice", "location") and value not in slot.choices:
        return "not_allowed"
    if slot.format is not None and not is_right(slot.format, str(value)):
        return "checksum"
    if slot.pattern is not None and not _matches(slot.pattern, value):
        return "not_allowed"
    return _within(slot, value, now)


def bound(limit: float | str | None, value: JsonValue, now: datetime) -> float | None:
    """A limit as a number comparable with `measure(value)`; None where there is none or it does not apply."""
    if limit is None:
        return None
    if isinstance(limit, int | float):
        return float(limit)
    relative = _RELATIVE.fullmatch(limit.replace(" ", ""))
    if relative:
        return _stamp(_shift(now, relative), day=_is_day(value))
    return _measure_text(limit, now)


def bound_text(limit: str, now: datetime, *, day: bool) -> str:
    """A relative limit such as `today+30d` as the ISO date or moment it means; any other as it is."""
    relative = _RELATIVE.fullmatch(limit.replace(" ", ""))
    if relative is None:
        return limit
    moment = _shift(now, relative)
    return moment.date().isoformat() if day or relative[1] == "today" else moment.isoformat()


def measure(value: JsonValue, now: datetime) -> float | None:
    """A value as one number: an amount, a count, a length, seconds; None where it has no size."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, dict):
        amount = value.get("amount")
        return float(amount) if isinstance(amount, int | float) and not isinstance(amount, bool) else None
    return _measure_text(value, now) if isinstance(value, str) else None


def duration_seconds(text: str) -> float | None:
    """Seconds of an ISO 8601 duration; a month counts 30 days, a year 365; None where it is not one."""
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    factors = (31_536_000, 2_592_000, 604_800, 86_400, 3_600, 60, 1)
    return sum(float(part) * factor for part, factor in zip(match.groups(), factors, strict=True) if part)


_NUMBER = r"(\d+(?:\.\d+)?)"
_DURATION = re.compile(
    rf"P(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?(?:T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?"
)


def _matches(pattern: str, value: JsonValue) -> bool:
    text = value if isinstance(value, str) else str(value)
    return len(text) <= _PATTERN_CHARS and re.fullmatch(pattern, text) is not None


def _within(slot: Slot, value: JsonValue, now: datetime) -> Judgement:
    size = measure(value, now)
    if size is None:
        return "valid"
    low, high = bound(slot.min, value, now), bound(slot.max, value, now)
    if low is not None and size < low:
        return "too_small"
    if high is not None and size > high:
        return "too_large"
    return "valid"


def _shift(now: datetime, relative: re.Match[str]) -> datetime:
    anchor, sign, count, unit = relative.groups()
    moment = now if anchor == "now" else now.replace(hour=0, minute=0, second=0, microsecond=0)
    if count is None:
        return moment
    step = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}[unit] * int(count)
    return moment + step if sign == "+" else moment - step


def _is_day(value: JsonValue) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None


def _stamp(moment: datetime, *, day: bool) -> float:
    return float(moment.date().toordinal() * 86_400) if day else moment.timestamp()


def _measure_text(text: str, now: datetime) -> float | None:
    if _is_day(text):
        parsed_day = _parse(date.fromisoformat, text)
        return float(parsed_day.toordinal() * 86_400) if parsed_day else None
    if text.startswith("P"):
        return duration_seconds(text)
    clock = _parse(time.fromisoformat, text) if re.fullmatch(r"\d\d:\d\d(:\d\d)?", text) else None
    if clock is not None:
        return float(clock.hour * 3_600 + clock.minute * 60 + clock.second)
    moment = _parse(datetime.fromisoformat, text) if "T" in text else None
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)).timestamp()


def _parse(parser: Callable[[str], T], text: str) -> T | None:
    try:
        return parser(text)
    except ValueError:
        return None


def _is_text(value: JsonValue) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: JsonValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_money(value: JsonValue) -> bool:
    return isinstance(value, Mapping) and _is_number(value.get("amount")) and isinstance(value.get("currency"), str)


def _is_time(value: JsonValue) -> bool:
    return isinstance(value, str) and _parse(time.fromisoformat, value) is not None


def _is_datetime(value: JsonValue) -> bool:
    moment = _parse(datetime.fromisoformat, value) if isinstance(value, str) and "T" in value else None
    return moment is not None and moment.tzinfo is not None


_TYPES: Mapping[SlotType, Callable[[JsonValue], bool]] = {
    "text": _is_text,
    "name": _is_text,
    "id": _is_text,
    "choice": _is_text,
    "location": _is_text,
    "number": _is_number,
    "integer": _is_integer,
    "count": _is_integer,
    "boolean": lambda value: isinstance(value, bool),
    "date": lambda value: _is_day(value) and isinstance(value, str) and _parse(date.fromisoformat, value) is not None,
    "time": _is_time,
    "datetime": _is_datetime,
    "duration": lambda value: isinstance(value, str) and duration_seconds(value) is not None,
    "money": _is_money,
    "phone": lambda value: isinstance(value, str) and re.fullmatch(r"\+\d{6,15}", value) is not None,
    "email": lambda value: isinstance(value, str) and re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value) is not None,
}
