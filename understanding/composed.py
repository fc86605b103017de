"""Messages made of whole phrases only: "no, thanks mate", "很好，谢谢", "stop it please"."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from understanding.act_examples import folded, load_examples
from understanding.folding import fold

_LONGEST: Final = 60
"""Letters of such a message."""
_HAN: Final = "\u2e80"


def says_only(text: str, act: str, *beside: str) -> str | None:
    """The language in which `text` is phrases of `act` and nothing else but those of the acts `beside` and fillers."""
    said = folded(text)
    if len(said) > _LONGEST:
        return None
    return next((each for each, kinds in _phrases().items() if _is_made_of(said, kinds, act, beside)), None)


def _is_made_of(said: str, kinds: Mapping[str, frozenset[str]], act: str, beside: tuple[str, ...]) -> bool:
    """Whether phrases cover all of a text from left to right; two reaches are kept: with and without the act."""
    reached = {(0, False)}
    for start in range(len(said)):
        here = [meant for place, meant in reached if place == start]
        if not here:
            continue
        for end in _ends(said, start):
            phrase, after = said[start:end], end + (said[end : end + 1] == " ")
            if phrase in kinds.get(act, ()) and _stands_alone(said, phrase, end, kinds):
                reached.add((after, True))
            elif phrase in kinds[_FILLERS] or any(phrase in kinds.get(other, ()) for other in beside):
                reached |= {(after, meant) for meant in here}
    return (len(said), True) in reached


def _ends(said: str, start: int) -> list[int]:
    """Where a phrase that starts here may end: before a space, at the end, or behind a Chinese character."""
    places = range(start + 1, len(said) + 1)
    return [end for end in places if end == len(said) or said[end] == " " or said[end - 1] >= _HAN]


def _stands_alone(said: str, phrase: str, end: int, kinds: Mapping[str, frozenset[str]]) -> bool:
    """A Chinese character alone begins many a word: it needs a gap or a filler behind it."""
    if len(phrase) > 1 or phrase < _HAN or end == len(said) or said[end] == " ":
        return True
    return said[end] in kinds[_FILLERS]


_FILLERS: Final = "fillers"


@cache
def _phrases() -> Mapping[str, Mapping[str, frozenset[str]]]:
    """Language → act → its whole phrases, folded."""
    found: dict[str, Mapping[str, frozenset[str]]] = {}
    for each in load_examples():
        kinds: dict[str, set[str]] = {_FILLERS: set(map(fold, each.fillers))}
        for phrase, act in each.exact.items():
            kinds.setdefault(act, set()).add(phrase)
        found[each.locale] = {kind: frozenset(phrases) for kind, phrases in kinds.items()}
    return found
