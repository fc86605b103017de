"""Numbers written in Han characters: 三千五, 一万二, 2.5万, 一九九〇, 三四 (three or four)."""

import re
from collections.abc import Iterator
from functools import lru_cache

from understanding.grammar.language import Language
from understanding.grammar.number import Number, read_literal, written

_MYRIAD = 10_000
_MASK = r"\x1f"
"""What stands in the place of 百分之, behind which 五点九 is 5.9 and no time."""
_LONGEST = 40
"""Characters of a number; longer runs of numerals are noise."""
_HEAD = re.compile(r"[\d.,]+")


def han_numbers(text: str, language: Language) -> Iterator[Number]:
    """The numbers of a folded text, in its order; half a dozen and two dozen are 6 and 24."""
    known = language.numbers.bundles
    numbers = [_bundled(number, text, language) for number in _numbers(text, language)] if known else []
    if not known:
        yield from _numbers(text, language)
        return
    halves = "|".join(word for word, (kind, _) in language.numbers.words.items() if kind == "fraction") or "(?!)"
    for match in re.finditer(rf"(?:{halves})(?P<bundle>{'|'.join(map(re.escape, known))})", text):
        if all(match.end() <= number.start or number.end <= match.start() for number in numbers):
            value = known[match["bundle"]] / 2
            numbers.append(Number(start=match.start(), end=match.end(), value=value, written=written(value)))
    yield from sorted(numbers, key=lambda number: number.start)


def _bundled(number: Number, text: str, language: Language) -> Number:
    """A number with the bundle it counts, and half a bundle more: 两打, 一打半."""
    size = language.numbers.bundles.get(text[number.end : number.end + 1])
    if size is None:
        return number
    end, value = number.end + 1, number.value * size
    if language.numbers.words.get(text[end : end + 1], ("", 0))[0] == "fraction":
        end, value = end + 1, value + size / 2
    return Number(start=number.start, end=end, value=value, written=written(value))


def _numbers(text: str, language: Language) -> Iterator[Number]:
    scales = language.numbers.scales
    for match in _pattern(language).finditer(text):
        token = match[0]
        if token[0].isdecimal() and not any(each in scales for each in token):
            yield _literal(text, match, language)
            continue
        read = _read(token, language) if len(token) <= _LONGEST else None
        if read is not None:
            weak = token in language.numbers.weak
            yield Number(start=match.start(), end=match.end(), value=read[1], written=read[0], weak=weak)


@lru_cache(maxsize=16)
def _pattern(language: Language) -> re.Pattern[str]:
    scales, digits = "".join(language.numbers.scales), "".join(language.numbers.digits)
    tail = rf"[{scales}{digits}]"
    points = "".join(_points(language)) or "."
    large = "".join(each for each, value in language.numbers.scales.items() if value >= _MYRIAD)
    small = "".join(each for each, value in language.numbers.scales.items() if value < _MYRIAD)
    decimal = rf"{tail}+[{points}][{digits}]+(?![{small}])"
    with_point = rf"(?<={_MASK}){decimal}[{large}]?|{decimal}[{large}]"
    return re.compile(rf"{with_point}|(?:{language.numbers.literal.pattern})(?:[{scales}]{tail}*)?|{tail}+")


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
    if any(point in token for point in _points(language)):
        return _decimal(token, language)
    either = _either(token, language)
    if either is not None:
        low, high = either
        return f"{low[0]}-{high[0]}", low[1]
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


def _points(language: Language) -> list[str]:
    return [word for word, (kind, _) in language.numbers.words.items() if kind == "point"]


def _decimal(token: str, language: Language) -> tuple[str, float] | None:
    """五点九 → 5.9, 一点五万 → 15000."""
    large = language.numbers.scales.get(token[-1], 0.0)
    before, after = re.split("|".join(_points(language)), token[:-1] if large else token, maxsplit=1)
    read = _read(before, language)
    if read is None:
        return None
    value = float(f"{int(read[1])}.{''.join(str(language.numbers.digits[each]) for each in after)}")
    value *= large or 1.0
    return written(value), value


def _either(token: str, language: Language) -> tuple[tuple[str, float], tuple[str, float]] | None:
    """Both readings of a number that leaves one digit open: 四五十 (forty or fifty), 十五六 (fifteen or sixteen)."""
    digits, scales = language.numbers.digits, language.numbers.scales
    if not any(each in scales for each in token):
        return None
    values = [digits.get(each, -1) for each in token]
    open_at = [at for at in range(len(values) - 1) if 0 < values[at] == values[at + 1] - 1]
    if len(open_at) != 1:
        return None
    at = open_at[0]
    low, high = (_read(token[: at + skipped] + token[at + skipped + 1 :], language) for skipped in (1, 0))
    return (low, high) if low and high else None


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
