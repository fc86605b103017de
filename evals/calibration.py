"""What `switchboard calibrate` does to confidence: fitted to documents alone, judged on people's questions.

`python -m evals.calibration --data DIR` reads xquad.<locale>.dev.json (https://github.com/google-deepmind/xquad, CC
BY-SA 4.0). Every paragraph becomes a document of a project; weights are fitted to questions made of the documents, and
to a hundred labelled questions beside them, which are then left out. What is judged: real questions, the same with
their paragraph kept out, and questions for other businesses; as many are answered as leave out a fifth of the
answerable ones.
"""

import asyncio
import json
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from config.catalog import build_catalog
from config.project import Project
from config.versions import Version
from dialogue.confidence import SHIPPED, Calibration
from evals.retrieval import Asked, read_xquad
from measuring.calibrating import SHARES, calibrate
from measuring.figures import auroc, calibration_error, evened
from measuring.fitting import judged
from measuring.questions import patterns
from measuring.rows import Row
from measuring.trials import Outcome, Trial, ask
from models.embeddings import open_encoder
from tools.knowledge import ChromaKnowledge, open_knowledge, scope_of
from tools.knowledge_records import NewDocument, NewPassage

LABELLED = 100


def build(knowledge: ChromaKnowledge, paragraphs: Sequence[str], locale: str) -> Version:
    """A project that knows the paragraphs."""
    project = Project(name=f"xquad-{locale}", locales=[locale])
    version = Version(name="draft-0", project=project, folder=Path(), catalog=build_catalog({}), prompts={})
    documents = [
        NewDocument(
            id=f"{at:05d}",
            source=f"{at:05d}.txt",
            origin="upload",
            title="",
            locale=locale,
            family=f"{at:05d}",
            hash=str(at),
            passages=(NewPassage(heading="", text=text),),
        )
        for at, text in enumerate(paragraphs)
    ]
    knowledge.write(scope_of(version), add=documents, remove=(), locales=[locale])
    return version


def trials_of(asked: Sequence[Asked], locale: str) -> Iterator[Trial]:
    """Questions that are answered, cannot be answered, and have nothing to do with the documents."""
    for at, one in enumerate(asked):
        name = f"{one.paragraph:05d}"
        yield Trial(
            text=one.text,
            locale=locale,
            kind="answerable",
            origin="asked",
            group=name,
            right=lambda passage, name=name: passage.document == name,  # type: ignore[misc]  # mypy infers no type for a lambda's defaults
        )
        yield Trial(
            text=one.text,
            locale=locale,
            kind="removed",
            origin="asked",
            group=name,
            barred=lambda passage, name=name: passage.document == name,  # type: ignore[misc]  # as above
        )
        if at < len(patterns(locale)["elsewhere"]):
            text = patterns(locale)["elsewhere"][at]
            yield Trial(text=text, locale=locale, kind="unrelated", origin="asked", group=name)


def rate(outcomes: Sequence[Outcome], calibration: Calibration) -> dict[str, float]:
    """How well confidence separates and how honest it is."""
    weights = evened([one.trial.kind for one in outcomes], SHARES)
    found = judged(outcomes, np.array([one.confidence(calibration) for one in outcomes]), weights)
    kinds = np.array([one.trial.kind for one in outcomes])
    threshold = float(np.quantile(found.confidence[kinds == "answerable"], 0.2))
    answered = found.confidence >= threshold
    return {
        "AUROC": auroc(found) or 0.0,
        "ECE": calibration_error(found),
        "right of 80 %": float(found.right[(kinds == "answerable") & answered].mean()),
        "removed answered": float(answered[kinds == "removed"].mean()),
        "unrelated answered": float(answered[kinds == "unrelated"].mean()),
    }


async def measure(
    knowledge: ChromaKnowledge, paragraphs: Sequence[str], asked: Sequence[Asked], locale: str
) -> dict[str, dict[str, float]]:
    """Figures by whose weights are used."""
    version = build(knowledge, paragraphs, locale)
    chosen = set(np.random.default_rng(7).choice(len(asked), LABELLED, replace=False).tolist())
    rows = [
        Row(message=one.text, locale=locale, source=[f"{one.paragraph:05d}"])
        for at, one in enumerate(asked)
        if at in chosen
    ]
    rest = [one for at, one in enumerate(asked) if at not in chosen]
    now = datetime.now(UTC)
    made = await calibrate(version, knowledge, now=now)
    labelled = await calibrate(version, knowledge, rows=rows, now=now)
    outcomes = await ask(knowledge, version, list(trials_of(rest, locale)))
    return {
        "shipped": rate(outcomes, SHIPPED),
        "calibrated": rate(outcomes, made.stored.weights),
        f"with {LABELLED} labelled": rate(outcomes, labelled.stored.weights),
    }


async def measure_all(paths: Sequence[Path], cache: Path | None) -> dict[str, dict[str, dict[str, float]]]:
    """Every language of the data."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        knowledge = open_knowledge(f"chroma:{here / 'index'}", tables=here / "kb.db", encoder=open_encoder(cache))
        try:
            for path in paths:
                locale = path.name.split(".")[1]
                found[locale] = await measure(knowledge, *read_xquad(path), locale)
        finally:
            knowledge.close()
    return found


def run(
    *,
    data: Annotated[Path, typer.Option(help="Folder with xquad.<locale>.dev.json.")],
    cache: Annotated[Path | None, typer.Option(help="Where vectors are kept between runs.")] = None,
) -> None:
    """Print the figures as a table and as one line of JSON."""
    found = asyncio.run(measure_all(sorted(data.glob("xquad.*.dev.json")), cache))
    table = Table("weights", "figure", *found)
    for weights in next(iter(found.values()), {}):
        for figure in next(iter(found.values()))[weights]:
            table.add_row(weights, figure, *(f"{rows[weights][figure]:.3f}" for rows in found.values()))
    Console().print(table)
    typer.echo(json.dumps(found))


if __name__ == "__main__":
    typer.run(run)
