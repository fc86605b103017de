"""Messages that say nothing: signs without words, letters without sense, a question about nothing."""

import re
from functools import cache
from typing import Final

from understanding.act_examples import load_examples
from understanding.folding import fold

_FEW_WORDS: Final = 2
_SIGNS: Final = 0.5
"""The share of letters and digits below which a message is made of signs."""
_SIGNS_FROM: Final = 6
"""Characters from which that share says something."""


def is_noise(text: str) -> bool:
    """Whether no sense can be made of `text` whatever the project is about."""
    dense = "".join(text.split())
    letters = sum(character.isalnum() for character in dense)
    if len(dense) >= _SIGNS_FROM and letters < _SIGNS * len(dense):
        return True
    words = fold(text).split()
    if len(words) > 1 and len(set(words)) == 1:
        return True
    return letters <= 2 and all(character.isascii() for character in dense) and not any(map(str.isdecimal, dense))


def is_empty_question(text: str) -> bool:
    """Whether `text` asks in form only: a yes, a no or a particle with nothing to ask about."""
    left = _asking().sub(" ", fold(text)).split()
    return len(left) <= _FEW_WORDS and all(each in _exact() for each in [" ".join(left)] if each)


@cache
def _asking() -> re.Pattern[str]:
    words = {fold(word) for each in load_examples() for word in each.question_words}
    spaced = "|".join(sorted((re.escape(word) for word in words if ord(word[0]) < 0x2E80), key=len, reverse=True))
    glued = "|".join(sorted((re.escape(word) for word in words if ord(word[0]) >= 0x2E80), key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{spaced})(?!\w)|(?:{glued})$")


@cache
def _exact() -> frozenset[str]:
    return frozenset(phrase for each in load_examples() for phrase in each.exact)
