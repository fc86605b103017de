"""Choices and locations: an author's keys and synonyms found in what a customer wrote, typing mistakes included."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from config.project import Slot
from understanding.grammar.folding import fold_word
from understanding.grammar.language import Language
from understanding.grammar.reading import Reading
from understanding.slot_homophones import homophones

_WORD = re.compile(r"[^\W_]+")
_SEPARATOR = re.compile(r"(?<=[^\W_])[-_](?=[^\W_])")
_INDIFFERENT = {"any", "dontcare", "dont_care", "either", "no_preference", "indifferent", "no_matter", "whatever"}
_ONE_LETTER, _LONG_NAME = 0.75, 6
_HOMOPHONE = 0.7
_LONGEST_TYPO_TEXT = 400
"""Beyond this many characters a message is no answer to a choice, and typing mistakes are not looked for."""


@dataclass(frozen=True, slots=True)
class Match:
    """A choice found; offsets are those of the original."""

    key: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class _Compiled:
    exact: re.Pattern[str] | None
    keys: dict[str, tuple[str, ...]]
    """Folded name → the keys it may mean."""
    unquoted: dict[str, tuple[str, ...]]
    words: dict[int, list[tuple[str, str]]]
    """Number of words → (name, key), for typing mistakes."""


_CACHE: dict[tuple[int, str], tuple[Slot, _Compiled]] = {}
_CACHE_SIZE = 4096


def find_choices(reading: Reading, slot: Slot, *, requested: bool) -> list[Match]:
    """The choices named in the text."""
    compiled = _compiled(slot, reading.language)
    found = list(_exact(reading, compiled))
    if len(reading.folded.text) <= _LONGEST_TYPO_TEXT:
        taken = [(each.start, each.end) for each in found]
        found += [each for each in _misspelt(reading, compiled, taken) if not taken or _sure(each)]
    if requested and reading.language.han and len(reading.folded.text) <= _LONGEST_TYPO_TEXT:
        found += list(_sounding(reading, compiled, found))
    if not found and requested:
        found = list(_indirect(reading, slot, compiled))
    return found


def _sounding(reading: Reading, compiled: _Compiled, found: Sequence[Match]) -> Iterator[Match]:
    for start, end, key in homophones(reading.folded.text, compiled.keys):
        first, last = reading.folded.span(start, end)
        if all(last <= each.start or each.end <= first for each in found):
            yield Match(key, first, last, _HOMOPHONE)


def _sure(match: Match) -> bool:
    """Whether a misspelling may stand beside a name that was spelt right."""
    return match.score >= _ONE_LETTER and match.end - match.start >= _LONG_NAME


def _compiled(slot: Slot, language: Language) -> _Compiled:
    key = (id(slot), language.code)
    cached = _CACHE.get(key)
    if cached is not None and cached[0] is slot:
        return cached[1]
    compiled = _compile(slot, language)
    if len(_CACHE) >= _CACHE_SIZE:
        _CACHE.clear()
    _CACHE[key] = (slot, compiled)
    return compiled


def _names(slot: Slot, language: Language) -> Iterator[tuple[str, str]]:
    for key, synonyms in slot.choices.items():
        written = (key.replace("_", " "), *(each for names in synonyms.values() for each in names))
        for name in language.softened(written):
            folded = " ".join(_SEPARATOR.sub(" ", fold_word(name)).split())
            if folded:
                yield folded, key


def _compile(slot: Slot, language: Language) -> _Compiled:
    keys: dict[str, list[str]] = {}
    for name, key in _names(slot, language):
        if key not in keys.setdefault(name, []):
            keys[name].append(key)
    words: dict[int, list[tuple[str, str]]] = {}
    for name, meant in keys.items():
        if len(name) >= 4 and len(meant) == 1:
            words.setdefault(len(name.split()), []).append((name, meant[0]))
    latin = [name for name in keys if not _han(name)]
    han = [name for name in keys if _han(name)]
    parts = [re.escape(name) for name in sorted(han, key=len, reverse=True)]
    if latin:
        suffix = language.suffix if not language.han else ""
        source = "|".join(
            re.escape(name).replace(r"\ ", r"[\s_-]{1,3}").replace("'", "'?")
            for name in sorted(latin, key=len, reverse=True)
        )
        parts.append(rf"(?<![a-z0-9])(?<![a-z0-9]')(?:{source})(?={suffix}(?![a-z0-9]))")
    return _Compiled(
        exact=re.compile("|".join(parts)) if parts else None,
        keys={name: tuple(meant) for name, meant in keys.items()},
        unquoted={name.replace("'", ""): tuple(meant) for name, meant in keys.items() if "'" in name},
        words=words,
    )


def _han(name: str) -> bool:
    return any("\u3400" <= character <= "\u9fff" for character in name)


def _exact(reading: Reading, compiled: _Compiled) -> Iterator[Match]:
    if compiled.exact is None:
        return
    for match in compiled.exact.finditer(reading.folded.text):
        name = " ".join(_SEPARATOR.sub(" ", match[0]).split())
        keys = (
            compiled.keys.get(name)
            or compiled.unquoted.get(name.replace("'", ""))
            or compiled.keys.get(" ".join(match[0].split()))
            or ()
        )
        start, end = reading.folded.span(match.start(), match.end())
        for key in keys:
            yield Match(key, start, end, 1.0 if len(match[0]) > 1 else 0.8)


def _tolerance(length: int) -> int:
    return 0 if length < 5 else 1 if length < 8 else 2


def _misspelt(reading: Reading, compiled: _Compiled, taken: Sequence[tuple[int, int]]) -> Iterator[Match]:
    text = reading.folded.text
    words = list(_WORD.finditer(text))
    best: dict[str, Match] = {}
    for size, names in compiled.words.items():
        for index in range(len(words) - size + 1):
            start, end = words[index].start(), words[index + size - 1].end()
            first, last = reading.folded.span(start, end)
            if any(first < b and a < last for a, b in taken):
                continue
            said = " ".join(word[0] for word in words[index : index + size])
            for name, key in names:
                score = _likeness(said, name, reading.language)
                if score and (key not in best or score > best[key].score):
                    best[key] = Match(key, first, last, score)
    top = max((match.score for match in best.values()), default=0.0)
    yield from sorted((m for m in best.values() if m.score >= top - 0.02), key=lambda m: m.start)


def _likeness(said: str, name: str, language: Language) -> float:
    """0 where `said` is not `name` misspelt; a suffix after the name is allowed where the language has suffixes."""
    tolerance = _tolerance(len(name))
    if not tolerance or abs(len(said) - len(name)) > (tolerance if not language.suffix else 8):
        return 0.0
    if said[0] != name[0] and tolerance < 2:
        return 0.0
    distance = OSA.distance(said, name, score_cutoff=tolerance)
    if distance > tolerance and language.suffix and len(said) > len(name):
        stem, rest = said[: len(name)], said[len(name) :]
        if _suffix(language).fullmatch(rest):
            distance = OSA.distance(stem, name, score_cutoff=tolerance)
    return 0.85 - 0.1 * distance if 0 <= distance <= tolerance else 0.0


@lru_cache(maxsize=32)
def _suffix(language: Language) -> re.Pattern[str]:
    return re.compile(language.suffix)


def _indirect(reading: Reading, slot: Slot, compiled: _Compiled) -> Iterator[Match]:
    """Answers to the question itself: a number for a numbered choice, "any", part of a longer name."""
    whole = (0, len(reading.original))
    for number in reading.numbers:
        name = str(int(number.value)) if number.value == int(number.value) else ""
        for key in compiled.keys.get(name, ()):
            yield Match(key, number.start, number.end, 0.8)
            return
    indifferent = reading.language.phrases("indifferent")
    if indifferent and indifferent.search(reading.folded.text):
        said = {key: key.replace("_", " ") for key in slot.choices}
        yield from (Match(k, *whole, 0.7) for k in slot.choices if k in _INDIFFERENT or indifferent.fullmatch(said[k]))
        return
    yield from _partly(reading, compiled)


def _partly(reading: Reading, compiled: _Compiled) -> Iterator[Match]:
    """A word that only one choice has ("economy" of "economy class", "premium" of "premium economy")."""
    owners: dict[str, set[str]] = {}
    for name, keys in compiled.keys.items():
        for word in name.split():
            if len(word) >= 3:
                owners.setdefault(word, set()).update(keys)
    fillers = _fillers(reading.language)
    for match in _WORD.finditer(reading.folded.text):
        meant = owners.get(match[0], set())
        if len(meant) == 1 and match[0] not in fillers:
            start, end = reading.folded.span(match.start(), match.end())
            yield Match(next(iter(meant)), start, end, 0.65)
            return


@lru_cache(maxsize=32)
def _fillers(language: Language) -> frozenset[str]:
    return frozenset(fold_word(word) for word in (*language.words("fillers"), *language.markers))
