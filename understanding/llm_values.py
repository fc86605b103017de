"""Turns what a model says of a slot into a canonical value, or into nothing: no quote, no fill.

A model's word counts only where the customer's words back it. The typed extraction reads the quoted words first;
the model's own value is taken where that finds nothing and the value is of the right form.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from typing import Final

from pydantic import JsonValue

from config.project import Slot, SlotType
from dialogue.commands import Fill
from understanding.extraction import Extract, FoundValue
from understanding.port import Situation
from understanding.quotes import find_quote

_MAX_TEXT: Final = 500
_FREE: Final = frozenset({"text", "name"})
"""Types any words are of: of them only the customer's own words are taken."""
_NOTHING: Final = frozenset({"", "null", "none", "unknown", "n/a", "na", "undefined", "not given", "-", "?"})
_TIME: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
_DURATION: Final = re.compile(r"P(?=.)(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?")
_PHONE: Final = re.compile(r"\+[1-9]\d{6,14}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a model says of one slot: a value, the words for it, or both."""

    value: JsonValue
    quote: str

    @classmethod
    def of(cls, argument: JsonValue) -> "Claim | None":
        """Read an argument given as {value, quote} or plain; None where it says nothing."""
        if isinstance(argument, dict) and ("quote" in argument or "value" in argument):
            value, quote = argument.get("value"), argument.get("quote")
        else:
            value, quote = argument, None
        said = quote.strip() if isinstance(quote, str) else ""
        if said.lower() in _NOTHING:
            said = ""
        if isinstance(value, str) and value.strip().lower() in _NOTHING:
            value = None
        return None if value is None and not said else cls(value=value, quote=said)


class Fills:
    """Turns the claims of one message into fill commands; one span fills one slot unless two mean it."""

    def __init__(self, situation: Situation, locales: Sequence[str], extract: Extract) -> None:
        self._situation = situation
        self._locales = locales
        self._extract = extract
        self._used: list[tuple[tuple[int, int], JsonValue]] = []

    def fill(self, name: str, slot: Slot, argument: JsonValue) -> Fill | None:
        """The command for one slot, None where the customer's words do not back it."""
        claim = Claim.of(argument)
        if claim is None:
            return None
        for words in _words_of(claim):
            spans = find_quote(self._situation.message, words)
            if spans:
                return self._quoted(name, slot, claim, spans)
        return self._reread(name, slot, claim)

    def _quoted(self, name: str, slot: Slot, claim: Claim, spans: Sequence[tuple[int, int]]) -> Fill | None:
        start, end = spans[0]
        quote = self._situation.message[start:end]
        found = self._read(name, slot, claim, quote)
        if found and all(each.negated for each in found):
            return None
        best = next((each for each in found if not each.negated), None)
        value = best.value if best else backed(slot, claim.value, quote)
        if value is None:
            return None
        if best:  # the typed reading knows which of the quoted words are the value
            spans = [(begin + best.start, begin + best.end) for begin, _ in spans]
        free = next((span for span in spans if (span, value) not in self._used), None)
        if free is None:
            return None
        self._used.append((free, value))
        fill = Fill(command="fill", slot=name, value=value, quote=self._situation.message[free[0] : free[1]])
        if best and len(best.candidates) > 1:
            fill["candidates"] = list(best.candidates)
        return fill

    def _reread(self, name: str, slot: Slot, claim: Claim) -> Fill | None:
        """The model's words are not the customer's; its value may still be what the customer wrote."""
        meant = canonical(slot, claim.value)
        for found in self._read(name, slot, claim, self._situation.message):
            if found.value == meant and not found.negated and slot.type not in _FREE:
                return self._quoted(name, slot, claim, [(found.start, found.end)])
        return None

    def _read(self, name: str, slot: Slot, claim: Claim, words: str) -> list[FoundValue]:
        """The slot's values in `words`, the one the model means first."""
        found = self._extract(
            words,
            {name: slot},
            locale=self._situation.locale,
            locales=self._locales,
            now=self._situation.now,
            requested=(name,),
        )
        meant = canonical(slot, claim.value)
        return sorted((each for each in found if each.slot == name), key=lambda each: each.value != meant)


def _words_of(claim: Claim) -> list[str]:
    words = [claim.quote] if claim.quote else []
    if isinstance(claim.value, str):
        words.append(claim.value)
    elif isinstance(claim.value, int | float) and not isinstance(claim.value, bool):
        words.append(f"{claim.value:g}" if isinstance(claim.value, float) else str(claim.value))
    return words


def backed(slot: Slot, value: JsonValue, quote: str) -> JsonValue:
    """The model's value in canonical form where `quote` backs it, else None."""
    if slot.type in _FREE or (slot.type == "location" and not slot.choices):
        return quote.strip()[:_MAX_TEXT]
    clean = canonical(slot, value if value is not None else quote)
    if clean is None:
        return None
    if slot.type in {"number", "integer", "money", "count"}:
        amount = clean.get("amount") if isinstance(clean, dict) else clean
        return clean if _digits(f"{amount:g}" if isinstance(amount, float) else str(amount)) in _digits(quote) else None
    if slot.type in {"id", "phone", "email"}:
        said = _letters(str(clean))
        return clean if said[-10 if slot.type == "phone" else 0 :] in _letters(quote) else None
    return clean


def canonical(slot: Slot, value: JsonValue) -> JsonValue:
    """`value` in the canonical form of the slot's type, None where it is not of that type."""
    return _CHECKS[slot.type](slot, value)


def _digits(text: str) -> str:
    return "".join(str(int(char)) for char in text if char.isdecimal())


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum() or char == "@")


def _text(_: Slot, value: JsonValue) -> JsonValue:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip()[:_MAX_TEXT] or None


def _number(_: Slot, value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        try:
            value = float(value.replace(" ", ""))
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return int(value) if float(value).is_integer() and abs(value) < 1e15 else value


def _integer(slot: Slot, value: JsonValue) -> JsonValue:
    number = _number(slot, value)
    return number if isinstance(number, int) else None


def _count(slot: Slot, value: JsonValue) -> JsonValue:
    number = _integer(slot, value)
    return number if isinstance(number, int) and number >= 0 else None


def _money(slot: Slot, value: JsonValue) -> JsonValue:
    given = value if isinstance(value, dict) else {"amount": value}
    amount = _number(slot, given.get("amount"))
    currency = given.get("currency") or slot.currency
    if amount is None or not isinstance(currency, str) or not re.fullmatch(r"[A-Z]{3}", currency):
        return None
    return {"amount": amount, "currency": currency}


def _boolean(_: Slot, value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return {"true": True, "yes": True, "false": False, "no": False}.get(value.lower())
    return value if isinstance(value, bool) else None


def _choice(slot: Slot, value: JsonValue) -> JsonValue:
    if not slot.choices:
        return _text(slot, value)
    return value if isinstance(value, str) and value in slot.choices else None


def _date(_: Slot, value: JsonValue) -> JsonValue:
    try:
        return date.fromisoformat(value).isoformat() if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None


def _datetime(_: Slot, value: JsonValue) -> JsonValue:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.isoformat() if moment and moment.tzinfo else None


def _matching(pattern: re.Pattern[str]) -> Callable[[Slot, JsonValue], JsonValue]:
    def check(_: Slot, value: JsonValue) -> JsonValue:
        return value if isinstance(value, str) and pattern.fullmatch(value) else None

    return check


_CHECKS: Final[Mapping[SlotType, Callable[[Slot, JsonValue], JsonValue]]] = {
    "text": _text,
    "name": _text,
    "id": _text,
    "choice": _choice,
    "location": _choice,
    "number": _number,
    "integer": _integer,
    "count": _count,
    "money": _money,
    "boolean": _boolean,
    "date": _date,
    "time": _matching(_TIME),
    "datetime": _datetime,
    "duration": _matching(_DURATION),
    "phone": _matching(_PHONE),
    "email": _matching(_EMAIL),
}
