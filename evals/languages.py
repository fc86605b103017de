"""How well intents with English examples only are understood in other languages.

`python -m evals.languages [--data DIR]` reads the examples of the demo bots, which are written in two languages, and
the questions of XQuAD, the same in three, whose articles stand for intents. It learns ten English sentences of each and
tests with the other language's. Beside it stands what would come of moving the other language's vectors by the
difference of the means of 50 of its sentences, without labels, and of the English ones, or by half of it: once with
sentences of all intents alike, and once with most of them from a few intents, as customers' messages are. There the
whole costs what it seemed to win. Half of it wins a point; but what a message means would depend on those before it and
on the worker that reads it, so nothing is learnt from messages.
"""

import json
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from ruamel.yaml import YAML
from threadpoolctl import threadpool_limits

from config.examples import plain
from config.project import Intent, Project
from models.embeddings import open_encoder
from models.ports import Encoder, Vectors
from understanding.intents import IntentModel, train_intents

PROJECTS: Final = Path(__file__).parent.parent / "projects"
LANGUAGES: Final = ("en", "tr", "zh")
SHOTS: Final = 10
UNLABELLED: Final = 50
SKEW: Final = 1.5
"""How fast intents become rarer from one to the next, as the power of their rank."""
WIDTH: Final = 110

Sentences = Mapping[str, Mapping[str, Sequence[str]]]
"""Intent → locale → sentences; those of one place in the lists need not mean the same."""


def demo_sentences(projects: Path = PROJECTS) -> dict[str, Sentences]:
    """The examples of every demo bot."""
    bots: dict[str, Sentences] = {}
    for path in sorted(projects.glob("*/project.yaml")):
        intents = YAML(typ="safe").load(path.read_text(encoding="utf-8"))["intents"]
        bots[path.parent.name] = {
            name: {locale: [plain(text) for text in texts] for locale, texts in spec.get("examples", {}).items()}
            for name, spec in intents.items()
        }
    return bots


def xquad_sentences(folder: Path) -> Sentences:
    """XQuAD's questions by article, in the same order in every language."""
    articles: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for locale in LANGUAGES:
        data = json.loads((folder / f"xquad.{locale}.dev.json").read_text(encoding="utf-8"))["data"]
        for place, article in enumerate(data):
            asked = [each["question"] for paragraph in article["paragraphs"] for each in paragraph["qas"]]
            articles[f"i_{place}"][locale] = asked
    return articles


def accuracy(sentences: Sentences, encoder: Encoder, *, locale: str, seed: int, parallel: bool) -> tuple[float, ...]:
    """As it is, and centred in four ways; `parallel`: translations of what was learnt are not tested with."""
    draw = random.Random(seed)  # noqa: S311 - a reproducible draw
    learnt: dict[str, list[str]] = {}
    tested: list[tuple[str, str]] = []
    for name, said in sentences.items():
        order = draw.sample(range(len(said["en"])), len(said["en"]))
        learnt[name] = [said["en"][place] for place in order[:SHOTS]]
        left = [said[locale][place] for place in order[SHOTS:]] if parallel else said[locale]
        tested += [(text, name) for text in left]
    intents = {name: Intent(examples={"en": texts}) for name, texts in learnt.items()}
    model, vectors = train_intents(Project(name="evaluation", locales=["en"], intents=intents), encoder)
    rows = encoder.encode_now([text for text, _ in tested], "query")
    truth = [name for _, name in tested]
    few = draw.sample(range(len(rows)), min(UNLABELLED, len(rows) // 2))
    rest = [place for place in range(len(rows)) if place not in set(few)]
    usual = draw.sample(sorted(sentences), len(sentences))
    often = [1 / (1 + usual.index(truth[place])) ** SKEW for place in few]
    skewed = draw.choices(few, weights=often, k=len(few))
    centre = vectors.mean(axis=0)
    ways = [(share, places) for places in (few, skewed) for share in (1.0, 0.5)]
    moved: list[Vectors] = [rows, *(rows + share * (centre - rows[places].mean(axis=0)) for share, places in ways)]
    return tuple(_right(model, each, truth, rest) for each in moved)


def _right(model: IntentModel, rows: Vectors, truth: Sequence[str], places: Sequence[int]) -> float:
    return float(np.mean([model.read(rows[place]).best == truth[place] for place in places]))


def main(
    data: Annotated[Path | None, typer.Option(help="Folder with xquad.<locale>.dev.json.")] = None,
    draws: Annotated[int, typer.Option(help="Random draws of examples.")] = 3,
    cache: Annotated[Path | None, typer.Option(help="A file that keeps vectors between runs.")] = None,
) -> None:
    """Print accuracy by language."""
    encoder = open_encoder(cache)
    table = Table("intents", "examples", "messages", "accuracy", "centred on 50", "half", "few intents", "half")
    sets = [(f"{name}, {len(said)} intents", said, False) for name, said in demo_sentences().items()]
    if data is not None:
        sets.append(("XQuAD, 16 articles", xquad_sentences(data), True))
    with threadpool_limits(limits=1):
        for name, said, parallel in sets:
            spoken = [each for each in LANGUAGES if all(each in texts for texts in said.values())]
            for locale in spoken if parallel else spoken[1:]:
                runs = [accuracy(said, encoder, locale=locale, seed=seed, parallel=parallel) for seed in range(draws)]
                figures = [f"{mean:.3f}" for mean in np.mean(runs, axis=0)]
                table.add_row(name, f"{SHOTS} en", locale, *figures)
    console = Console()
    (console if console.is_terminal else Console(width=WIDTH)).print(table)


if __name__ == "__main__":
    typer.run(main)
