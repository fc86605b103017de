"""What stands around a value: the words that say which slot it is for, and those that take it back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from config.project import Slot
from understanding.grammar.folding import fold_word
from understanding.grammar.language import Language
from understanding.grammar.loading import languages, load_language
from understanding.grammar.reading import Reading

INSIDE, STRONG, NEAR, AFTER, NEAR_AFTER = 0.6, 0.5, 0.25, 0.45, 0.2
_REACH = 48
"""Characters before and after a value that are looked at."""
_COUNTED = 1_000_000
"""What may be a number of something; longer numbers are identifiers."""
_WORD = re.compile(r"\s?[^\W\d_]")
_BREAK = re.compile(r"[,.;!?、](?:\s|$)|[，。；！？]|\n")


@dataclass(frozen=True, slots=True)
class CuePatterns:
    """The words of one slot in one language."""

    before: re.Pattern[str] | None
    near: re.Pattern[str] | None
    after: re.Pattern[str] | None
    near_after: re.Pattern[str] | None = None
    inside: re.Pattern[str] | None = None


def _hyphened(source: str) -> str:
    """A cue of several words also with hyphens: "a four-year-old"."""
    return source.replace(r"\s{1,3}", r"[\s-]{1,3}")


@lru_cache(maxsize=2048)
def _patterns(words: tuple[str, ...], language: Language) -> CuePatterns:
    words = tuple(language.softened(words))
    source = _hyphened(language.alternation(words))
    if not source:
        return CuePatterns(None, None, None)
    fillers = language.alternation(word for word in language.words("fillers") if word not in words) or "(?!)"
    start, edge = ("", "") if language.han else (r"(?<![^\W_])", r"(?![^\W_])")
    cue = f"{start}{source}{language.suffix}{edge}"
    gap = rf"(?:[\s:='\"#(-]|{start}{fillers}{edge}){{0,8}}$"
    dot = r"\." if language.data.get("ordinal_dot") else "(?!)"
    distinct = language.alternation(word for word in words if word not in language.words("fillers")) or "(?!)"
    words_after = r"(?:\s{0,2}[^\s,.;!?]{1,20}){0,2}\s{1,2}" if not language.han else r"[^,.;!?]{0,3}"
    words_between = r"(?:\s{0,2}[^\s,.;!?]{1,20}){0,3}\s{0,2}$" if not language.han else r"[^,.;!?]{0,6}$"
    return CuePatterns(
        before=re.compile(cue + gap),
        near=re.compile(f"{start}{distinct}{language.suffix}{edge}{words_between}"),
        after=re.compile(rf"(?:{language.suffix}{edge}|{dot})?[\s'-]{{0,2}}{source}{language.suffix}{edge}"),
        near_after=re.compile(rf"{words_after}{start}{distinct}{language.suffix}{edge}"),
        inside=re.compile(cue),
    )


def slot_cues(name: str, slot: Slot) -> tuple[str, ...]:
    """The words the author gave, in every language, and the words of the slot's own name."""
    return _slot_cues(name, given_cues(slot))


def given_cues(slot: Slot) -> tuple[str, ...]:
    """The words the author gave, in every language."""
    return tuple(word for words in slot.cues.values() for word in words) if slot.cues else ()


@lru_cache(maxsize=4096)
def _slot_cues(name: str, given: tuple[str, ...]) -> tuple[str, ...]:
    own = [part for part in name.split("_") if len(part) > 2]
    singular = [part[:-1] for part in own if part.endswith("s") and len(part) > 4]
    return tuple(dict.fromkeys([*given, *own, *singular, name.replace("_", " ")]))


def role_of(name: str, slot: Slot, of_project: Sequence[Language]) -> str | None:
    """`from` or `to`: which end of a journey or a span the slot is, by its name or the author's words."""
    return _role_of(name, given_cues(slot), tuple(of_project))


@lru_cache(maxsize=4096)
def _role_of(name: str, given: tuple[str, ...], of_project: tuple[Language, ...]) -> str | None:
    parts = {name, *name.split("_")}
    for role in ("from", "to"):
        for language in _any_language(of_project):
            names = set(language.words("roles", role, "names"))
            if names & parts or any("_" in each and each in name for each in names):
                return role
    folded = {fold_word(word) for word in given}
    for role in ("from", "to"):
        for language in of_project:
            if folded & {fold_word(word) for word in language.words("roles", role, "cues")}:
                return role
    return None


def _any_language(first: Sequence[Language]) -> list[Language]:
    """All languages, those of the project first: authors name slots in any."""
    others = [language for code in languages() if (language := load_language(code)) is not None]
    return list(dict.fromkeys([*first, *others]))


def name_part(name: str, of_project: Sequence[Language]) -> str | None:
    """`first` or `last` for a slot that holds one half of a name."""
    parts = set(name.split("_"))
    for language in _any_language(of_project):
        for part, key in (("last", "last_names"), ("first", "first_names")):
            if parts & set(language.words("names", key)):
                return part
    return None


def counts_people(name: str, of_project: Sequence[Language]) -> bool:
    """Whether a slot counts people, by its name."""
    known = {word for language in _any_language(of_project) for word in language.words("people", "slot_names")}
    return name in known or bool(known & set(name.split("_")))


class Surroundings:
    """The text before and after one value, in one language."""

    def __init__(self, reading: Reading, start: int, end: int) -> None:
        view = reading.folded
        first, last = view.index(start), view.index(end)
        self.language = reading.language
        self.before = view.text[max(0, first - _REACH) : first]
        self.inside = view.text[first:last]
        self.after = view.text[last : last + _REACH]
        begin = first - len(self.before)
        counting = [number for number in reading.numbers if number.value < _COUNTED]
        self._number_ends = (
            {view.index(number.end) - begin for number in counting} if _WORD.match(self.after) else set()
        )

    def cue(self, words: tuple[str, ...]) -> float:
        """How strongly the words of a slot claim the value."""
        patterns = _patterns(words, self.language)
        if patterns.before is None or patterns.near is None or patterns.after is None:
            return 0.0
        if patterns.inside and len(self.inside) <= _REACH and patterns.inside.search(self.inside):
            return INSIDE
        before = patterns.before.search(self.before)
        if before and not self._number_ends & {before.start(), before.start() - 1}:
            return STRONG  # but in "18 kiloluk bir köpek" the cue says what the number before it counts
        if patterns.after.match(self.after):
            return AFTER
        near = patterns.near.search(self.before)
        if near and not _BREAK.search(near[0]):
            return NEAR
        return NEAR_AFTER if patterns.near_after and patterns.near_after.match(self.after) else 0.0

    def role(self) -> str | None:
        """Whether the value is said to be where something begins or ends."""
        for role in ("from", "to"):
            suffix = self.language.words_of_role_suffix(role)
            if suffix and suffix.match(self.after):
                return role
        best: tuple[int, str] | None = None
        for role in ("from", "to"):
            pattern = _role_cue(role, self.language)
            starts = [match.start() for match in pattern.finditer(self.before)] if pattern else []
            if starts and (best is None or starts[-1] > best[0]):
                best = (starts[-1], role)
        if best:
            return best[1]
        begins = self.language.phrases("roles", "from", "after")
        return "from" if begins and begins.match(self.after.lstrip()) else None

    @property
    def negated(self) -> bool:
        """Whether the customer says that this is not the value."""
        return self.denial is not None

    @property
    def denial(self) -> tuple[int, int] | None:
        """How long the words are before and after the value that say that it is not the one."""
        before, after = _negators(self.language)
        if before and (match := before.search(self.before)) and not _BREAK.search(match[0]):
            return len(match[0]), 0
        match = after.match(self.after) if after else None
        return (0, len(match[0])) if match else None


@lru_cache(maxsize=64)
def _role_cue(role: str, language: Language) -> re.Pattern[str] | None:
    return _patterns(language.words("roles", role, "cues"), language).before


@lru_cache(maxsize=64)
def _negators(language: Language) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
    fillers = language.alternation(language.words("fillers")) or "(?!)"
    start, edge = ("", "") if language.han else (r"(?<![^\W_])", r"(?![^\W_])")
    before = language.alternation(language.words("negators", "before"))
    after = language.alternation(language.words("negators", "after"))
    return (
        re.compile(rf"{start}{before}{edge}(?:\s|{start}{fillers}{edge}){{0,6}}$") if before else None,
        re.compile(rf"(?:{language.suffix}{edge})?(?:\s{{0,2}}[^\W\d_]{{1,6}})?\s{{0,2}}{after}{edge}")
        if after
        else None,
    )


def replaced(reading: Reading, first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Whether the text says to put the second value in place of the first ("500'ü 750 yap", "把500改成800")."""
    view = reading.folded
    a, b = view.index(first[0]), view.index(first[1])
    c, d = view.index(second[0]), view.index(second[1])
    before, between, after = view.text[max(0, a - _REACH) : a], view.text[b:c], view.text[d : d + _REACH]
    if len(between) > _REACH:
        return False
    for rule in _replacing(reading.language):
        if rule[0].search(before) and rule[1].fullmatch(between) and rule[2].match(after):
            return True
    return bool(_correction(reading.language, between))


@lru_cache(maxsize=64)
def _replacing(language: Language) -> tuple[tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]], ...]:
    rules = []
    data = language.data.get("replacing")
    for entry in data if isinstance(data, list) else []:
        rule: Mapping[str, object] = entry if isinstance(entry, dict) else {}
        before, between, after = (language.written(str(rule.get(key, ""))) for key in ("before", "between", "after"))
        rules.append((re.compile(f"{before}$" if before else ""), re.compile(between), re.compile(after)))
    return tuple(rules)


def _correction(language: Language, between: str) -> bool:
    """Whether "sorry", "pardon" or "说错了" stands alone between two values."""
    pattern = language.phrases("corrections")
    if pattern is None:
        return False
    left = pattern.sub(" ", between)
    return left != between and len(re.sub(r"[\W_]", "", left)) <= 8


def alternative(reading: Reading, first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Whether the two values are offered as either the one or the other."""
    view = reading.folded
    between = view.text[view.index(first[1]) : view.index(second[0])]
    return between.strip(" ,") in _alternatives(reading.language)


@lru_cache(maxsize=64)
def _alternatives(language: Language) -> frozenset[str]:
    return frozenset(fold_word(word) for word in language.words("alternatives"))
