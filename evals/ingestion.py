"""Ingestion as a whole: where its time goes, and what kills do to it.

`python -m evals.ingestion time --passages 10000` writes files of the demo projects' own sentences and ingests them as
`switchboard ingest` does; it prints how long reading and storing took, with vectors that cost next to nothing, beside
what the bundled embeddings of so many passages take, by a sample that is ingested with them.

`python -m evals.ingestion kills --count 20` ingests a folder whose files all change together, with embeddings that cost
next to nothing, and kills the process (SIGKILL) at a random moment of each run. After each kill another process looks
at the knowledge base: everything that is found must be of one edition, the one before or the new one.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from config.catalog import build_catalog
from config.project import Project
from config.versions import Version
from evals.scale import Timed, WordVectors, make_texts
from ingest.run import ingest_project
from models.embeddings import open_encoder
from models.ports import Encoder
from tools.knowledge import ChromaKnowledge, open_knowledge

_FILES = 40
_EDITION = "edition"
app = typer.Typer(help=__doc__, no_args_is_help=True)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What stands in a knowledge base."""

    stored: dict[int, int]
    """Edition → passages in the tables."""
    found: list[frozenset[int]]
    """Editions among the passages of each search; a reader may itself finish what a killed run left."""

    def whole(self, editions: Collection[int]) -> bool:
        """Whether every look saw all of one edition of `editions`, and none an older one than the look before."""
        looks = [min(one) for one in self.found if len(one) == 1]
        return (
            len(looks) == len(self.found)
            and looks == sorted(looks)
            and set(looks) <= set(editions)
            and list(self.stored.values()) == [_FILES]
            and set(self.stored) <= set(editions)
        )


@app.command("time")
def time_one(
    *,
    passages: Annotated[int, typer.Option(help="How many passages.")] = 10_000,
    sample: Annotated[int, typer.Option(help="On how many of them the bundled embeddings are timed.")] = 100,
) -> None:
    """Ingest that many passages, and print where the time goes; embedding them all is reckoned from a sample."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        chance = random.Random(7)  # noqa: S311 - the same texts every time, no secret
        small, _ = _timed(here / "sample", make_texts(sample, chance), open_encoder(None))
        large, again = _timed(here / "all", make_texts(passages, chance), WordVectors())
    each = small["embedding"] / small["passages"]
    rest = large["seconds"] - large["embedding"]
    _show(
        "An ingestion",
        {
            "sample, passages": small["passages"],
            "sample, embedding, ms a passage": 1000 * each,
            "files": large["files"],
            "passages": large["passages"],
            "reading and cutting, seconds": large["reading"],
            "storing and indexing, seconds": rest - large["reading"],
            "embedding, reckoned, seconds": each * large["passages"],
            "all but embedding, share": rest / (rest + each * large["passages"]),
            "a second run, nothing changed, seconds": again,
        },
    )


def _timed(folder: Path, texts: Sequence[str], inner: Encoder) -> tuple[dict[str, float], float]:
    """Figures of a first ingestion, and seconds of a second that finds nothing changed."""
    version = _project(folder, texts)
    encoder = Timed(inner)
    marks: dict[str, float] = {}
    knowledge = _open(folder, encoder)
    encoder.encode_now(["warm"], "passage")
    encoder.seconds = 0.0

    def report(name: str, _done: int, _total: int) -> None:
        marks.setdefault(name, time.perf_counter())

    started = time.perf_counter()
    summary = ingest_project(version, knowledge=knowledge, report=report)
    ended = time.perf_counter()
    ingest_project(version, knowledge=knowledge)
    again = time.perf_counter() - ended
    knowledge.close()
    figures = {
        "files": float(len(summary.added)),
        "passages": float(summary.passages),
        "seconds": ended - started,
        "embedding": encoder.seconds,
        "reading": marks["embedding"] - started,
    }
    return figures, again


@app.command()
def kills(
    *,
    count: Annotated[int, typer.Option(help="How many runs are killed.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the moments.")] = 7,
) -> None:
    """Kill ingestions at random moments, and look at what readers see after each."""
    chance = random.Random(seed)  # noqa: S311 - moments, no secret
    table = Table("kill", "after, s", "readers see", "searches find", "documents", title="Ingestions that were killed")
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        _write_edition(here, 0)
        whole = _run_child(here, None)
        before, broken, finished = 0, 0, 0
        for at in range(count):
            _write_edition(here, at + 1)
            # The first second goes into imports, when there is nothing to kill yet.
            after = chance.uniform(0.3 * whole, whole)
            _run_child(here, after)
            seen = asyncio.run(_look(here))
            right = seen.whole({before, at + 1})
            broken += not right
            finished += set(seen.stored) == {at + 1}
            table.add_row(
                str(at + 1),
                f"{after:.2f}",
                "mixed" if not right else "the new edition" if at + 1 in seen.stored else "the old edition",
                " ".join("+".join(map(str, sorted(one))) for one in seen.found),
                str(sum(seen.stored.values())),
            )
            before = next(iter(seen.stored), before)
        _write_edition(here, count + 1)
        _run_child(here, None)
        last = asyncio.run(_look(here))
    Console(width=100).print(table)
    whole_at_last = last.whole({count + 1})
    told = {"kills": count, "broken": broken, "old": count - finished, "new": finished, "next run whole": whole_at_last}
    typer.echo(json.dumps(told))
    if broken or not whole_at_last:
        raise typer.Exit(code=1)


@app.command(hidden=True)
def child(folder: Path) -> None:
    """One ingestion, in a process that may be killed."""
    knowledge = _open(folder, WordVectors())
    ingest_project(_version(folder), knowledge=knowledge)
    knowledge.close()


def _run_child(folder: Path, seconds: float | None) -> float:
    """Ingest in a process of its own, killed after `seconds`; how long it ran."""
    started = time.perf_counter()
    run = subprocess.Popen(  # noqa: S603 - this module
        [sys.executable, "-m", "evals.ingestion", "child", str(folder)], start_new_session=True
    )
    try:
        status = run.wait(seconds)
        if status:
            raise typer.Exit(code=1)
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    return time.perf_counter() - started


async def _look(folder: Path) -> Seen:
    """What a reader sees that only reads, and what it finds."""
    version = _version(folder)
    knowledge = _open(folder, WordVectors())
    found: list[frozenset[int]] = []
    try:
        for at in range(0, _FILES, 4):
            retrieval = await knowledge.search(version, f"topic{at} fee", locale="en")
            found.append(frozenset(_edition_of(one["text"]) for one in retrieval["passages"]))
        stored = Counter(_edition_of(one.text) for one in knowledge.passages(version))
    finally:
        knowledge.close()
    return Seen(stored=dict(stored), found=found)


def _edition_of(text: str) -> int:
    return int(text.partition(_EDITION)[2].split(".", 1)[0])


def _write_edition(folder: Path, edition: int) -> None:
    texts = [f"# Document {at}\n\nThe fee of topic{at} is that of {_EDITION} {edition}. " for at in range(_FILES)]
    _project(folder, texts)


def _project(folder: Path, texts: Sequence[str]) -> Version:
    version = _version(folder)
    place = version.folder / "knowledge"
    place.mkdir(parents=True, exist_ok=True)
    for at, text in enumerate(texts):
        (place / f"{at:06d}.md").write_text(text, encoding="utf-8")
    return version


def _version(folder: Path) -> Version:
    project = Project(name="grown", locales=["en"])
    return Version(name="draft-0", project=project, folder=folder / "grown", catalog=build_catalog({}), prompts={})


def _open(folder: Path, encoder: Encoder) -> ChromaKnowledge:
    return open_knowledge(f"chroma:{folder / 'index'}", tables=folder / "knowledge.db", encoder=encoder)


def _show(title: str, figures: dict[str, float]) -> None:
    table = Table("figure", "", title=title)
    for name, value in figures.items():
        table.add_row(name, f"{value:,.0f}" if value == int(value) else f"{value:.3f}")
    Console(width=100).print(table)
    typer.echo(json.dumps(figures))


if __name__ == "__main__":
    app()
