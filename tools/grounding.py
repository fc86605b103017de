"""Whether an answer says only what its evidence says: figures, names and words that came from nowhere.

A cheap check by characters. It finds altered and invented figures and names; it does not see a negation, and between
languages only figures can be compared.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dialogue.tokens import is_cjk
from tools import lexical

LEAST_COVERAGE = 0.3
"""Below this share of its words in the evidence an answer in the same language talks of something else."""
_STEM_SHARE = 0.7
"""How much of a name must agree from its beginning: Turkish endings follow it."""
_LEAST_STEM = 3
_LEAST_WORDS = 4
"""An answer of fewer words is too short to be judged by coverage."""

_CITATION = re.compile(r"\[\d{1,2}\]")
_LIST_MARKER = re.compile(r"^\s*\d{1,2}[.)]\s+", re.MULTILINE)
_NUMBER = re.compile(r"\d+(?:[.,'’\u00a0\u202f ]\d{3})+(?![\d])(?:[.,]\d+)?|\d+(?:[.,]\d+)?")
_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
_UNIT = re.compile(r"[%‰°€$£¥₺]|[\u3400-\u9fff]|[^\W\d_]+(?:['’][^\W\d_]+)*")
_UNIT_LETTERS = 4
_NEAR = 4
"""Words after a number among which its unit is looked for: three business days are days."""
_AROUND = 4
"""Words on each side by which a copied place is known again; of Chinese, three characters for two words."""
_LEAST_AROUND = 4
_STOP = re.compile(r"[.!?。！？;；\n]")
_PIECE = re.compile(rf"(?P<number>{_NUMBER.pattern})|(?P<word>[^\W\d_]+)|(?P<stop>{_STOP.pattern})")
_HASH = "#"
_SENTENCE_START = re.compile(r"(?:^|[.!?:;。！？：；\n•\-–—\"“„«(])\s*$")


@dataclass(frozen=True, kw_only=True)
class GroundingReport:
    """What of an answer stands neither in the evidence nor in the question."""

    numbers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    coverage: float | None = None
    """Share of the answer's words that the evidence has; None between languages and where there is little to judge."""

    @property
    def grounded(self) -> bool:
        """Nothing foreign was found."""
        off_topic = self.coverage is not None and self.coverage < LEAST_COVERAGE
        return not (self.numbers or self.names or off_topic)


def check(answer: str, evidence: Sequence[str], question: str, *, same_language: bool) -> GroundingReport:
    """Compare `answer` with the texts it was drawn from."""
    said = _LIST_MARKER.sub("", _CITATION.sub("", answer))
    known = "\n".join([*evidence, question])
    numbers = tuple(_foreign_numbers(said, known))
    if not same_language:
        return GroundingReport(numbers=numbers)
    copied = _miscopied_numbers(said, "\n".join(evidence), question)
    numbers = tuple(dict.fromkeys([*numbers, *_swapped_numbers(said, known), *copied]))
    return GroundingReport(numbers=numbers, names=tuple(_foreign_names(said, known)), coverage=_coverage(said, known))


def number_readings(text: str) -> set[str]:
    """Every number in `text`, in each way its separators can be read: 1.250,50 and 1250.5 have one in common."""
    return {reading for token in _numbers(text) for reading in _readings(token)}


def _foreign_numbers(said: str, known: str) -> Iterator[str]:
    readings = number_readings(known)
    for token in dict.fromkeys(_numbers(said)):
        if not readings & _readings(token):
            yield token


def _swapped_numbers(said: str, known: str) -> Iterator[str]:
    """Numbers that stand in the evidence, but of another thing: it has other numbers of what this one is said of."""
    measured = [(_readings(token), units) for token, units in _measured(known)]
    for token, units in _measured(said):
        if not units:
            continue
        readings, unit = _readings(token), units[0]
        stands = any(readings & other and unit in near for other, near in measured)
        rivals = any(near and near[0] == unit and not readings & other for other, near in measured)
        if rivals and not stands:
            yield token


def _miscopied_numbers(said: str, evidence: str, question: str) -> Iterator[str]:
    """Numbers that stand in the evidence, in words that it has word for word about other numbers only."""
    there: dict[tuple[str, ...], set[str]] = {}
    for token, around in _placed(evidence):
        there.setdefault(around, set()).update(_readings(token))
    asked = number_readings(question)
    for token, around in _placed(said):
        readings = _readings(token)
        if around in there and not readings & (there[around] | asked):
            yield token


def _placed(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every number with the words around it in its sentence, other numbers left blank; none with too few words."""
    pieces = list(_pieces(_plain_digits(text)))
    for at, (token, number) in enumerate(pieces):
        if number:
            before = _side(pieces[at - 1 :: -1] if at else [])
            after = _side(pieces[at + 1 :])
            if sum(word != _HASH for word in (*before, *after)) >= _LEAST_AROUND:
                yield token, (*reversed(before), "", *after)


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    for match in _PIECE.finditer(text):
        if match["number"] or match["stop"]:
            yield match.group(), bool(match["number"])
        elif is_cjk(match.group()[0]):
            yield from ((char, False) for char in match.group())
        else:
            yield lexical.fold(match.group()), False


def _side(pieces: Sequence[tuple[str, bool]]) -> list[str]:
    """The nearest words on one side, up to the end of the sentence."""
    found: list[str] = []
    room = _AROUND * 6
    for word, number in pieces[: _AROUND * 2]:
        room -= 4 if is_cjk(word[0]) else 6
        if room < 0 or _STOP.match(word):
            break
        found.append(_HASH if number else word)
    return found


def _measured(text: str) -> list[tuple[str, list[str]]]:
    """Every number with what follows it closely: a unit or a thing, by its first letters; names are left out."""
    plain = _plain_digits(text)
    found = []
    for match in _NUMBER.finditer(plain):
        rest = re.split(r"[.。!?！？;；:：,，、()（）\n]", plain[match.end() : match.end() + 60], maxsplit=1)[0]
        found.append((match.group(), [unit for one in _UNIT.finditer(rest) if (unit := _unit(one.group()))][:_NEAR]))
    return found


def _unit(word: str) -> str | None:
    if is_cjk(word[0]) or not word[0].isalpha():
        return word
    stem = re.split(r"['’]", word, maxsplit=1)[0]
    if stem[0].isupper() and not (stem.isupper() and len(stem) <= _UNIT_LETTERS):
        return None
    return lexical.fold(stem)[:_UNIT_LETTERS]


def _numbers(text: str) -> list[str]:
    return _NUMBER.findall(_plain_digits(text))


def _plain_digits(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.digit(char)) if char.isdigit() and not char.isascii() else char for char in folded)


def _readings(token: str) -> set[str]:
    """As thousands and as decimals where both are possible; leading and trailing zeros mean nothing."""
    groups = re.split(r"[^\d]", token)
    if len(groups) == 1:
        return {_trimmed(token)}
    whole = {_trimmed("".join(groups))} if all(len(group) == 3 for group in groups[1:]) else set()
    decimal = set() if len(groups) > 2 and not _decimal_tail(token) else {_trimmed("".join(groups[:-1]), groups[-1])}
    return whole | decimal


def _decimal_tail(token: str) -> bool:
    separators = re.findall(r"[^\d]", token)
    return separators[-1] in ".," and separators[-1] not in separators[:-1]


def _trimmed(whole: str, fraction: str = "") -> str:
    integer = whole.lstrip("0") or "0"
    rest = fraction.rstrip("0")
    return f"{integer}.{rest}" if rest else integer


def _foreign_names(said: str, known: str) -> Iterator[str]:
    folded = lexical.fold(known)
    words = set(_WORD.findall(folded))
    for match in _WORD.finditer(said):
        word = match.group()
        if _is_name(word, said[: match.start()]) and not _holds(folded, words, lexical.fold(word)):
            yield word


def _is_name(word: str, before: str) -> bool:
    """A capital where the grammar asks for none; a first word of a sentence may have its capital from there."""
    if len(word) < _LEAST_STEM or is_cjk(word[0]) or not word[0].isupper():
        return False
    return not _SENTENCE_START.search(before[-8:])


def _holds(text: str, words: set[str], name: str) -> bool:
    stem = re.split(r"['’]", name, maxsplit=1)[0]
    if stem in text:
        return True
    shortest = max(_LEAST_STEM, -int(-len(stem) * _STEM_SHARE // 1))
    return any(word.startswith(stem[:shortest]) for word in words)


def _coverage(said: str, known: str) -> float | None:
    terms = list(dict.fromkeys(lexical.terms(said)))
    if len(_WORD.findall(said)) < _LEAST_WORDS and not any(map(is_cjk, said)):
        return None
    if len(terms) < 2 * _LEAST_WORDS:
        return None
    form = lexical.searchable(known)
    return sum(term in form for term in terms) / len(terms)
