"""Messages made of whole phrases only: "no, thanks mate", "很好，谢谢", "stop it please"."""

from collections.abc import Iterator, Mapping
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
    opening = _opening(said)
    begun = [(each, kinds) for each, kinds in _phrases().items() if opening in kinds[_OPENINGS]]
    return next((each for each, kinds in begun if _is_made_of(said, kinds, act, beside)), None)


def _opening(said: str) -> str:
    """The least that a text and every phrase that it begins with have in common."""
    return said[: next(iter(_ends(said, 0)), 0)]


def _is_made_of(said: str, kinds: Mapping[str, frozenset[str]], act: str, beside: tuple[str, ...]) -> bool:
    """Whether phrases cover all of a text from left to right; two ways are kept open: with and without the act."""
    wanted, passed = kinds.get(act, frozenset()), [kinds[_FILLERS], *(kinds.get(other, ()) for other in beside)]
    reached = {0: {False}}
    while reached:
        start = min(reached)
        here = reached.pop(start)
        if start == len(said):
            return True in here
        for end in _ends(said, start):
            phrase, after = said[start:end], end + (said[end : end + 1] == " ")
            if phrase in wanted and _stands_alone(said, phrase, end, kinds):
                reached.setdefault(after, set()).update({True})
            elif any(phrase in phrases for phrases in passed):
                reached.setdefault(after, set()).update(here)
    return False


def _ends(said: str, start: int) -> Iterator[int]:
    """Where a phrase that starts here may end: before a space, at the end, or behind a Chinese character."""
    for end in range(start + 1, len(said)):
        if said[end] == " " or said[end - 1] >= _HAN:
            yield end
    if start < len(said):
        yield len(said)


def _stands_alone(said: str, phrase: str, end: int, kinds: Mapping[str, frozenset[str]]) -> bool:
    """A Chinese character alone begins many a word: it needs a gap or a filler behind it."""
    if len(phrase) > 1 or phrase < _HAN or end == len(said) or said[end] == " ":
        return True
    return said[end] in kinds[_FILLERS]


_FILLERS: Final = "fillers"
_OPENINGS: Final = "openings"


@cache
def _phrases() -> Mapping[str, Mapping[str, frozenset[str]]]:
    """Language → act → its whole phrases, folded; and how phrases of any kind begin."""
    found: dict[str, Mapping[str, frozenset[str]]] = {}
    for each in load_examples():
        kinds: dict[str, set[str]] = {_FILLERS: set(map(fold, each.fillers))}
        for phrase, act in each.exact.items():
            kinds.setdefault(act, set()).add(phrase)
        kinds[_OPENINGS] = {_opening(phrase) for phrases in kinds.values() for phrase in phrases}
        found[each.locale] = {kind: frozenset(phrases) for kind, phrases in kinds.items()}
    return found
