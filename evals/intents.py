"""How well intents are told apart, rejected and calibrated, on public data that a user brings.

`python -m evals.intents --data DIR` reads, where they are there, `banking77.train.csv` (github.com/PolyAI-LDN/
task-specific-datasets, CC BY 4.0) and `clinc150.dev.json` (github.com/clinc/oos-eval, CC BY 3.0). A part of the
training data that no classifier sees is the test; figures are means over random draws of examples.
"""

import csv
import json
import random
import re
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import numpy.typing as npt
import typer
from rich.console import Console
from rich.table import Table
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from config.project import Intent, Project
from models.embeddings import open_encoder
from models.ports import Encoder, Vectors
from understanding.intents import IntentModel, IntentReading, train_intents, training_texts

WIDTH: Final = 130
HELD_BACK: Final = 22
"""Sentences of each intent kept for testing where a data set has no such part of its own."""
SINGLE_DOMAIN: Final = (
    "balance",
    "bill_balance",
    "bill_due",
    "freeze_account",
    "pay_bill",
    "pin_change",
    "report_fraud",
    "routing",
    "transactions",
    "transfer",
)
SAME_DOMAIN_OUTSIDE: Final = ("account_blocked", "interest_rate", "min_payment", "order_checks", "spending_history")


@dataclass(frozen=True)
class Corpus:
    """Sentences by intent to learn from, sentences to test with, and sentences that no intent is meant by."""

    name: str
    train: Mapping[str, Sequence[str]]
    test: Sequence[tuple[str, str]]
    outside: Sequence[str]


@dataclass(frozen=True)
class Figures:
    """What one draw came to."""

    accuracy: float
    calibration_error: float
    """Of the first intent's score, over sentences that belong to the project."""
    mixed_error: float
    """Of the certainty, where one sentence in five belongs elsewhere."""
    auroc: float
    kept: float
    """In-scope sentences that are right and above the reject threshold."""
    rejected: float
    """Sentences of the outside below it."""
    seconds: float


def load_corpora(folder: Path) -> list[Corpus]:
    """The data sets that are in `folder`."""
    corpora = []
    if (folder / "banking77.train.csv").exists():
        corpora.append(_banking(folder / "banking77.train.csv"))
    if (folder / "clinc150.dev.json").exists():
        corpora += _clinc(folder / "clinc150.dev.json")
    return corpora


def _banking(path: Path) -> Corpus:
    by_intent: dict[str, list[str]] = defaultdict(list)
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            by_intent[row["category"]].append(row["text"].strip())
    train: dict[str, Sequence[str]] = {}
    test: list[tuple[str, str]] = []
    for intent, texts in sorted(by_intent.items()):
        shuffled = sorted(set(texts))
        random.Random(7).shuffle(shuffled)  # noqa: S311 - a reproducible draw
        back = min(HELD_BACK, len(shuffled) // 3)
        test += [(text, intent) for text in shuffled[:back]]
        train[intent] = shuffled[back:]
    return Corpus("BANKING77", train, test, ())


def _clinc(path: Path) -> list[Corpus]:
    data = json.loads(path.read_text(encoding="utf-8"))
    train: dict[str, list[str]] = defaultdict(list)
    for text, intent in data["train"]:
        train[intent].append(text)
    test = [(text, intent) for text, intent in data["val"]]
    outside = [text for text, _ in (*data["oos_train"], *data["oos_val"])]
    small = {intent: train[intent] for intent in SINGLE_DOMAIN}
    inside = [(text, intent) for text, intent in test if intent in SINGLE_DOMAIN]
    beside = [text for text, intent in test if intent in SAME_DOMAIN_OUTSIDE]
    return [
        Corpus("CLINC150", train, test, outside),
        Corpus("CLINC150, 10 bank intents", small, inside, outside),
        Corpus("CLINC150, 10 bank intents, outside: 5 others of the bank", small, inside, beside),
    ]


def run(corpus: Corpus, encoder: Encoder, *, shots: int | None, seed: int, named: bool = True) -> Figures:
    """Train on a draw of `shots` examples an intent (all of them: None) and test.

    `named`: the intents are called as the data set calls its labels, and their names are learnt from.
    """
    draw = random.Random(seed)  # noqa: S311 - a reproducible draw
    names = sorted(corpus.train)
    intents: dict[str, Intent] = {}
    for place, name in enumerate(names):
        chosen = list(corpus.train[name])
        draw.shuffle(chosen)
        key = re.sub(r"\W+", "_", name.lower()).strip("_") if named else f"i_{place}"
        intents[key] = Intent(examples={"en": chosen[:shots]})
    project = Project(name="evaluation", locales=["en"], intents=intents)
    encoder.encode_now(training_texts(project)[0], "query")
    began = time.process_time()
    model, _ = train_intents(project, encoder)
    seconds = time.process_time() - began
    return _figures(corpus, names, model, encoder, seconds)


def _figures(corpus: Corpus, names: Sequence[str], model: IntentModel, encoder: Encoder, seconds: float) -> Figures:
    inside = [model.read(vector) for vector in encoder.encode_now([text for text, _ in corpus.test], "query")]
    outside = [model.read(vector) for vector in encoder.encode_now(corpus.outside, "query")]
    meant = [model.intents[names.index(intent)] for _, intent in corpus.test]
    right = np.array([reading.best == intent for reading, intent in zip(inside, meant, strict=True)])
    kept = np.array([reading.verdict != "reject" for reading in inside])
    truth = [1] * len(inside) + [0] * len(outside)
    heights = [reading.logit for reading in (*inside, *outside)]
    return Figures(
        accuracy=float(right.mean()),
        calibration_error=calibration_error([r.ranking[0]["score"] for r in inside], right.astype(float)),
        mixed_error=_mixed_error(inside, outside, right),
        auroc=float(roc_auc_score(truth, heights)) if outside else float("nan"),
        kept=float((right & kept).mean()),
        rejected=float(np.mean([r.verdict == "reject" for r in outside])) if outside else float("nan"),
        seconds=seconds,
    )


def _mixed_error(inside: Sequence[IntentReading], outside: Sequence[IntentReading], right: Vectors) -> float:
    if not outside:
        return float("nan")
    chances = [reading.certainty for reading in (*inside, *outside)]
    truth = np.concatenate([right, np.zeros(len(outside))])
    weights = np.concatenate([np.full(len(inside), 0.8 / len(inside)), np.full(len(outside), 0.2 / len(outside))])
    return calibration_error(chances, truth, weights)


def calibration_error(
    chances: Sequence[float], truth: npt.NDArray[np.float64], weights: npt.NDArray[np.float64] | None = None
) -> float:
    """Expected calibration error in ten bins of equal width."""
    said = np.asarray(chances)
    shares = np.full(len(said), 1 / len(said)) if weights is None else weights
    bins = np.minimum((said * 10).astype(int), 9)
    return float(sum(abs((shares * (said - truth))[bins == each].sum()) for each in range(10)))


def main(
    data: Annotated[Path, typer.Option(help="Folder with banking77.train.csv and clinc150.dev.json.")],
    shots: Annotated[str, typer.Option(help="Examples an intent, comma-separated; 0 means all.")] = "5,10",
    draws: Annotated[int, typer.Option(help="Random draws of examples.")] = 3,
    cache: Annotated[Path | None, typer.Option(help="A file that keeps vectors between runs.")] = None,
    *,
    named: Annotated[bool, typer.Option(help="Whether the labels' words are the intents' names.")] = True,
) -> None:
    """Print accuracy, calibration error and out-of-scope figures."""
    encoder = open_encoder(cache)
    table = Table("data", "examples", "accuracy", "ECE", "ECE mixed", "AUROC", "kept", "rejected", "train s")
    with threadpool_limits(limits=1):
        for corpus in load_corpora(data):
            for count in (int(each) or None for each in shots.split(",")):
                runs = [
                    run(corpus, encoder, shots=count, seed=seed, named=named) for seed in range(draws if count else 1)
                ]
                means = np.mean([list(vars(each).values()) for each in runs], axis=0)
                table.add_row(corpus.name, str(count or "all"), *[f"{value:.3f}" for value in means])
    console = Console()
    (console if console.is_terminal else Console(width=WIDTH)).print(table)


if __name__ == "__main__":
    typer.run(main)
