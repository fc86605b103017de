"""Which slot a message speaks of without giving a value: "change the date", "tutar yanlış", "改一下地址"."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from pydantic import JsonValue

from config.project import Slot
from understanding.folding import fold

_WORDS = re.compile(r"[^\W_]+")
_STEM = 4
"""Letters two words must share from their beginning: enough for suffixes, too much for articles."""


def named_slot(text: str, slots: Mapping[str, Slot], *, filled: Mapping[str, JsonValue]) -> tuple[str, str] | None:
    """The one slot whose name or title the text has, filled ones first, and the words that name it."""
    said = [(word, fold(word)) for word in _WORDS.findall(text)]
    named = [(name, quote) for name, slot in slots.items() if (quote := _mention(text, said, name, slot))]
    known = [each for each in named if each[0] in filled]
    named = known or named
    return named[0] if len(named) == 1 or (named and known) else None


def _mention(text: str, said: Sequence[tuple[str, str]], name: str, slot: Slot) -> str | None:
    titles = [slot.title] if isinstance(slot.title, str) else list((slot.title or {}).values())
    for title in (*titles, name.replace("_", " ")):
        for word, stem in _stems(title):
            found = _word_in(text, said, word, stem)
            if found:
                return found
    return None


@lru_cache(maxsize=4096)
def _stems(title: str) -> list[tuple[str, str]]:
    """The words of a title and what another word must begin with to be the same."""
    return [(word, fold(word)[: max(_STEM, len(word) - 2)]) for word in _WORDS.findall(title)]


def _word_in(text: str, said: Sequence[tuple[str, str]], word: str, stem: str) -> str | None:
    if ord(word[0]) >= 0x2E80:
        return word if word in text else None
    if len(stem) < _STEM:
        return next((each for each, folded in said if folded == stem), None)
    return next((each for each, folded in said if folded.startswith(stem)), None)
