"""Identifiers of persons in free text: found by shape and check digits, and hidden where nobody needs them.

What goes to logs, to traces, into prompts about the past and to the desk passes here. What a customer sees, what an
action sends and what is kept to go on with the conversation does not.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

import phonenumbers
from pydantic import JsonValue
from stdnum import iban, luhn
from stdnum.cn import ric
from stdnum.tr import tckimlik

from config.project import Project

HIDDEN: Final = "•••"

_WORTH_A_LOOK: Final = re.compile(r"@|\d(?:\D{0,2}\d){6}")
_EMAIL: Final = re.compile(r"[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}")
_IBAN: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?:[ \-]?[A-Za-z0-9]){11,40}")
_IBAN_LENGTHS: Final = range(34, 14, -1)
_NUMBER: Final = re.compile(r"(?<![A-Za-z0-9_.,])[0-9]+(?:[ \-][0-9]+){0,9}[Xx]?(?![A-Za-z0-9_])")
_CARD: Final = re.compile(r"[2-6]\d{12,18}")
_PHONE: Final = re.compile(r"(?<![A-Za-z0-9_.,])(?!0\.\d{5})(?:\+|\(?[0-9])[0-9 ()./\-]{7,20}[0-9](?![A-Za-z0-9_])")
_MOBILE: Final = re.compile(r"1[3-9]\d{9}|5\d{9}")
"""Chinese and Turkish mobile numbers as they are written at home, without a leading zero."""
_REGIONS: Final = ("TR", "CN", "DE", "GB")
_WIDE: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
"""Letters and figures of Chinese keyboards; each stays one character."""
_LONG_NUMBER: Final = re.compile(r"(?:\b[A-Z]{2}\d{2}[ ]?)?\d(?:[ .\-]?\d){7,}")
_SHORTEST_VALUE: Final = 3


def hide_identifiers(text: str) -> str:
    """The text without card numbers, IBANs, Turkish and Chinese ids, telephone numbers and mail addresses."""
    if not _WORTH_A_LOOK.search(text):
        return text
    plain = text.translate(_WIDE)
    return _without(text, sorted({*_mails(plain), *_ibans(plain), *_numbers(plain), *_phones(plain)}))


def hide_checked(text: str) -> str:
    """The text without card numbers, IBANs and ids, whose digits check; a person may call back and write back."""
    if not _WORTH_A_LOOK.search(text):
        return text
    plain = text.translate(_WIDE)
    return _without(text, sorted({*_ibans(plain), *_numbers(plain)}))


class Veil:
    """Hides the values of a project's sensitive slots in free text: the known ones, and long numbers like them."""

    def __init__(self, project: Project, known: Iterable[Mapping[str, JsonValue]], *, numbers: bool = True) -> None:
        sensitive = {
            name for intent in project.intents for name, slot in project.slots_of(intent).items() if slot.sensitive
        }
        self._patterns = [
            pattern
            for values in known
            for name, value in values.items()
            if name in sensitive and (pattern := _spelt(value)) is not None
        ]
        if sensitive and numbers:
            self._patterns.append(_LONG_NUMBER)

    def __call__(self, text: str) -> str:
        """The text without them."""
        for pattern in self._patterns:
            text = pattern.sub(HIDDEN, text)
        return text


def _spelt(value: JsonValue) -> re.Pattern[str] | None:
    """The value however its characters are grouped; None for what would hide ordinary words."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    letters = [re.escape(char) for char in str(value) if char.isalnum()]
    return re.compile(r"[\s.\-/]*".join(letters), re.IGNORECASE) if len(letters) >= _SHORTEST_VALUE else None


Span = tuple[int, int]


def _without(text: str, spans: Iterable[Span]) -> str:
    parts, at = [], 0
    for begin, end in spans:
        if end <= at:
            continue
        parts += [text[at:begin], HIDDEN] if begin >= at else []
        at = end
    return "".join([*parts, text[at:]])


def _mails(text: str) -> Iterator[Span]:
    return (found.span() for found in _EMAIL.finditer(text)) if "@" in text else iter(())


def _ibans(text: str) -> Iterator[Span]:
    for found in _IBAN.finditer(text):
        places = [at for at in range(*found.span()) if text[at].isalnum()]
        compact = "".join(text[at] for at in places).upper()
        for length in _IBAN_LENGTHS:
            if length <= len(compact) and iban.is_valid(compact[:length]):
                yield found.start(), places[length - 1] + 1
                break


def _numbers(text: str) -> Iterator[Span]:
    """Cards and national ids, also where other numbers stand before or behind them."""
    for found in _NUMBER.finditer(text):
        groups = [(group.start(), group.end()) for group in re.finditer(r"\d+[Xx]?", found[0])]
        for first in range(len(groups)):
            for last in range(len(groups), first, -1):
                compact = "".join(found[0][begin:end] for begin, end in groups[first:last]).upper()
                if _is_identifier(compact):
                    yield found.start() + groups[first][0], found.start() + groups[last - 1][1]
                    break


def _is_identifier(compact: str) -> bool:
    if len(compact) == 11:
        return bool(tckimlik.is_valid(compact))
    if len(compact) == 18 and ric.is_valid(compact):
        return True
    return _CARD.fullmatch(compact) is not None and bool(luhn.is_valid(compact))


def _phones(text: str) -> Iterator[Span]:
    for found in _PHONE.finditer(text):
        if _is_phone(found[0]):
            yield found.span()


@lru_cache(maxsize=1024)
def _is_phone(text: str) -> bool:
    digits = "".join(char for char in text if char.isdigit())
    if text.startswith(("+", "00")):
        return _valid(f"+{digits.removeprefix('00')}", None)
    if digits.startswith("0") or _MOBILE.fullmatch(digits):
        return any(_valid(digits, region) for region in _REGIONS)
    return False


def _valid(text: str, region: str | None) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, region))
    except phonenumbers.NumberParseException:
        return False
