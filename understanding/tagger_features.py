"""What the sequence tagger is told about each token: itself, its neighbours, and what the grammars see there."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from config.project import Slot
from understanding.grammar.folding import fold_word
from understanding.grammar.reading import Reading
from understanding.slot_assignment import Asked, assign
from understanding.slot_candidates import candidates_of

LONGEST = 400
"""Tokens of a message that are tagged."""
_TOKEN = re.compile(r"[\u3400-\u9fff]|\d+|[^\W\d_]+|[^\w\s]|_")


def tokens_of(reading: Reading) -> list[tuple[int, int]]:
    """Where the tokens of a text begin and end: words, runs of digits, marks, single Han characters."""
    return [match.span() for match in _TOKEN.finditer(reading.original)][:LONGEST]


@dataclass(frozen=True, slots=True)
class _Row:
    """One token as its neighbours see it."""

    word: str
    shape: str
    typed: list[str]
    glue: list[str]


def features(
    reading: Reading, tokens: list[tuple[int, int]], slots: Mapping[str, Slot], asked: Asked
) -> list[list[str]]:
    """What the tagger is told about each token."""
    typed = _typed(reading, tokens, slots, asked)
    pieces = [reading.original[start:end] for start, end in tokens]
    rows = [
        _Row(fold_word(piece), _shape(piece), typed[index], _glue(tokens, index)) for index, piece in enumerate(pieces)
    ]
    return [_token_features(rows, index, asked) for index in range(len(rows))]


def _token_features(rows: list[_Row], index: int, asked: Asked) -> list[str]:
    row = rows[index]
    told = ["bias", *row.typed, *_own(rows, index)]
    told += [f"g={word} {row.shape}" for word in row.glue]
    for offset in (-3, -2, -1, 0, 1, 2, 3):
        told += _neighbour(rows, index, offset)
    told += [f"r={name}" for name in asked.requested]
    told += [f"r={name} {row.shape}" for name in asked.requested]
    return [*told, f"n={min(len(rows), 5)}", f"at={min(index, 3)}", f"left={min(len(rows) - 1 - index, 3)}"]


def _neighbour(rows: list[_Row], index: int, offset: int) -> Iterator[str]:
    at = index + offset
    if not 0 <= at < len(rows):
        yield f"w{offset}={'<' if at < 0 else '>'}"
        return
    yield f"w{offset}={rows[at].word}"
    if abs(offset) < 3:
        yield f"s{offset}={rows[at].shape}"
    if 0 < abs(offset) < 3:
        yield from (f"{offset}{each}" for each in rows[at].typed)
    if abs(offset) == 1:
        yield from (f"{offset}g={each}" for each in rows[at].glue)


def _glue(tokens: list[tuple[int, int]], index: int) -> list[str]:
    """Whether the token touches its neighbours: "11:30AM" is one word, "11:30 AM" two."""
    touching = []
    if index and tokens[index - 1][1] == tokens[index][0]:
        touching.append("before")
    if index + 1 == len(tokens):
        touching.append("end")
    elif tokens[index][1] == tokens[index + 1][0]:
        touching.append("after")
    return touching


def _own(rows: list[_Row], index: int) -> list[str]:
    word, shape = rows[index].word, rows[index].shape
    before = rows[index - 1].word if index else "<"
    after = rows[index + 1].word if index + 1 < len(rows) else ">"
    return [
        f"p3={word[:3]}",
        f"x3={word[-3:]}",
        f"x2={word[-2:]}",
        f"b={before} {word}",
        f"a={word} {after}",
        f"c={before} {after}",
        f"bs={before} {shape}",
        f"as={shape} {after}",
        f"bb={' '.join(row.word for row in rows[max(0, index - 2) : index])}",
        f"aa={' '.join(row.word for row in rows[index + 1 : index + 3])}",
        f"sh={' '.join(row.shape for row in rows[max(0, index - 1) : index + 2])}",
    ]


def _shape(token: str) -> str:
    if token.isdecimal():
        return f"d{min(len(token), 5)}"
    if token.isupper():
        return "X" if len(token) == 1 else "XX"
    if token[:1].isupper():
        return "Xx"
    if token.isalpha():
        return "x"
    return token if token.isprintable() else "?"


def _typed(reading: Reading, tokens: list[tuple[int, int]], slots: Mapping[str, Slot], asked: Asked) -> list[list[str]]:
    """What the grammars see at each token: kinds of entities, and the slot they would fill."""
    languages = [reading.language]
    candidates = candidates_of(reading, slots, languages, asked)
    chosen = assign(reading, slots, languages, asked, candidates)
    spans = [(f"g={each.slot}", each.start, each.end) for each in chosen]
    spans += [(f"k={each.slot}", each.start, each.end) for each in candidates]
    spans += [("#", number.start, number.end) for number in reading.numbers]
    kinds = (*reading.dates(), *reading.times(), *reading.durations(), *reading.counts())
    spans += [(f"e={each.kind}", each.start, each.end) for each in kinds]
    rows: list[list[str]] = [[] for _ in tokens]
    for name, start, end in spans:
        first = True
        for index, (a, b) in enumerate(tokens):
            if a < end and start < b:
                rows[index].append(f"{name}{'B' if first else 'E' if b >= end else 'I'}")
                first = False
    return rows
