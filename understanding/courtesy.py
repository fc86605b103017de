"""What is said before the matter itself: a greeting, an apology, "by the way".

It tells nothing of what is wanted, yet a classifier that reads whole sentences hears it: "sorry, what is my balance"
is near "sorry, take that back". So the matter alone is read, and of an apology it is remembered that there was one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from understanding.act_examples import folded, load_examples
from understanding.folding import fold
from understanding.splitting import words_in

_MOST: Final = 3
"""Courtesies that may follow each other."""
_WORDS: Final = 6
"""Words or, of Chinese, characters of the longest one."""
_LEAST: Final = 2
"""Words that must follow a greeting, lest "hello there" be about a there."""
_WORD: Final = re.compile(r"[^\W_\u3400-\u9fff]+(?:['’][^\W_]+)*")
_BETWEEN: Final = " \t\n,，、.。!！:：;；~～…-–—"
_HAN: Final = "\u2e80"


@dataclass(frozen=True)
class Matter:
    """A message without what was said before the matter."""

    text: str
    apology: bool = False


def matter_of(text: str, locales: Sequence[str]) -> Matter:
    """The matter of `text`; all of it where nothing else is said."""
    spoken = tuple(dict.fromkeys(locale.split("-", maxsplit=1)[0] for locale in locales))
    apologies, openers = _phrases(spoken)
    rest, apology = text, False
    for _ in range(_MOST):
        sorry = _behind(rest, apologies)
        opened = _behind(rest, openers) if sorry is None else None
        if sorry is not None:
            rest, apology = sorry, True
        elif opened is not None and words_in(opened) >= _LEAST:
            rest = opened
        else:
            break
    if apology and any(map(str.isdecimal, rest)):
        rest = text  # "sorry, I meant 600" is a correction as a whole
    return Matter(rest, apology)


def asked_of(text: str, locales: Sequence[str]) -> str:
    """What is looked up for a question: `text` without courtesies and without "hang on" before it."""
    spoken = tuple(dict.fromkeys(locale.split("-", maxsplit=1)[0] for locale in locales))
    apologies, openers = _phrases(spoken)
    before, rest = apologies | openers | _pauses(spoken), text
    for _ in range(_MOST):
        behind = _behind(rest, before)
        if behind is None or words_in(behind) < _LEAST:
            break
        rest = behind
    return rest


def _behind(text: str, phrases: frozenset[str]) -> str | None:
    """What stands behind the longest of `phrases` that `text` begins with; None where nothing is left."""
    for end in _ends(text):
        if folded(text[:end]) in phrases:
            rest = text[end:].lstrip(_BETWEEN)
            return rest if any(character.isalnum() for character in rest) else None
    return None


def _ends(text: str) -> list[int]:
    """Where a phrase at the beginning of `text` may end, the farthest first."""
    start = next((at for at, character in enumerate(text) if character.isalnum()), len(text))
    if text[start : start + 1] >= _HAN:
        return [start + length for length in range(_WORDS, 0, -1) if start + length <= len(text)]
    return [match.end() for match, _ in zip(_WORD.finditer(text), range(_WORDS), strict=False)][::-1]


@cache
def _phrases(locales: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """Folded apologies of these languages; their openers, greetings among them."""
    spoken = [each for each in load_examples() if each.locale in locales]
    taken = {phrase for each in spoken for phrase, act in each.exact.items() if act in ("affirm", "deny", "cancel")}
    apologies = {fold(phrase) for each in spoken for phrase in each.apologies}
    greetings = {phrase for each in spoken for phrase, act in each.exact.items() if act == "greeting"}
    openers = {fold(phrase) for each in spoken for phrase in each.openers} | greetings
    return frozenset(apologies - taken), frozenset(openers - taken)


@cache
def _pauses(locales: tuple[str, ...]) -> frozenset[str]:
    return frozenset(fold(phrase) for each in load_examples() if each.locale in locales for phrase in each.pauses)
