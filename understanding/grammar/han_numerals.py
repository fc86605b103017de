"""Numbers written in Han characters: 三千五, 一万二, 2.5万, 一九九〇, 三四 (three or four)."""

import re
from collections.abc import Iterator
from functools import lru_cache

from understanding.grammar.language import Language
from understanding.grammar.number import Number, read_literal, written

_MYRIAD = 10_000
_HEAD = re.compile(r"[\d.,]+")


def han_numbers(text: str, language: Language) -> Iterator[Number]:
    """The numbers of a folded text, in its order."""
    scales = language.numbers.scales
    for match in _pattern(language).finditer(text):
        token = match[0]
        if token[0].isdecimal() and not any(each in scales for each in token):
            yield _literal(text, match, language)
            continue
        read = _read(token, language)
        if read is not None:
            weak = token in language.numbers.weak
            yield Number(start=match.start(), end=match.end(), value=read[1], written=read[0], weak=weak)


@lru_cache(maxsize=16)
def _pattern(language: Language) -> re.Pattern[str]:
    scales, digits = "".join(language.numbers.scales), "".join(language.numbers.digits)
    tail = rf"[{scales}{digits}]"
    return re.compile(rf"(?:{language.numbers.literal.pattern})(?:[{scales}]{tail}*)?|{tail}+")


def _literal(text: str, match: re.Match[str], language: Language) -> Number:
    """Digits, perhaps with a letter that multiplies them: 2w is 20000."""
    literal = read_literal(match[0], language)
    end = match.end()
    scale = language.numbers.suffix_scales.get(text[end : end + 1], 0)
    after = text[end + 1 : end + 2]
    if scale and not (after.isascii() and after.isalnum()):
        value = float(literal) * scale
        return Number(start=match.start(), end=end + 1, value=value, written=written(value))
    return Number(start=match.start(), end=end, value=float(literal), written=literal, literal=True)


def _read(token: str, language: Language) -> tuple[str, float] | None:
    digits, scales = language.numbers.digits, language.numbers.scales
    head = _HEAD.match(token)
    if head is None and not any(each in scales for each in token):
        return _digits([digits[each] for each in token])
    value = _Value(float(read_literal(head[0], language)) if head else None)
    for each in token[head.end() if head else 0 :]:
        if each in scales:
            value.scale(scales[each])
        elif not value.digit(digits[each]):
            return None
    return written(value.total), value.total


def _digits(digits: list[int]) -> tuple[str, float]:
    """一九九〇 → 1990; 三四 (three or four) → 3-4; a single digit is itself."""
    if len(digits) == 2 and 0 < digits[0] == digits[1] - 1:
        return f"{digits[0]}-{digits[1]}", float(digits[0])
    text = "".join(str(each) for each in digits)
    return text, float(text)


class _Value:
    """Adds up one number from its characters."""

    def __init__(self, number: float | None) -> None:
        self._myriads = 0.0
        self._section = 0.0
        self._number = number
        self._last = 1.0

    def digit(self, digit: int) -> bool:
        """Take a digit; False where none can follow."""
        if self._number and digit:
            return False
        self._number = float(digit)
        self._last = self._last if digit else 1.0
        return True

    def scale(self, scale: float) -> None:
        """Take 十, 百, 千, 万 or 亿."""
        if scale < _MYRIAD:
            self._section += (self._number or 1.0) * scale
            self._number, self._last = None, scale
            return
        before = self._myriads + self._section + (self._number or 0.0)
        self._myriads, self._section, self._number, self._last = (before or 1.0) * scale, 0.0, None, scale

    @property
    def total(self) -> float:
        """The number; a last digit right after 百, 千 or 万 counts the next smaller unit (三千五 is 3500)."""
        rest = (self._number or 0.0) * (self._last / 10 if self._last >= 100 else 1.0)
        return self._myriads + self._section + rest
