"""Identifiers, phone numbers and e-mail addresses, as customers write them: spaced, dashed, in any case."""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from config.checking.patterns import pattern_fault
from config.project import Slot
from dialogue.identifiers import FORMATS
from understanding.grammar.folding import View, fold_words
from understanding.grammar.language import Language
from understanding.grammar.reading import Reading

LONGEST = 64
"""Characters of an identifier; an author's pattern is never run on more."""
WRONG = 0.5
"""The score of what looks like an identifier but breaks its pattern or checksum: the dialogue says what is wrong."""
_MOST_PARTS = 12
_INITIALS = 2
"""Letters that stand alone in an identifier ("TR 33 …"); more of them are a word."""
_EMAIL = re.compile(
    r"(?<![\w.+-])[a-z0-9][\w.+%-]{0,63}@[a-z0-9][a-z0-9-]{0,62}(?:\.[a-z0-9][a-z0-9-]{0,62}){1,5}", re.ASCII
)
_PART = re.compile(r"[a-z0-9]+", re.ASCII)
_DIGIT = re.compile(r"\d")
_GLUE = re.compile(r"[\s./_-]{0,3}")
_PHONE = re.compile(r"(?<![A-Za-z0-9+])\+?\(?\d[\d\s()./-]{5,22}\d(?!\w*@|\d)")
_DATE_LIKE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{2,4}")


@dataclass(frozen=True, slots=True)
class Text:
    """A value found as text; offsets are those of the original."""

    value: str
    start: int
    end: int
    score: float


def find_emails(view: View, language: Language) -> list[Text]:
    """E-mail addresses, also spoken ones: "name at firm dot com"."""
    found = []
    for match in _EMAIL.finditer(view.text):
        start, end = view.span(match.start(), match.end())
        found.append(Text(match[0].rstrip(".-"), start, end, 1.0))
    if not found:
        spoken, dot = _spoken(language)
        for match in spoken.finditer(view.text):
            domain = dot.sub(".", match[3])
            start, end = view.span(match.start(), match.end())
            found.append(Text(f"{dot.sub('.', match[1])}@{match[2]}{domain}", start, end, 0.8))
    return found


@lru_cache(maxsize=32)
def _spoken(language: Language) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Addresses as they are read out, and the dots in them."""
    at = language.alternation(["at", *language.words("spoken_at")])
    word = language.alternation(["dot", *language.words("spoken_dots")])
    dot = rf" ?(?:\.| {word} |\({word}\)|\[{word}\]) ?"
    name = rf"([a-z0-9][\w.+-]{{0,40}}(?: {word} [\w+-]{{1,30}}){{0,3}})"
    begin = rf"{name} ?(?:\({at}\)|\[{at}\]| {at} ) ?([a-z0-9-]{{1,40}})"
    return re.compile(rf"{begin}((?:{dot}[a-z0-9-]{{2,20}}){{1,4}})", re.ASCII), re.compile(dot)


def find_phones(view: View, region: str) -> list[Text]:
    """Phone numbers in E.164."""
    found = []
    for match in _PHONE.finditer(view.text):
        digits = re.sub(r"\D", "", match[0])
        if not 7 <= len(digits) <= 15 or _DATE_LIKE.fullmatch(match[0].strip()):
            continue
        number = _phone(match[0], region)
        if number is not None:
            value, score = number
            start, end = view.span(match.start(), match.end())
            found.append(Text(value, start, end, score))
    return found


@lru_cache(maxsize=4096)
def _phone(text: str, region: str) -> tuple[str, float] | None:
    if text.startswith("00"):
        text = "+" + text[2:]
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    value = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return value, 1.0 if phonenumbers.is_valid_number(parsed) else 0.5


def find_identifiers(reading: Reading, slot: Slot, *, requested: bool) -> list[Text]:
    """What fits the slot's pattern or checksum; asked for, also what only looks like an identifier."""
    view = reading.folded
    found = list(_formatted(view, slot)) if slot.format else list(_patterned(reading, slot)) if slot.pattern else []
    if not found and requested:
        ruled = slot.format or slot.pattern
        found = list(_looks_like(view, score=WRONG if ruled else 0.8))
    return found


@lru_cache(maxsize=4)  # each slot in turn looks through the same text
def _windows(view: View) -> list[tuple[str, str, int, int]]:
    """Runs of letters and digits, alone and joined with their neighbours: (raw, joined, start, end), longest first."""
    parts = list(_PART.finditer(view.text))
    windows: list[tuple[str, str, int, int]] = []
    for first in range(len(parts)):
        joined = ""
        for last in range(first, min(first + _MOST_PARTS, len(parts))):
            if last > first and not _GLUE.fullmatch(view.text, parts[last - 1].end(), parts[last].start()):
                break
            joined += parts[last][0]
            start, end = parts[first].start(), parts[last].end()
            if end - start > LONGEST:
                break
            windows.append((view.text[start:end], joined, start, end))
    windows.sort(key=lambda window: (-len(window[1]), window[2]))
    return windows[:800]


def _formatted(view: View, slot: Slot) -> Iterator[Text]:
    shape, valid = FORMATS[str(slot.format)]
    taken: list[tuple[int, int]] = []
    wrong: list[Text] = []
    for _, joined, start, end in _windows(view):
        value = joined.upper()
        if not shape.fullmatch(value) or any(start < b and a < end for a, b in taken):
            continue
        if valid(value):
            taken.append((start, end))
            yield Text(value, *view.span(start, end), 1.0)
        elif _stands_alone(view.text, start, end):
            wrong.append(Text(value, *view.span(start, end), WRONG))
    if not taken:
        yield from wrong[:1]


def _stands_alone(text: str, start: int, end: int) -> bool:
    return not (text[:start].rstrip()[-1:].isdecimal() or text[end:].lstrip()[:1].isdecimal())


def _patterned(reading: Reading, slot: Slot) -> Iterator[Text]:
    pattern, common = _author_pattern(str(slot.pattern)), _common_words(reading.language)
    if pattern is None:
        return
    view = reading.folded
    taken: list[tuple[int, int]] = []
    for raw, joined, start, end in _windows(view):
        if any(start < b and a < end for a, b in taken):
            continue
        first, last = view.span(start, end)
        as_written = reading.original[first:last]
        spellings = _spellings(raw, joined) if _may_be_respelt(raw, joined, common) else ()
        value = next((each for each in (as_written, *spellings) if pattern.fullmatch(each)), None)
        if value is not None and _has_a_word_before(as_written, joined, pattern):
            continue
        if joined.isdecimal() and _money(reading.language).match(view.text, end):
            continue
        if value is not None and not (joined.isdecimal() and not _stands_alone(view.text, start, end)):
            taken.append((start, end))
            yield Text(value, *view.span(start, end), 1.0)


@lru_cache(maxsize=32)
def _money(language: Language) -> re.Pattern[str]:
    """A currency behind a number, which is no identifier then."""
    edge = "" if language.han else r"(?![^\W_])"
    words = language.alternation(language.meanings["currency"]) or "(?!)"
    return re.compile(rf"\s?(?:[€$£¥₺]|(?:{words}){language.suffix}{edge})")


def _has_a_word_before(as_written: str, joined: str, pattern: re.Pattern[str]) -> bool:
    """Whether a piece begins with a small word that the identifier does without: "is 9131…"."""
    first = re.match(r"([a-z]+)\b[\s:]", as_written)
    rest = joined[len(first[1]) :] if first else ""
    return bool(rest) and any(pattern.fullmatch(each) for each in _spellings(rest, rest))


def _may_be_respelt(raw: str, joined: str, common: frozenset[str]) -> bool:
    """Whether a piece may be read as an identifier spelt otherwise: words of a sentence are not joined to one."""
    if not _DIGIT.search(joined):
        return False
    words = [part for part in _PART.findall(raw) if len(part) > _INITIALS and part.isalpha()]
    if any(word in common for word in words):
        return False
    return len(words) == 0 or (len(words) == 1 and 2 * len(words[0]) <= len(joined))


@lru_cache(maxsize=32)
def _common_words(language: Language) -> frozenset[str]:
    return language.markers | frozenset(fold_words((*language.words("fillers"), *language.words("alternatives"))))


def _spellings(raw: str, joined: str) -> Iterator[str]:
    dashed = re.sub(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])", "-", joined)
    glued = re.sub(r"[\s./_-]+", "-", raw)
    for each in dict.fromkeys((raw, joined, dashed, glued, re.sub(r"\s+", "", raw))):
        yield each
        if not each.isdecimal():
            yield each.upper()
            yield each.capitalize()


@lru_cache(maxsize=1024)
def _author_pattern(pattern: str) -> re.Pattern[str] | None:
    """The author's pattern; None where it is broken or could take exponential time, as `check` tells the author."""
    if pattern_fault(pattern) is not None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.compile(pattern)


def _looks_like(view: View, *, score: float) -> Iterator[Text]:
    best = max(
        (window for window in _windows(view) if any(c.isdecimal() for c in window[1]) and len(window[1]) >= 3),
        key=lambda window: (sum(c.isdecimal() for c in window[1]), -len(window[1])),
        default=None,
    )
    if best is not None:
        yield Text(best[1].upper(), *view.span(best[2], best[3]), score)
