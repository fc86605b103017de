"""How many people or things: "table for four", "2 adults and 3 kids", "me and my wife", "iki kişiyiz", "两大一小"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from understanding.grammar.entities import Entity, longest
from understanding.grammar.folding import View
from understanding.grammar.language import Language
from understanding.grammar.ranges import low_before


@dataclass(frozen=True, slots=True, kw_only=True)
class _Term:
    start: int
    end: int
    count: int
    counted: bool
    """Said as a number."""
    low: tuple[int, int] | None = None
    word: str = ""


@dataclass(frozen=True, slots=True)
class _Patterns:
    terms: re.Pattern[str]
    joiner: re.Pattern[str]
    alone: re.Pattern[str] | None
    things: re.Pattern[str]


_COMPILED: dict[str, _Patterns] = {}


def _patterns(language: Language) -> _Patterns:
    if language.code not in _COMPILED:
        edge = "" if language.han else r"(?![^\W_])"
        start = "" if language.han else r"(?<![^\W_])"

        def group(name: str, *keys: str) -> str:
            listed = [word for key in keys for word in language.words("people", key)]
            words = language.alternation(language.softened(listed)) or "(?!)"
            return rf"(?P<{name}>{words})"

        number = r"(?<![\d.:/])(?<!\d,)(?P<n>\d{1,5})"
        about = language.alternation(language.words("people", "about_after"))
        between = (
            (rf"\s{{0,2}}(?:{about})?" if about else "") + r"\s{0,3}(?P<kind>[a-z]{3,12}\s)?"
            if not language.han
            else r"(?P<kind>(?!))?\s{0,2}"
        )
        nouns = rf"{number}{between}{group('noun', 'nouns', 'twos')}{language.suffix}{edge}"
        others = "|".join(
            rf"{start}{group(name, key)}{edge}"
            for name, key in (("pairs", "pairs"), ("ones", "ones"), ("self", "self"))
        )
        articles = language.alternation(language.words("numbers", "articles")) or "(?!)"
        single = language.alternation(language.words("people", "nouns"))
        others = rf"{start}(?P<single>{articles}\s{single or '(?!)'}){edge}|{others}"
        things = language.alternation(language.words("things")) or "(?!)"
        _COMPILED[language.code] = _Patterns(
            terms=re.compile(f"{nouns}|{others}"),
            joiner=re.compile(_joiner(language)),
            alone=_alone(language),
            things=re.compile(
                rf"{number}\s{{0,3}}(?:{about or '(?!)'}\s{{0,2}})?(?P<noun>{things}){language.suffix}{edge}"
            ),
        )
    return _COMPILED[language.code]


def _alone(language: Language) -> re.Pattern[str] | None:
    """Ways to say that nobody else comes: 就我, and not 就我们."""
    words = language.alternation(language.words("people", "alone"))
    plural = language.alternation(language.words("people", "plural")) or "(?!)"
    return re.compile(language.bounded(rf"{words}(?!{plural})")) if words else None


def _joiner(language: Language) -> str:
    joiners = language.alternation(language.words("people", "joiners"))
    between = language.alternation(language.words("people", "between")) or "(?!)"
    return rf"\s{{0,3}}(?:(?:{joiners or '(?!)'}|[,、&+])\s{{0,3}}){{0,2}}(?:{between}\s)?"


def find_counts(view: View, language: Language) -> list[Entity]:
    """Counts of people (noun "people") and of things (their noun)."""
    patterns = _patterns(language)
    found = [*_sums(view, patterns, language), *_ruled(view, language)]
    alone = patterns.alone.finditer(view.text) if patterns.alone else ()
    found.extend(_entity(view, match.start(), match.end(), 1, None, score=0.9) for match in alone)
    for match in patterns.things.finditer(view.text):
        low = _low(view.text, match.start(), language)
        thing = _entity(view, match.start(), match.end(), int(match["n"]), low, noun=match["noun"])
        article = match["n"] == "1" and match["noun"] in language.words("article_things")
        found.append(replace(thing, weak=article))
    return longest(found)


_Low = tuple[int, int]
"""A lower count and where it begins."""


def _entity(
    view: View, start: int, end: int, count: int, low: _Low | None, *, noun: str = "people", score: float = 1.0
) -> Entity:
    values: tuple[int, ...] = (count,)
    if low is not None and low[0] < count:
        values, start = (low[0], count), low[1]
    first, last = view.span(start, end)
    return Entity(kind="count", start=first, end=last, values=values, noun=noun, score=score)


def _low(text: str, position: int, language: Language) -> _Low | None:
    found = low_before(text, position, language, joined="alternatives")
    return (int(found[0]), found[1]) if found else None


def _terms(view: View, patterns: _Patterns, language: Language) -> Iterator[_Term]:
    twos = language.phrases("people", "twos")
    for match in patterns.terms.finditer(view.text):
        if match["n"]:
            count = int(match["n"]) * (2 if twos and twos.search(match["noun"]) else 1)
            end = match.end("n" if match["kind"] else 0)
            low = _low(view.text, match.start(), language)
            yield _Term(start=match.start(), end=end, count=count, counted=True, low=low, word=match[0])
        else:
            count = 2 if match["pairs"] else 1
            yield _Term(start=match.start(), end=match.end(), count=count, counted=False, word=match[0])


def _sums(view: View, patterns: _Patterns, language: Language) -> Iterator[Entity]:
    chain: list[_Term] = []
    for term in [*_terms(view, patterns, language), None]:
        if term and chain and patterns.joiner.fullmatch(view.text, chain[-1].end, term.start):
            chain.append(term)
            continue
        if any(each.counted for each in chain) or len({view.text[each.start : each.end] for each in chain}) > 1:
            low = chain[0].low if len(chain) == 1 else None
            whole = _entity(view, chain[0].start, chain[-1].end, sum(each.count for each in chain), low)
            parts = [_entity(view, each.start, each.end, each.count, each.low, noun=each.word) for each in chain]
            yield replace(whole, parts=tuple(parts) if len(parts) > 1 else ())
        chain = [term] if term else []


def _ruled(view: View, language: Language) -> Iterator[Entity]:
    for rule in language.rules["people_rules"]:
        for match in rule.regex.finditer(view.text):
            counts = [float(value) for name, value in match.groupdict().items() if name in ("n", "n2") and value]
            if all(count == int(count) and 0 < count < 10_000 for count in counts):
                yield _entity(view, match.start("n"), match.end(), int(sum(counts)), None, score=0.9)
