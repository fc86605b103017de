"""The questions a project's own documents answer: those of its tables of questions and answers.

They teach the classifier what is asked of the knowledge rather than done by an intent. Bounded in files, size and
number, so that a large knowledge base costs no more to learn than a small one. Headings of texts are left out: they
name the intents' own matters, and cost more intents than they find questions.
"""

import csv
import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from config.versions import Version

MOST: Final = 400
"""Questions that are learnt from; of more, every n-th."""
_FILES: Final = 200
_BYTES: Final = 1_000_000
_LONGEST: Final = 200
_SHORTEST: Final = 3
_COLUMNS: Final = ("question", "answer")


def known_questions(version: Version) -> tuple[str, ...]:
    """The questions of a version's knowledge, in the order of its files; nothing where it has none."""
    if not version.project.knowledge.enabled:
        return ()
    found = dict.fromkeys(
        text for path in question_tables(version) for text in _questions_in(path) if _SHORTEST <= len(text) <= _LONGEST
    )
    step = -(-len(found) // MOST) or 1
    return tuple(found)[::step]


def question_tables(version: Version) -> Iterator[Path]:
    """The tables of a project's sources that stand in its folder; links that lead out of it are left alone."""
    root = version.folder.resolve()
    count = 0
    for source in version.project.knowledge.paths if version.project.knowledge.enabled else ():
        start = (root / source).resolve()
        if not start.is_relative_to(root) or start == root:
            continue
        for path in sorted(start.rglob("*")) if start.is_dir() else [start]:
            fits = path.suffix.lower() == ".csv" and path.is_file()
            if fits and path.resolve().is_relative_to(root) and count < _FILES:
                count += 1
                yield path


def _questions_in(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as opened:
            text = opened.read(_BYTES).decode("utf-8-sig", "replace")
    except OSError:
        return
    yield from _rows(text)


def _rows(text: str) -> Iterator[str]:
    """The questions of a table that has a column of questions and one of answers."""
    rows = csv.reader(io.StringIO(text, newline=""), _dialect(text))
    try:
        header = [cell.strip().casefold() for cell in next(rows, [])]
        if not set(_COLUMNS) <= set(header):
            return
        place = header.index(_COLUMNS[0])
        for row in rows:
            if len(row) > place:
                yield row[place].strip()
    except csv.Error:
        return


def _dialect(text: str) -> type[csv.Dialect] | csv.Dialect:
    first = text.split("\n", 1)[0]
    return _separated(max(",;\t", key=first.count))


@cache
def _separated(mark: str) -> type[csv.Dialect]:
    return type("Separated", (csv.excel,), {"delimiter": mark})
