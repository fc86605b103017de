"""Names of choices in other characters of the same sound, a slip of input methods: 内厂 for 内场."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from anyascii import anyascii

_RUN = re.compile(r"[\u3400-\u9fff]+")
_ALIKE = ((re.compile(r"^([zcs])h"), r"\1"), (re.compile(r"(?<=[aei])ng$"), "n"), (re.compile("^l"), "n"))
"""Sounds that many speakers do not tell apart, and so mistype: zh and z, ing and in, l and n."""
_SHORTEST = 2


def homophones(text: str, names: Mapping[str, Sequence[str]]) -> Iterator[tuple[int, int, str]]:
    """Pieces of a text that sound like one of the names without being one: their place, and what the name stands for.

    `names` are folded names with the choices they may mean; only a name of one choice is looked for.
    """
    known = {
        sounds(name): meant[0]
        for name, meant in names.items()
        if len(meant) == 1 and len(name) >= _SHORTEST and _RUN.fullmatch(name)
    }
    for run in _RUN.finditer(text) if known else ():
        syllables = sounds(run[0])
        for length in sorted({len(each) for each in known}, reverse=True):
            for at in range(len(syllables) - length + 1):
                meant = known.get(syllables[at : at + length])
                if meant is not None:
                    yield run.start() + at, run.start() + at + length, meant


def sounds(word: str) -> tuple[str, ...]:
    """How the characters of a word sound, without tones."""
    return tuple(_sound(character) for character in word)


@lru_cache(maxsize=4096)
def _sound(character: str) -> str:
    sound = anyascii(character).lower()
    for pattern, plain in _ALIKE:
        sound = pattern.sub(plain, sound)
    return sound
