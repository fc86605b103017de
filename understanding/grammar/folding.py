"""Text as the grammar compares it: lower case, no accents, plain digits, every character knowing where it came from."""

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

LIMIT = 4000
"""Characters of a message that are read; the rest is ignored."""

_QUOTES = dict.fromkeys("\u2018\u2019\u201b\u02bc\u00b4`\uff07", "'")
_DASHES = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\uff5e\u301c~", "-")
_SPECIAL = {
    **_QUOTES,
    **_DASHES,
    "I": "i",
    "\u0130": "i",
    "\u0131": "i",
    "\u00df": "ss",
    "\u00f8": "o",
    "\u0142": "l",
    "\u3002": ".",
    "\u00ba": "\u00ba",
}
_LONGEST_EXPANSION = 4
"""A character that stands for more than this many (U+FDFA is a whole sentence) is read as a space."""


@dataclass(frozen=True, slots=True)
class View:
    """A rewritten text with, for each of its characters, the piece of the original it stands for."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The piece of the original that `text[start:end]` stands for."""
        return self.starts[start], self.ends[end - 1]

    def index(self, offset: int) -> int:
        """The first character of this view that stands for the original at `offset` or later."""
        return bisect_left(self.starts, offset)


def fold(text: str, same: Mapping[str, str] | None = None) -> View:
    """`text` in lower case, without accents and odd digits; `same` maps variant characters to the usual ones."""
    text = text[:LIMIT]
    if text.isascii() and text.isprintable():
        numbers = tuple(range(len(text) + 1))
        return View(text.lower().replace("~", "-").replace("`", "'"), numbers[:-1], numbers[1:])
    folded: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for offset, character in enumerate(text):
        for part in _fold(character if same is None else same.get(character, character)):
            folded.append(part)
            starts.append(offset)
            ends.append(offset + 1)
        if ends and unicodedata.combining(character):
            ends[-1] = offset + 1
    return View("".join(folded), tuple(starts), tuple(ends))


def fold_word(word: str) -> str:
    """A word of a grammar or a project in the form in which it is compared."""
    return fold(word).text


def fold_words(words: Iterable[str]) -> tuple[str, ...]:
    """Words folded, the longest first, so that an alternation prefers it."""
    return tuple(sorted({fold_word(word) for word in words}, key=lambda word: (-len(word), word)))


@lru_cache(maxsize=16384)
def _fold(character: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(character)
    if category in ("Cf", "Mn", "Me"):
        return ""
    if category[0] in "CZ":
        return " "
    plain = unicodedata.normalize("NFKC", character).lower()
    bare = "".join(part for part in unicodedata.normalize("NFD", plain) if not unicodedata.combining(part))
    bare = unicodedata.normalize("NFC", bare)
    bare = "".join(_SPECIAL.get(part, part) for part in bare)
    return bare if 0 < len(bare) <= _LONGEST_EXPANSION else " "
