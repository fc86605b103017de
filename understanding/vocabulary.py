"""Which words of a project speak of which intent: enough to see where one wish ends and the next begins.

Sentence vectors judge a message as a whole; they say neither which of its words made it so, nor that "about my account"
has one word of the business in it. Words are compared by their beginning, Chinese by pairs of characters.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final, NamedTuple

from understanding.act_examples import OTHER, QUESTION, folded, load_examples
from understanding.splitting import words_in
from understanding.wording import phrases

ASKS: Final = ""
"""Stands in the place of an intent for what is asked rather than wanted."""
_STEM: Final = 4
_TOKEN: Final = re.compile(r"[^\W\d_\u3400-\u9fff]+(?:['’][^\W\d_]+)?|[\u3400-\u9fff]")
_HAN: Final = "\u2e80"
_ANY_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_COMMA: Final = re.compile(r"[，、；：。！？\n]|[,;:.!?](?=\s|$)")
_COMMON: Final = 0.05
"""The share of sentences of other trades in which a word stands that says nothing of a trade."""
_FLOOR: Final = 0.03
_ONE_THING: Final = 2
"""Words that may name what a message is about."""
_LEAST: Final = 2
"""Words that each of two parts must have."""
_GAIN: Final = 1.5
_COMMA_GAIN: Final = 0.0
"""How much better two intents must explain the two parts than one explains all; less is needed at a comma."""


class Term(NamedTuple):
    """A word's beginning, or two neighbouring Chinese characters, and where it stands."""

    stem: str
    start: int
    end: int


@dataclass(frozen=True)
class Vocabulary:
    """How much each word speaks for each intent."""

    weights: Mapping[str, Mapping[str, float]]
    """Stem → intent, or `ASKS` → how much more usual it is there than elsewhere, as a logarithm."""
    own: Mapping[str, frozenset[str]]
    """Stem → intents whose examples have it."""

    def fitting(self, text: str) -> frozenset[str]:
        """The intents whose examples share a word with `text` that is not an everyday one."""
        return self._fitting(telling(text))

    def vague(self, text: str) -> frozenset[str]:
        """The intents that a text may be about which says no more than what it is about; none where it says more."""
        said = folded(text)
        if _about().search(said) is None:
            return frozenset()
        left = _fillers().sub(" ", _about().sub(" ", said))
        return self._fitting([term.stem for term in terms_of(left)]) if words_in(left) <= _ONE_THING else frozenset()

    def _fitting(self, stems: Sequence[str]) -> frozenset[str]:
        empty = _empty_words()
        return frozenset().union(*(self._of(stem) for stem in stems if stem not in empty))

    def _of(self, stem: str) -> frozenset[str]:
        if stem >= _HAN and len(stem) == 1:  # alone between figures: it is the verb of many a pair
            return frozenset().union(*(names for pair, names in self.own.items() if stem in pair))
        return self.own.get(stem, frozenset())

    def cut(self, text: str) -> tuple[str, ...]:
        """`text` in two parts that speak of different things, or nothing where it speaks of one."""
        terms = [term for term in terms_of(text) if term.stem in self.weights]
        if len(terms) < 2 * _LEAST:
            return ()
        whole = max(self._scores(terms).values(), default=0.0)
        best, place = 0.0, 0
        for first, second in pairwise(terms):
            at = _boundary(text, first, second)
            gain = self._gain(terms, at) - whole - (_COMMA_GAIN if _COMMA.search(text[first.end - 1 : at]) else _GAIN)
            if gain > best:
                best, place = gain, at
        parts = (text[:place].strip(" ,，、"), text[place:].strip(" ,，、"))
        return parts if all(words_in(part) >= _LEAST for part in parts) else ()

    def _gain(self, terms: Sequence[Term], at: int) -> float:
        """How well the best two different things explain what stands before and behind a place."""
        before = self._scores([term for term in terms if term.end <= at])
        behind = self._scores([term for term in terms if term.start >= at])
        return max((a + b for one, a in before.items() for other, b in behind.items() if one != other), default=0.0)

    def _scores(self, terms: Sequence[Term]) -> dict[str, float]:
        scores: dict[str, float] = {}
        for stem in {term.stem for term in terms}:
            for name, weight in self.weights[stem].items():
                scores[name] = scores.get(name, 0.0) + weight
        return scores


def _boundary(text: str, first: Term, second: Term) -> int:
    """Where a part would end between two terms: behind a comma where there is one, else before the second."""
    if second.start < first.end:
        return second.start + 1  # two pairs of Chinese characters share one
    comma = _COMMA.search(text, first.end, second.start)
    return comma.end() if comma else second.start


def telling(text: str) -> list[str]:
    """The stems of the words of a text that are not everyday ones."""
    common = _everyday()[0]
    return [term.stem for term in terms_of(text) if common.get(term.stem, 0.0) < _COMMON]


def terms_of(text: str) -> list[Term]:
    """The terms of a text, in its order."""
    found: list[Term] = []
    before: re.Match[str] | None = None
    for match in _TOKEN.finditer(text):
        word = folded(match[0])
        if not word:
            continue
        if match[0] < _HAN:
            found.append(Term(word[:_STEM], *match.span()))
            before = None
            continue
        if before is not None and before.end() == match.start():
            found.append(Term(folded(before[0]) + word, before.start(), match.end()))
        elif not _ANY_HAN.match(text, match.end()):
            found.append(Term(word, *match.span()))
        before = match
    return found


def learn(sentences: Sequence[tuple[str, str]], questions: Sequence[str] = ()) -> Vocabulary:
    """The vocabulary of (sentence, intent) pairs, beside what the knowledge is asked and what is said elsewhere."""
    general, asking = _everyday()
    said = [*((text, name) for text, name in sentences), *((text, ASKS) for text in questions)]
    counts: dict[str, Counter[str]] = {}
    sizes: Counter[str] = Counter()
    for text, name in said:
        sizes[name] += 1
        for stem in {term.stem for term in terms_of(text)}:
            counts.setdefault(stem, Counter())[name] += 1
    weights = {}
    for stem, names in counts.items():
        usual = general.get(stem, 0.0)
        weights[stem] = {
            name: _weight(count / sizes[name], _elsewhere(names, sizes, name), usual) for name, count in names.items()
        }
    for stem, share in asking.items():
        if stem not in weights or ASKS not in weights[stem]:
            mine = weights.setdefault(stem, {})
            mine[ASKS] = _weight(share, _elsewhere(counts.get(stem, Counter()), sizes, ASKS), general.get(stem, 0.0))
    own = {stem: frozenset(name for name in names if name != ASKS) for stem, names in counts.items() if len(stem) > 1}
    return Vocabulary(weights, {stem: names for stem, names in own.items() if names})


def _elsewhere(names: Mapping[str, int], sizes: Mapping[str, int], name: str) -> float:
    others = sum(sizes.values()) - sizes.get(name, 0)
    return sum(count for other, count in names.items() if other != name) / max(1, others)


def _weight(here: float, elsewhere: float, usual: float) -> float:
    return math.log((here + _FLOOR) / (max(elsewhere, usual) + _FLOOR))


@cache
def _empty_words() -> frozenset[str]:
    """Stems of words that only say that something is about something."""
    return frozenset(
        term.stem for each in load_examples() for word in (*each.vague, *each.about) for term in terms_of(word)
    )


@cache
def _about() -> re.Pattern[str]:
    return phrases([word for each in load_examples() for word in each.about])


@cache
def _fillers() -> re.Pattern[str]:
    """Words that say nothing of what a message is about: the listed ones, and those of one or two letters."""
    listed = phrases([word for each in load_examples() for word in each.vague])
    return re.compile(rf"{listed.pattern}|(?<!\w)[^\W\u3400-\u9fff]{{1,2}}(?!\w)")


@cache
def _everyday() -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Stem → its share of the shipped sentences of other trades, by language the highest; the same of questions."""
    shares: tuple[dict[str, float], dict[str, float]] = ({}, {})
    for examples in load_examples():
        for label, target in ((OTHER, shares[0]), (QUESTION, shares[1])):
            texts = [text for text, act in examples.labelled if act == label]
            counts = Counter(stem for text in texts for stem in {term.stem for term in terms_of(text)})
            for stem, count in counts.items():
                target[stem] = max(target.get(stem, 0.0), count / len(texts))
    return shares
