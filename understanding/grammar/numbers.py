"""Number words into digits: the text the other rules read, and the numbers themselves.

"yüz elli liraya" becomes "150 liraya", "三千五" "3500", "twenty-five" "25"; each new character knows the piece of the
original it stands for.
"""

from dataclasses import dataclass, field, replace

from understanding.grammar.folding import View
from understanding.grammar.han_numerals import han_numbers
from understanding.grammar.language import Language, NumberWords
from understanding.grammar.number import Number
from understanding.grammar.number_words import word_numbers

LARGEST = 1e15
"""Longer numbers are account numbers or noise; they stay as they are written."""


@dataclass(slots=True)
class _Rewriting:
    text: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def copy(self, view: View, start: int, end: int) -> None:
        self.text.append(view.text[start:end])
        self.starts.extend(view.starts[start:end])
        self.ends.extend(view.ends[start:end])

    def put(self, text: str, start: int, end: int) -> None:
        self.text.append(text)
        self.starts.extend([start] * len(text))
        self.ends.extend([end] * len(text))

    def view(self) -> View:
        return View("".join(self.text), tuple(self.starts), tuple(self.ends))


def rewrite(view: View, language: Language) -> tuple[View, list[Number]]:
    """The view with all numbers in digits, and those numbers with their places in the original."""
    rewriting, numbers = _Rewriting(), list[Number]()
    position = 0
    text = _masked(view.text, language.numbers)
    for number in han_numbers(text, language) if language.han else word_numbers(text, language):
        if number.value >= LARGEST:
            continue
        start, end = view.span(number.start, number.end)
        if number.start > position:
            rewriting.copy(view, position, number.start)
        elif rewriting.text and rewriting.text[-1][-1:].isdecimal():
            rewriting.put(" ", start, start)
        rewriting.put(number.written, start, end)
        if number.suffixed:
            rewriting.put("'", end, end)
        numbers.append(replace(number, start=start, end=end))
        position = number.end
    rewriting.copy(view, position, len(view.text))
    return rewriting.view(), numbers


def _masked(text: str, words: NumberWords) -> str:
    """The text with every expression that only looks like a number blotted out."""
    return words.skip.sub(lambda match: "\x1f" * len(match[0]), text) if words.skip else text
