"""A canonical value as a customer reads it, in the customer's language."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, get_currency_symbol
from babel.units import format_unit
from pydantic import JsonValue

from config.project import Slot, localized


def readable(value: object, locale: str) -> object:
    """Money, dates, times and numbers as they are written in `locale`; everything else as it is."""
    if isinstance(value, dict):
        return _money(value, locale) if {"amount", "currency"} <= value.keys() else value
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return format_decimal(value, locale=babel_locale(locale))
    return _moment(value, locale) if isinstance(value, str) else value


def finalizer(locale: str) -> Callable[[object], object]:
    """`readable` for one locale, for templates."""
    return lambda value: readable(value, locale)


def shown(slot: Slot, value: JsonValue, locale: str) -> str:
    """A slot's value for a customer: a choice by its first synonym, a secret by its last four characters."""
    if slot.sensitive:
        return masked(value)
    if slot.type in ("choice", "location") and isinstance(value, str):
        synonyms = slot.choices.get(value, {}).get(locale)
        return synonyms[0] if synonyms else value.replace("_", " ")
    if slot.type in ("id", "phone", "text", "name", "email"):
        return str(value)
    return str(readable(value, locale))


def masked(value: JsonValue) -> str:
    """The last four characters behind bullets; shorter values are hidden whole."""
    text = str(value)
    return "••••" + (text[-4:] if len(text) > 6 else "")


def slot_title(name: str, slot: Slot, locale: str, default: str) -> str:
    """How the slot is called when talking to a customer, by its name in the file where it has no title."""
    return localized(slot.title, locale, default) or name.replace("_", " ")


@lru_cache(maxsize=64)
def babel_locale(locale: str) -> Locale:
    """The locale's own conventions; English ones where they are not known."""
    try:
        return Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


def _money(value: dict[str, object], locale: str) -> str:
    amount, currency = value["amount"], str(value["currency"])
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        return f"{amount} {currency}"
    where = babel_locale(locale)
    if get_currency_symbol(currency, locale=where) == currency:
        return f"{format_decimal(amount, format='#,##0.00', locale=where)} {currency}"
    return format_currency(amount, currency, locale=where)


def _moment(value: str, locale: str) -> str:
    where = babel_locale(locale)
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return format_date(date.fromisoformat(value), "full", locale=where)
        if re.fullmatch(r"\d\d:\d\d(:\d\d)?", value):
            return format_time(time.fromisoformat(value), "short", locale=where)
        if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*", value):
            moment = datetime.fromisoformat(value)
            return f"{format_date(moment, 'full', locale=where)} {format_time(moment.time(), 'short', locale=where)}"
    except ValueError:
        return value
    return _duration(value, where) if re.fullmatch(r"P(?=.)[0-9YMWDTHS.]+", value) else value


_UNITS = {
    "Y": "duration-year",
    "M": "duration-month",
    "W": "duration-week",
    "D": "duration-day",
    "H": "duration-hour",
    "S": "duration-second",
}


def _duration(value: str, where: Locale) -> str:
    day_part, _, time_part = value[1:].partition("T")
    pieces = [(number, _UNITS[unit]) for number, unit in re.findall(r"([\d.]+)([YMWD])", day_part)]
    pieces += [(n, "duration-minute" if u == "M" else _UNITS[u]) for n, u in re.findall(r"([\d.]+)([HMS])", time_part)]
    return " ".join(_length(float(number), unit, where) for number, unit in pieces) or value


def _length(number: float, unit: str, where: Locale) -> str:
    long = format_unit(number, unit, locale=where)
    # Babel knows some languages' units only in their short form and then prints the unit's own id.
    return format_unit(number, unit, "short", locale=where) if unit in long else long
