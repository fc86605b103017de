"""An author's example sentences, in which `[500 lira](amount)` marks a slot."""

import re
from typing import Final, NamedTuple

_MARKED: Final = re.compile(r"\[([^\[\]]+)\]\(\s*([A-Za-z_][A-Za-z0-9_]*)\s*\)")


class Mark(NamedTuple):
    """A slot's words in a sentence: `plain(example)[start:end]`."""

    slot: str
    start: int
    end: int


def plain(example: str) -> str:
    """The sentence as a customer writes it."""
    return _MARKED.sub(r"\1", example)


def marks(example: str) -> tuple[Mark, ...]:
    """The marked slots, with their places in the plain sentence."""
    found, removed = list[Mark](), 0
    for match in _MARKED.finditer(example):
        start = match.start() - removed
        found.append(Mark(match[2], start, start + len(match[1])))
        removed += len(match[0]) - len(match[1])
    return tuple(found)
