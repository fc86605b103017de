"""A language as data: `config/locales/<code>/grammar.yaml`, read once, its patterns compiled.

Code elsewhere in this package knows no language; a new one is a new file. In patterns a space stands for white space,
`~` for optional white space, and `{name}` for one of the word lists or number forms that `loading` knows.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

from understanding.grammar.folding import fold_words
from understanding.grammar.yaml_data import dig, strings

Family = Literal[
    "dates",
    "date_ranges",
    "times",
    "time_ranges",
    "moments",
    "durations",
    "percent",
    "halved",
    "people_rules",
    "labels",
    "occasions",
    "counted",
]


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern and what it means."""

    regex: re.Pattern[str]
    meaning: Mapping[str, JsonValue]
    score: float

    def number(self, name: str) -> float | None:
        """A number the rule itself gives, such as the 30 of "half past"."""
        value = self.meaning.get(name)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class NumberWords:
    """The words numbers are made of."""

    words: Mapping[str, tuple[str, float]]
    """Folded word → (unit | tens | scale | article | half | fraction | part | joiner | point | ordinal, value)."""
    chain: re.Pattern[str] | None
    """Of a language that writes numbers as one word: morphemes, and the groups `ordinal` and `suffix`."""
    literal: re.Pattern[str]
    skip: re.Pattern[str] | None
    weak: frozenset[str]
    takes_of: frozenset[str]
    """Words that "of" may follow: a couple of."""
    of: frozenset[str]
    digits: Mapping[str, int]
    """Of a language written in Han characters."""
    scales: Mapping[str, float]
    """Of a language written in Han characters."""
    suffix_scales: Mapping[str, float]
    """Letters after digits: 5k."""
    bundles: Mapping[str, float]
    """Of a language written in Han characters, what a number may count instead of single things: 两打 is 24."""


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """Everything the grammar knows of one language."""

    code: str
    data: Mapping[str, JsonValue]
    han: bool
    date_order: str
    clock: int
    suffix: str
    numbers: NumberWords
    meanings: Mapping[str, Mapping[str, JsonValue]]
    """Placeholder → folded word → value."""
    rules: Mapping[Family, Sequence[Rule]]
    markers: frozenset[str]
    _phrases: dict[str, re.Pattern[str] | None] = field(default_factory=dict)

    def means(self, placeholder: str, word: str) -> JsonValue:
        """What a matched word of a placeholder stands for."""
        meanings = self.meanings[placeholder.rstrip("2")]
        squeezed = " ".join(word.split())
        return meanings.get(squeezed, meanings.get(squeezed.replace(" ", "")))

    def words(self, *path: str) -> tuple[str, ...]:
        """A word list of the data, as written; empty where the language has none."""
        return tuple(strings(dig(self.data, *path)))

    def phrases(self, *path: str) -> re.Pattern[str] | None:
        """A word list as one pattern over folded text, whole words where the language has spaces."""
        key = "/".join(path)
        if key not in self._phrases:
            self._phrases[key] = self.compile(self.words(*path))
        return self._phrases[key]

    def compile(self, words: Iterable[str], *, suffixed: bool = False) -> re.Pattern[str] | None:
        """Words as one pattern over folded text; None for no words."""
        source = self.alternation(words)
        if not source:
            return None
        return re.compile(self.bounded(source + (self.suffix if suffixed else "")))

    def phrases_as_written(self, key: str) -> re.Pattern[str] | None:
        """A list of patterns of the data as one, whole words where the language has spaces."""
        if key not in self._phrases:
            patterns = "|".join(self.written(each) for each in self.words(key))
            self._phrases[key] = re.compile(self.bounded(patterns)) if patterns else None
        return self._phrases[key]

    def endings(self, *keys: str) -> re.Pattern[str] | None:
        """Word lists as one pattern for what may directly follow a number."""
        key = f"endings {keys}"
        if key not in self._phrases:
            source = self.alternation(word for each in keys for word in self.words(each))
            self._phrases[key] = re.compile(source) if source else None
        return self._phrases[key]

    def placeholder(self, name: str) -> re.Pattern[str] | None:
        """The words of a placeholder as one pattern, suffixes allowed."""
        key = f"placeholder {name}"
        if key not in self._phrases:
            self._phrases[key] = self.compile(self.meanings[name], suffixed=True)
        return self._phrases[key]

    def written(self, template: str) -> str:
        """A pattern of the data without placeholders as a regular expression."""
        return spaced(template, han=self.han)

    def words_of_role_suffix(self, role: str) -> re.Pattern[str] | None:
        """What follows a value that is where something begins or ends, in languages that say so with a suffix."""
        key = f"suffix {role}"
        if key not in self._phrases:
            suffix = dig(self.data, "roles", role, "suffix")
            self._phrases[key] = re.compile(spaced(str(suffix), han=self.han)) if suffix else None
        return self._phrases[key]

    def alternation(self, words: Iterable[str]) -> str:
        """Folded words as a regular expression's alternatives, the longest first."""
        folded = [word for word in fold_words(words) if word.strip()]
        if not folded:
            return ""
        return "(?:" + "|".join(spaced(re.escape(word), han=self.han) for word in folded) + ")"

    def softened(self, words: Iterable[str]) -> list[str]:
        """Words, and how they end before a suffix that softens them: "köpek", "köpeğimiz"."""
        soft = dig(self.data, "softens")
        known = list(words)
        if not isinstance(soft, dict):
            return known
        return [*known, *(word[:-1] + str(soft[word[-1]]) for word in known if len(word) > 3 and word[-1] in soft)]

    def bounded(self, source: str) -> str:
        """A pattern that begins and ends at word boundaries, where the language has any."""
        if self.han:
            return source
        return rf"(?<![^\W_])(?:{source})(?![^\W_])"


def spaced(source: str, *, han: bool) -> str:
    """A pattern of the data as a regular expression: a space is white space, `~` optional white space."""
    gap = r"\\s{0,3}" if han else r"\\s{1,3}"
    source = source.replace("\\ ", " ")
    source = re.sub(r"\(\?<[!=][^()]*\)", lambda behind: behind[0].replace(" ", r"\s"), source)
    source = re.sub(r" \?", r"\\s{0,3}", source)
    source = re.sub(" ", gap, source)
    return source.replace("~", r"\s{0,3}")
