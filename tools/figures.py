"""Whether a text about a deed says only figures that its receipt has, however they are written.

Strict on purpose: the author's own sentence stands ready, so a doubt costs nothing but a phrase. It looks at digits of
every script, formatted numbers, dates, number words, Chinese numerals, scaled numbers (5万, 2 million) and currencies.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import config
from config.reading import read_file
from tools.grounding import check, number_readings

_DATE: Final = re.compile(r"(?<![\d.,/-])(\d{1,2})([./])(\d{1,2})\2(\d{4})(?![\d/])")
_ISO_DATE: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_TOKEN: Final = re.compile(r"[^\W\d_]+")
_CURRENCIES: Final[Mapping[str, tuple[str, ...]]] = {
    "EUR": ("€", "euro", "avro", "欧元"),
    "USD": ("$", "dollar", "dolar", "美元"),
    "GBP": ("£", "pound", "sterlin", "英镑"),
    "TRY": ("₺", "tl", "lira", "里拉"),
    "CNY": ("yuan", "rmb", "人民币", "元"),
    "JPY": ("yen", "日元"),
}


@dataclass(frozen=True)
class _Words:
    """A language's words for numbers."""

    values: Mapping[str, float]
    scales: Mapping[str, float]
    han: bool
    skipped: re.Pattern[str] | None


def strange_figures(text: str, known: str, locale: str) -> tuple[str, ...]:
    """What `text` says in figures, or of money, that `known` does not."""
    plain, dates = _without_known_dates(_folded(text), known)
    readings = number_readings(known)
    words = _words(locale.partition("-")[0])
    found = [*dates]
    if words is not None:
        plain, scaled = _without_scaled(plain, words, readings)
        found += [*scaled, *(_han(plain, words, readings) if words.han else _spelt(plain, words, known))]
    found += check(plain, [known], "", same_language=False).numbers
    return tuple(dict.fromkeys([*found, *_foreign_currencies(text, known)]))


def names(text: str, reference: str) -> bool:
    """Whether a reference stands in a text by itself, not as a part of another."""
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(reference)}(?![A-Za-z0-9])", text) is not None


def _folded(text: str) -> str:
    normal = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.digit(char)) if char.isdigit() and not char.isascii() else char for char in normal)


def _without_known_dates(text: str, known: str) -> tuple[str, list[str]]:
    """15.03.2026 for 2026-03-15 is no new figure; another day is."""
    days = {(int(year), int(month), int(day)) for year, month, day in _ISO_DATE.findall(known)}
    strange = []
    for match in _DATE.finditer(text):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        if not days & {(year, second, first), (year, first, second)} and match[0] not in known:
            strange.append(match[0])
    return _DATE.sub(" ", text), strange


def _without_scaled(text: str, words: _Words, readings: set[str]) -> tuple[str, list[str]]:
    """Digits before a word that multiplies them are one figure: 5万, 2 million, 3k."""
    scales = "|".join(re.escape(one) for one in sorted(words.scales, key=len, reverse=True))
    pattern = re.compile(rf"(\d[\d.,]*)\s?({scales})" + ("" if words.han else r"(?![^\W\d_])"), re.IGNORECASE)
    strange = []
    for match in pattern.finditer(text):
        values = (float(one) for one in number_readings(match[1]))
        if not {_written(value * words.scales[match[2].casefold()]) for value in values} & readings:
            strange.append(match[0])
    return pattern.sub(" ", text), strange


def _written(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _spelt(text: str, words: _Words, known: str) -> Iterator[str]:
    """Number words that the receipt does not have as words: figures are copied, not spelt out."""
    there = set(_TOKEN.findall(known.casefold()))
    for word in _TOKEN.findall(text.casefold()):
        if words.values.get(word, 0) >= 2 and word not in there:
            yield word


def _han(text: str, words: _Words, readings: set[str]) -> Iterator[str]:
    """Chinese numerals whose value the receipt does not have."""
    plain = words.skipped.sub(" ", text) if words.skipped else text
    run = re.compile(f"[{''.join(words.values)}]+")
    for match in run.finditer(plain):
        if match[0] in ("一", "零") or _han_values(match[0], words) & readings:
            continue
        yield match[0]


def _han_values(numeral: str, words: _Words) -> set[str]:
    """What a numeral may mean: 一二三 is 123, 三百五 is 350."""
    values = [int(words.values[char]) for char in numeral]
    if not any(char in words.scales for char in numeral):
        digits = "".join(map(str, values))
        return {digits.lstrip("0") or "0", digits}
    total = section = digit = 0
    last = 1
    for char, value in zip(numeral, values, strict=True):
        if char not in words.scales:
            digit = value
        elif value >= 10_000:
            total, section, digit, last = (total + section + digit) * value, 0, 0, value
        else:
            section, digit, last = section + (digit or 1) * value, 0, value
    spoken = digit * last // 10 if digit and numeral[-2:-1] in words.scales and last > 10 else digit
    return {str(total + section + digit), str(total + section + spoken)}


def _foreign_currencies(text: str, known: str) -> Iterator[str]:
    """A currency is named where the receipt names another."""
    said, there = _currencies(text), _currencies(known)
    if not there:
        return
    # 元 is the end of 美元, 欧元 and 日元, and money of any kind where nothing else is said.
    yield from sorted(code for code in said - there if not (code == "CNY" and (said | there) & {"USD", "EUR", "JPY"}))


def _currencies(text: str) -> set[str]:
    plain = text.casefold()
    tokens = set(_TOKEN.findall(plain))
    return {code for code, written in _CURRENCIES.items() if any(_said(one, plain, tokens) for one in (code, *written))}


def _said(name: str, plain: str, tokens: set[str]) -> bool:
    """A sign anywhere, a short name as a word, a longer one as the beginning of one: dolar, dolarlık."""
    name = name.casefold()
    if not (name.isascii() and name.isalpha()):
        return name in plain
    return name in tokens or (len(name) > 3 and any(token.startswith(name) for token in tokens))


@lru_cache(maxsize=32)
def _words(language: str) -> _Words | None:
    """A language's number words from its locale folder; None where there is none."""
    path = Path(config.__path__[0]) / "locales" / language / "grammar.yaml"
    data = read_file(path).data if language.isalpha() and path.is_file() else None
    numbers = data.get("numbers") if isinstance(data, dict) else None
    if not isinstance(numbers, dict):
        return None
    groups = {key: _numbers_of(numbers.get(key)) for key in ("units", "digits", "tens", "scales", "suffix_scales")}
    scales = {**groups["scales"], **groups["suffix_scales"]}
    values = {**groups["units"], **groups["digits"], **groups["tens"], **groups["scales"]}
    skipped = numbers.get("skip")
    patterns = [str(one) for one in skipped] if isinstance(skipped, list) else []
    return _Words(values, scales, bool(numbers.get("han")), re.compile("|".join(patterns)) if patterns else None)


def _numbers_of(value: object) -> dict[str, float]:
    if not isinstance(value, dict):
        return {}
    return {str(key).casefold(): float(one) for key, one in value.items() if isinstance(one, int | float)}
