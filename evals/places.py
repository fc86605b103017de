"""XQuAD asked of every place where vectors may be kept: `python -m evals.places --data DIR`.

The same port should give the same figures: Chroma in a folder, pgvector read through, pgvector by its HNSW index. DIR
holds xquad.<locale>.dev.json (https://github.com/google-deepmind/xquad, CC BY-SA 4.0); PostgreSQL is started here.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from rich.console import Console
from rich.table import Table

from evals.calibration import build
from evals.postgres_server import database, postgres_server
from evals.retrieval import Asked, read_xquad
from models.embeddings import open_encoder
from models.ports import Encoder
from tools.knowledge import ChromaKnowledge, open_knowledge
from tools.knowledge_pgvector import PgVectorIndex
from tools.knowledge_tables import KnowledgeTables
from tools.postgres_url import PostgresAddress

Found = dict[str, list[list[str]]]
"""Language → of each question the passages that were found, best first."""


@contextmanager
def places(folder: Path, encoder: Encoder) -> Iterator[dict[str, ChromaKnowledge]]:
    """A knowledge base in each place, empty."""
    with (
        postgres_server(folder / "postgres") as server,
        database(server, "plain") as plain,
        database(server, "indexed") as indexed,
    ):
        with psycopg.connect(indexed, autocommit=True) as raw:
            # So few rows would else be read through in spite of an index.
            raw.execute('ALTER DATABASE "indexed" SET enable_seqscan = off')
        address = PostgresAddress(indexed)
        opened = {
            "Chroma": open_knowledge(f"chroma:{folder / 'index'}", tables=folder / "1.db", encoder=encoder),
            "pgvector": open_knowledge("pgvector", tables=folder / "2.db", encoder=encoder, database=plain),
            "pgvector, HNSW": ChromaKnowledge(
                KnowledgeTables(folder / "3.db"), encoder, PgVectorIndex(address, hnsw_from=1)
            ),
        }
        try:
            yield opened
        finally:
            for one in opened.values():
                one.close()


async def measure(
    knowledge: ChromaKnowledge, read: dict[str, tuple[list[str], list[Asked]]]
) -> tuple[dict[str, float], Found]:
    """Figures of one place, and what it found."""
    figures: dict[str, float] = {}
    found: Found = {}
    for locale, (paragraphs, asked) in read.items():
        version = build(knowledge, paragraphs, locale)
        await knowledge.encoder.encode([one.text for one in asked], "query")
        started = time.perf_counter()
        searches = [await knowledge.search(version, one.text, locale=locale) for one in asked]
        figures[f"{locale}: ms a search"] = 1000 * (time.perf_counter() - started) / len(asked)
        found[locale] = [[passage["source"] for passage in one["passages"]] for one in searches]
        for most in (1, 5):
            figures[f"{locale}: R@{most}"] = _recall(found[locale], asked, most)
    return figures, found


def _recall(found: Sequence[Sequence[str]], asked: Sequence[Asked], most: int) -> float:
    held = (f"{one.paragraph:05d}.txt" in names[:most] for names, one in zip(found, asked, strict=True))
    return sum(held) / len(asked)


async def measure_all(read: dict[str, tuple[list[str], list[Asked]]], encoder: Encoder) -> dict[str, dict[str, float]]:
    """Figures by place; how many questions found other passages than in the first is one of them."""
    figures: dict[str, dict[str, float]] = {}
    first: Found | None = None
    with tempfile.TemporaryDirectory() as folder, places(Path(folder), encoder) as opened:
        for name, knowledge in opened.items():
            figures[name], found = await measure(knowledge, read)
            first = first or found
            for locale, lists in found.items():
                differ = sum(one != other for one, other in zip(lists, first[locale], strict=True))
                figures[name][f"{locale}: found otherwise"] = float(differ)
    return figures


def run(
    *,
    data: Annotated[Path, typer.Option(help="Folder with xquad.<locale>.dev.json.")],
    cache: Annotated[Path | None, typer.Option(help="Where vectors are kept between runs.")] = None,
) -> None:
    """Print the figures as a table and as one line of JSON."""
    paths = sorted(data.glob("xquad.*.dev.json"))
    read = {path.name.split(".")[1]: read_xquad(path) for path in paths}
    figures = asyncio.run(measure_all(read, open_encoder(cache)))
    table = Table("figure", *figures, title="XQuAD by place")
    for name in next(iter(figures.values())):
        table.add_row(name, *(f"{row[name]:.3f}" for row in figures.values()))
    Console().print(table)
    typer.echo(json.dumps(figures))


if __name__ == "__main__":
    typer.run(run)
