"""Numbers said in words: "two hundred and fifty", "yüz elli", "beşyüz", "a couple hundred", "bir buçuk milyon"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from understanding.grammar.language import Language, NumberWords
from understanding.grammar.number import Number, read_literal, written

_WORD = re.compile(r"\d+|[^\W\d_]+")
_GAP = re.compile(r"\s{1,3}|-|")
_LONGEST_WORD = 60
_GROUP = 3
"""Figures between two scales."""
_LOOKAHEAD = 3
"""Words between a part and what it is a part of: "a quarter of a million"."""


@dataclass(frozen=True, slots=True)
class _Token:
    start: int
    end: int
    kind: str
    value: float
    word: str
    closed: bool = False
    """A suffix follows: the number ends here."""
    ordinal: bool = False
    """The suffix makes it an ordinal."""


def _tokens(text: str, words: NumberWords) -> Iterator[_Token]:
    position = 0
    while match := _WORD.search(text, position):
        position = match.end()
        if match[0][0].isdecimal():
            literal = words.literal.match(text, match.start())
            position = literal.end() if literal else match.end()
            yield _Token(match.start(), position, "digits", 0, text[match.start() : position])
        else:
            yield from _word_tokens(match, words)


def _word_tokens(match: re.Match[str], words: NumberWords) -> Iterator[_Token]:
    word, start = match[0], match.start()
    known = words.words.get(word)
    if known is not None:
        yield _Token(start, match.end(), *known, word)
        return
    chain = words.chain.fullmatch(word) if words.chain and len(word) <= _LONGEST_WORD else None
    if chain is None:
        yield _Token(start, match.end(), "other", words.suffix_scales.get(word, 0), word)
        return
    parts = _morphemes(chain[1], words)
    for index, part in enumerate(parts):
        kind, value = words.words[part]
        last = index == len(parts) - 1
        ordinal = last and bool(chain["ordinal"])
        closed = last and bool(chain["suffix"] or ordinal)
        end = match.end() if ordinal else start + len(part)
        yield _Token(start, end, kind, value, part, closed, ordinal)
        start = end


def _morphemes(chain: str, words: NumberWords) -> list[str]:
    """The number words that a word is made of, the longest first wherever the rest can still be read."""
    cuts: dict[int, int] = {len(chain): len(chain)}
    for start in range(len(chain) - 1, -1, -1):
        ends = (end for end in range(len(chain), start, -1) if end in cuts and chain[start:end] in words.words)
        end = next(ends, None)
        if end is not None:
            cuts[start] = end
    parts, at = [], 0
    while at < len(chain):
        parts.append(chain[at : cuts[at]])
        at = cuts[at]
    return parts


class _Sum:
    """Adds up the parts of one number; `take` refuses what does not continue it."""

    def __init__(self) -> None:
        self.total = 0.0
        self.current = 0.0
        self.last = ""
        self.joined = False
        self.big = float("inf")
        self.decimals = ""

    @property
    def state(self) -> tuple[float, float, str, float, str]:
        """What is added up so far."""
        return self.total, self.current, self.last, self.big, self.decimals

    @state.setter
    def state(self, state: tuple[float, float, str, float, str]) -> None:
        self.total, self.current, self.last, self.big, self.decimals = state

    def begin(self, value: float) -> None:
        """Begin with digits."""
        self._set(value, "digits")

    @property
    def value(self) -> float:
        """The number so far."""
        if self.last == "decimal":
            return self.total + float(f"{int(self.current)}.{self.decimals}")
        return self.total + self.current

    def take(self, token: _Token, following: _Token | None) -> bool:
        """Add a part; False where it does not continue the number."""
        taker = getattr(self, f"_{token.kind}", None)
        return bool(taker and taker(token, following))

    def _set(self, current: float, last: str) -> bool:
        self.current, self.last, self.joined = current, last, False
        return True

    def _unit(self, token: _Token, _following: _Token | None) -> bool:
        if self.last in ("point", "decimal"):
            self.decimals += str(int(token.value))
            self.last = "decimal"
            return True
        if self.last in ("", "scale") or (self.last == "tens" and token.value < 10 and not self.joined):
            return self._set(self.current + token.value, "unit")
        return False

    def _tens(self, token: _Token, _following: _Token | None) -> bool:
        if self.last == "point":
            self.decimals, self.last = str(int(token.value) // 10), "decimal"
            return True
        if self.last in ("", "scale") or (self.last == "unit" and self.joined and self.current % 100 < 10):
            return self._set(self.current + token.value, "tens")
        return False

    def _scale(self, token: _Token, _following: _Token | None) -> bool:
        if self.last == "decimal":
            self.current, self.decimals = float(f"{int(self.current)}.{self.decimals}"), ""
        if self.joined or self.last == "point":
            return False
        if token.value < 1000:
            if self.last not in ("", "unit", "tens", "digits", "article", "half", "fraction") and self.total == 0:
                return False
            hundreds = (self.current or 1) * token.value
            return self.current < 100 and self._set(hundreds, "scale")
        if token.value >= self.big:
            return False
        self.total += (self.current or 1) * token.value
        self.big = token.value
        return self._set(0.0, "scale")

    def _digits(self, token: _Token, following: _Token | None) -> bool:
        """Figures that go on from a large scale: "12 bin 500", "3 million 250 thousand"."""
        if self.last != "scale" or self.big == float("inf") or self.current or self.joined:
            return False
        smaller = following is not None and following.kind == "scale" and 1000 <= following.value < self.big
        if not token.word.isdecimal() or not (len(token.word) == _GROUP or smaller) or int(token.word) >= self.big:
            return False
        return self._set(float(token.word), "digits")

    def _article(self, _token: _Token, following: _Token | None) -> bool:
        if self.last == "" and following is not None and following.kind in ("scale", "unit"):
            return following.kind == "scale" or following.word == "couple"
        if self.last == "fraction" and following is not None and following.kind == "scale":
            return True
        return self.joined and following is not None and following.kind == "half"

    def _half(self, _token: _Token, following: _Token | None) -> bool:
        if self.last == "":
            article = following is not None and following.kind in ("article", "scale")
            return article and self._set(0.5, "fraction")
        if self.last == "scale" and self.big < float("inf") and self.current == 0:
            self.total += 0.5 * self.big
            return self._set(0.0, "half")
        return self.last in ("unit", "tens", "digits", "scale") and self._set(self.current + 0.5, "half")

    def _fraction(self, token: _Token, _following: _Token | None) -> bool:
        alone = self.last == "" or (self.last == "unit" and self.value == 1)  # "eine halbe"
        return alone and self._set(token.value, "fraction")

    def _ordinal(self, token: _Token, _following: _Token | None) -> bool:
        small = 10 if self.last == "tens" else 100 if self.last == "scale" else 0
        return token.value < small and self._set(self.current + token.value, "ordinal")

    def _joiner(self, _token: _Token, following: _Token | None) -> bool:
        if self.last in ("", "half", "decimal", "point") or following is None:
            return False
        fits = following.kind in ("unit", "tens") and (self.last == "scale" or following.kind == "tens")
        self.joined = fits or following.kind == "article"
        return self.joined

    def _point(self, _token: _Token, following: _Token | None) -> bool:
        if self.last not in ("unit", "tens", "digits") or following is None or following.kind not in ("unit", "tens"):
            return False
        self.last = "point"
        return True


# --- from parts to numbers --------------------------------------------------------------------------------------------


def word_numbers(text: str, language: Language) -> Iterator[Number]:
    """The numbers of a folded text, in its order."""
    tokens = list(_tokens(text, language.numbers))
    index = 0
    while index < len(tokens):
        found, index = _one_number(text, language, tokens, index)
        if found is not None:
            yield found


def _one_number(text: str, language: Language, tokens: list[_Token], index: int) -> tuple[Number | None, int]:
    first = tokens[index]
    if first.kind == "ordinal":
        return _ordinal(first.start, first.end, first.value), index + 1
    if first.kind == "part":
        return _part(language, tokens, index, index)
    if first.kind == "unit" and index + 1 < len(tokens) and tokens[index + 1].kind == "part":
        several = _part(language, tokens, index, index + 1)
        if several[0] is not None:
            return several
    total, position = _Sum(), index
    if first.kind == "digits":
        total.begin(float(read_literal(first.word, language)))
        position += 1
    position = _continue(text, tokens, position, total)
    half_of_something = first.kind == "half" and position == index + 1
    if position == index or not total.last or half_of_something:
        return None, index + 1
    return _finished(language, tokens, slice(index, position), total)


def _ordinal(start: int, end: int, value: float) -> Number:
    return Number(start=start, end=end, value=value, written=f"{written(value)}º", ordinal=True)


def _part(language: Language, tokens: list[_Token], first: int, index: int) -> tuple[Number | None, int]:
    """A part of a large number, or several of it: "a quarter of a million", "three quarters of a million"."""
    for position in range(index + 1, min(index + 1 + _LOOKAHEAD, len(tokens))):
        token = tokens[position]
        if token.kind == "scale":
            value = tokens[index].value * token.value * (tokens[first].value if first < index else 1)
            number = Number(start=tokens[first].start, end=token.end, value=value, written=written(value))
            return number, position + 1
        if token.kind != "article" and token.word not in language.numbers.of:
            break
    return None, index + 1


def _continue(text: str, tokens: list[_Token], index: int, total: _Sum) -> int:
    """Take tokens as long as they continue the number; the index after the last one that completes it."""
    complete = index
    kept = total.state
    while index < len(tokens):
        token = tokens[index]
        if index and total.last and not _GAP.fullmatch(text, tokens[index - 1].end, token.start):
            break
        if total.last == "digits" and token.kind == "other" and token.value and tokens[index - 1].end == token.start:
            token = _Token(token.start, token.end, "scale", token.value, token.word)
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        if not total.take(token, following):
            break
        index += 1
        if token.kind not in ("joiner", "article", "point"):
            complete = index
            kept = total.state
        if token.closed:
            break
    total.state = kept
    return complete


def _finished(language: Language, tokens: list[_Token], taken: slice, total: _Sum) -> tuple[Number, int]:
    first, last = tokens[taken.start], tokens[taken.stop - 1]
    if last.ordinal or last.kind == "ordinal":
        return _ordinal(first.start, last.end, total.value), taken.stop
    single = taken.stop == taken.start + 1
    if single and first.kind == "digits":
        literal = read_literal(first.word, language)
        return Number(start=first.start, end=last.end, value=float(literal), written=literal, literal=True), taken.stop
    end, position = last.end, taken.stop
    if (
        last.word in language.numbers.takes_of
        and position < len(tokens)
        and tokens[position].word in language.numbers.of
    ):
        end, position = tokens[position].end, position + 1
    number = Number(
        start=first.start,
        end=end,
        value=total.value,
        written=written(total.value),
        weak=single and first.word in language.numbers.weak,
        suffixed=last.closed,
    )
    return number, position
