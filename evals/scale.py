"""How a knowledge base grows: `python -m evals.scale --passages 100000`.

Documents are made of the demo projects' own sentences, shuffled word by word, and stored by the real code: tables,
Chroma, baselines. Their vectors are sums of a random vector for each word, made in microseconds, so that what is timed
is everything but the embedding; what the real embedding of a passage with its sentences costs is measured on a sample.
"""

import asyncio
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from config.catalog import build_catalog
from config.project import Project
from config.versions import Version
from evals.bench_figures import percentile
from ingest.documents import Content
from ingest.passages import cut
from models.embeddings import open_encoder
from models.ports import Encoder, Vectors
from tools.knowledge import ChromaKnowledge, open_knowledge, scope_of
from tools.knowledge_records import NewDocument
from tools.knowledge_writer import passage_vectors
from tools.sentences import sentences

_KNOWLEDGE = Path(__file__).parent.parent / "projects"
_DIMENSION = 384
_A_DOCUMENT = 20
"""Passages in one document."""
_SENTENCES = 5
"""In one passage."""
_SAMPLE = 48
"""Passages that the real embedding is timed on."""
_WARM = 20


class WordVectors:
    """Embeddings that cost next to nothing: texts with words in common are near each other."""

    name = "words:1"
    dimension = _DIMENSION

    def __init__(self) -> None:
        self._words: dict[str, Vectors] = {}
        self._chance = np.random.default_rng(7)

    def encode_now(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:  # noqa: ARG002 - the port's
        """The normalised sums of the words' vectors."""
        return np.stack([self._vector(text) for text in texts])

    async def encode(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """The same."""
        return self.encode_now(texts, kind)

    def forget(self) -> None:
        """Nothing is kept of texts."""

    def _vector(self, text: str) -> Vectors:
        total = np.full(_DIMENSION, 0.1, np.float32)
        for word in text.split():
            if word not in self._words:
                self._words[word] = self._chance.standard_normal(_DIMENSION).astype(np.float32)
            total += self._words[word]
        return np.asarray(total / np.linalg.norm(total), np.float32)


class Timed:
    """Another encoder, with the seconds that were spent in it."""

    def __init__(self, inner: Encoder) -> None:
        self._inner = inner
        self.name = inner.name
        self.dimension = inner.dimension
        self.seconds = 0.0

    def encode_now(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """The other's vectors."""
        started = time.perf_counter()
        vectors = self._inner.encode_now(texts, kind)
        self.seconds += time.perf_counter() - started
        return vectors

    async def encode(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """The other's vectors."""
        started = time.perf_counter()
        vectors = await self._inner.encode(texts, kind)
        self.seconds += time.perf_counter() - started
        return vectors

    def forget(self) -> None:
        """Nothing is kept here."""


def demo_sentences() -> list[str]:
    """The English sentences of the demo projects' documents."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(_KNOWLEDGE.glob("*/knowledge/*.en.*"))]
    return [one for text in texts for one in sentences(text, "en") if len(one.split()) > 4]


def make_texts(count: int, chance: random.Random) -> list[str]:
    """Markdown texts that are cut into `count` passages together."""
    known = demo_sentences()
    words = sorted({word for one in known for word in one.split() if word.isalpha()})
    made = []
    for at in range(-(-count // _A_DOCUMENT)):
        sections = [
            f"## {' '.join(chance.sample(words, 2))} {at}-{part}\n\n"
            + " ".join(_altered(chance.choice(known), words, chance) for _ in range(_SENTENCES))
            for part in range(_A_DOCUMENT)
        ]
        made.append(f"# {' '.join(chance.sample(words, 3))} {at}\n\n" + "\n\n".join(sections))
    return made


def make_documents(count: int, chance: random.Random) -> list[NewDocument]:
    """Documents with `count` passages together, cut as files are."""
    made = []
    for at, whole in enumerate(make_texts(count, chance)):
        title, _, text = whole.removeprefix("# ").partition("\n\n")
        content = Content(title=title, text=text)
        made.append(
            NewDocument(
                id=f"{at:06d}",
                source=f"{at:06d}.md",
                origin="upload",
                title=content.title,
                locale="en",
                family=f"{at:06d}",
                hash=str(at),
                passages=cut(content, locale="en"),
            )
        )
    return made


def _altered(sentence: str, words: Sequence[str], chance: random.Random) -> str:
    """A sentence with every third word another one: no two passages are the same."""
    return " ".join(chance.choice(words) if chance.random() < 1 / 3 else word for word in sentence.split())


def embedding_seconds(documents: Sequence[NewDocument], encoder: Encoder) -> float:
    """What the real embedding takes for one passage and its sentences, on average over a sample."""
    sample = [passage.text for document in documents for passage in document.passages][:_SAMPLE]
    encoder.encode_now(["warm"], "passage")
    started = time.perf_counter()
    passage_vectors(encoder, sample)
    passage_vectors(encoder, [one for text in sample for one in sentences(text, "en")])
    return (time.perf_counter() - started) / len(sample)


async def ask(knowledge: ChromaKnowledge, timed: Timed, version: Version, questions: Sequence[str]) -> list[float]:
    """Milliseconds of each search beside its embedding."""
    spent = []
    for question in questions:
        timed.seconds = 0.0
        started = time.perf_counter()
        found = await knowledge.search(version, question, locale="en")
        spent.append(1000 * (time.perf_counter() - started - timed.seconds))
        if found["failure"] or not found["hits"]:
            raise typer.Exit(code=1)
    return spent[_WARM:]


def resident_mb() -> float:
    """The most memory this process has held."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 2**20 if sys.platform == "darwin" else most / 2**10


def run(
    *,
    passages: Annotated[int, typer.Option(help="How many passages.")] = 100_000,
    queries: Annotated[int, typer.Option(help="How many questions.")] = 500,
    embed: Annotated[bool, typer.Option(help="Also time the real embedding on a sample.")] = True,
) -> None:
    """Store the passages, ask the questions, print a table and a line of JSON."""
    chance = random.Random(7)  # noqa: S311 - the same texts every time, no secret
    documents = make_documents(passages, chance)
    count = sum(len(one.passages) for one in documents)
    version = Version(
        name="draft-0",
        project=Project(name="scale", locales=["en"]),
        folder=Path(),
        catalog=build_catalog({}),
        prompts={},
    )
    asked = [
        " ".join(chance.sample(chance.choice(chance.choice(documents).passages).text.split(), 8))
        for _ in range(queries + _WARM)
    ]
    figures: dict[str, float] = {"passages": count}
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        timed = Timed(WordVectors())
        knowledge = open_knowledge(f"chroma:{here / 'index'}", tables=here / "knowledge.db", encoder=timed)
        started = time.perf_counter()
        knowledge.write(scope_of(version), add=documents, remove=(), locales=["en"])
        stored = time.perf_counter() - started - timed.seconds
        figures |= {"storing, seconds": stored, "storing, ms a passage": 1000 * stored / count}
        spent = asyncio.run(ask(knowledge, timed, version, asked))
        figures |= {f"query p{part}, ms": percentile(spent, part) for part in (50, 95, 99)}
        figures["resident, MB"] = resident_mb()
        figures["on disk, MB"] = sum(file.stat().st_size for file in here.rglob("*") if file.is_file()) / 2**20
        knowledge.close()
    if embed:
        each = embedding_seconds(documents, open_encoder(None))
        figures |= {
            "embedding, ms a passage": 1000 * each,
            "all but embedding, share": stored / (stored + each * count),
        }
    _show(figures)


def _show(figures: dict[str, float]) -> None:
    table = Table("figure", "", title="A knowledge base as it grows")
    for name, value in figures.items():
        table.add_row(name, f"{value:,.0f}" if value >= 1000 else f"{value:.3f}")
    Console(width=100).print(table)
    typer.echo(json.dumps(figures))


if __name__ == "__main__":
    typer.run(run)
