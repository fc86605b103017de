"""How often the grounding check sees a changed figure or name, and how often it doubts a right answer.

`python -m evals.grounding --data DIR` reads xquad.<locale>.dev.json (https://github.com/google-deepmind/xquad, CC BY-SA
4.0). An answer is a sentence of a paragraph, or two; what is changed in it is one figure, or one name for another
paragraph's.
"""

import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from evals.retrieval import Asked, read_xquad
from tools.grounding import check
from tools.sentences import sentences

_FIGURE: Final = re.compile(r"\d+")
_NAME: Final = re.compile(r"(?<=[a-zçğıöşü,] )[A-ZÇĞİÖŞÜ][a-zçğıöşü]{3,}")
Change = Callable[[str], str | None]


def measure(paragraphs: Sequence[str], asked: Sequence[Asked], locale: str, chance: random.Random) -> dict[str, float]:
    """Shares of flagged answers, by what was done to them."""
    names = [name for text in paragraphs for name in _NAME.findall(text)]
    said = [(at, one.strip()) for at, text in enumerate(paragraphs) for one in sentences(text, locale)]
    figures = {
        "right: a sentence": _flagged(paragraphs, said, lambda text: text),
        "a figure changed": _flagged(paragraphs, said, lambda text: _other_figure(text, chance)),
        "a figure ten times as large": _flagged(paragraphs, said, _larger),
        "a figure added": _flagged(paragraphs, said, lambda text: f"{text} {chance.randrange(1100, 98765)}."),
        "a name changed": _flagged(paragraphs, said, lambda text: _other_name(text, names, chance)),
        "another paragraph's sentence": _flagged(
            paragraphs, [((at + len(paragraphs) // 2) % len(paragraphs), one) for at, one in said], lambda text: text
        ),
    }
    restated = [(one.paragraph, f"{one.answers[0]}: {one.text}", one.text) for one in asked]
    doubted = [
        not check(text, [paragraphs[at]], question, same_language=True).grounded for at, text, question in restated
    ]
    return figures | {"right: answer and question": sum(doubted) / len(doubted)}


def _flagged(paragraphs: Sequence[str], said: Sequence[tuple[int, str]], change: Change) -> float:
    seen = [
        not check(changed, [paragraphs[at]], "", same_language=True).grounded
        for at, text in said
        if (changed := change(text)) is not None
    ]
    return sum(seen) / len(seen) if seen else float("nan")


def _other_figure(text: str, chance: random.Random) -> str | None:
    """One digit of one figure made another."""
    found = list(_FIGURE.finditer(text))
    if not found:
        return None
    match = chance.choice(found)
    at = chance.randrange(match.start(), match.end())
    digit = chance.choice([other for other in "123456789" if other != text[at]])
    return text[:at] + digit + text[at + 1 :]


def _larger(text: str) -> str | None:
    match = _FIGURE.search(text)
    return None if match is None else text[: match.end()] + "0" + text[match.end() :]


def _other_name(text: str, names: Sequence[str], chance: random.Random) -> str | None:
    match = _NAME.search(text)
    if match is None or not names:
        return None
    return text[: match.start()] + chance.choice(names) + text[match.end() :]


def _languages(data: Path) -> Iterator[str]:
    for path in sorted(data.glob("xquad.*.dev.json")):
        yield path.name.split(".")[1]


def run(*, data: Annotated[Path, typer.Option(help="Folder with xquad.<locale>.dev.json.")]) -> None:
    """Print the shares as a table and as one line of JSON."""
    found = {
        locale: measure(*read_xquad(data / f"xquad.{locale}.dev.json"), locale, random.Random(7))  # noqa: S311 - a draw
        for locale in _languages(data)
    }
    table = Table("share flagged", *found)
    for name in next(iter(found.values()), {}):
        table.add_row(name, *(f"{row[name]:.3f}" for row in found.values()))
    Console().print(table)
    typer.echo(json.dumps(found))


if __name__ == "__main__":
    typer.run(run)
