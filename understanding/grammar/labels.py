"""Numbers that are no amount: they name something ("gate 14", "M25"), say how often ("four times") or count others.

What they are worth to a slot is for those to say who know what was asked.
"""

import re
from collections.abc import Sequence

from understanding.grammar.folding import View, fold_word
from understanding.grammar.language import Family, Language
from understanding.grammar.number import Number

_Span = tuple[int, int]

_CODE = re.compile(r"(?:[A-Za-z]|[A-Z]-)$")
"""Letters before a number that make it a code: M25, A-14."""
_FEW = 100
"""Below this a number before a word more likely counts than is an amount of money."""
_NOUN = re.compile(r"\s[A-ZÄÖÜ][a-zäöüß]{2}")
_WORD = re.compile(r"\s([^\W\d_]+)")
_TIMES = re.compile(r"(?<![^\W_])[xX]$")
_GENERATION = re.compile(r"[GgDd](?![A-Za-z0-9])")
"""Letters behind a number that make it a code: 5G."""


def find_labels(original: str, folded: View, view: View, numbers: Sequence[Number], language: Language) -> list[_Span]:
    """The pieces in which a number names something."""
    return [*_found("labels", view, language), *_codes(original, folded, numbers, language)]


def find_occasions(view: View, language: Language) -> list[_Span]:
    """The pieces that say how often something happened."""
    return _found("occasions", view, language)


def find_counted(original: str, view: View, numbers: Sequence[Number], language: Language) -> list[_Span]:
    """The pieces in which a number counts what follows it: "2 dogs", "iki köpeğim"."""
    spans = _found("counted", view, language)
    if language.data.get("nouns_capital"):
        spans += [(each.start, each.end) for each in numbers if each.value < _FEW and _NOUN.match(original, each.end)]
    after = language.phrases_as_written("after_amounts")
    for number in numbers:
        word = _WORD.match(original, number.end)
        if word and after and number.value < _FEW and not after.match(fold_word(word[1])):
            spans.append((number.start, number.end))
    return spans


def _found(family: Family, view: View, language: Language) -> list[_Span]:
    return [view.span(*match.span()) for rule in language.rules[family] for match in rule.regex.finditer(view.text)]


def _codes(original: str, folded: View, numbers: Sequence[Number], language: Language) -> list[_Span]:
    marks = language.endings("ordinal_marks")
    spans = []
    for number in numbers:
        if not number.literal:
            continue
        before = original[max(0, number.start - 2) : number.start]
        coded = _CODE.search(before) and not _TIMES.search(before)
        placed = marks.match(folded.text, folded.index(number.end)) if marks else None
        ordinal = placed is not None and placed[0] != "."
        if coded or ordinal or _GENERATION.match(original, number.end):
            spans.append((number.start, number.end))
    return spans
