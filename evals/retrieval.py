"""How good retrieval, extractive answers and confidence are, on XQuAD: `python -m evals.retrieval --data DIR`.

DIR holds xquad.<locale>.dev.json (https://github.com/google-deepmind/xquad, SQuAD's form; CC BY-SA 4.0) and, for
unrelated questions, clinc150.dev.json (https://github.com/clinc/oos-eval; CC BY 3.0). Every paragraph is a document.
A question is asked three times over: of all paragraphs; of all but its own ("removed"), whose near misses stay; and
questions of another domain are asked of all ("unrelated"). Confidence is judged by the shipped formula.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from sklearn.metrics import roc_auc_score

from config.project import Project
from dialogue.confidence import retrieval_confidence
from models.embeddings import open_encoder
from models.ports import Encoder, Vectors
from tools import lexical
from tools.extracts import extract
from tools.hits import Hit
from tools.knowledge_probes import blended, probe_questions
from tools.knowledge_records import PassageRecord, Snapshot
from tools.knowledge_writer import passage_vectors
from tools.retrieval import Question, assemble, rank
from tools.sentences import sentences

_PROJECT = Project(name="xquad", locales=["en"])
_DENSE = 64
_BATCH = 64


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question of the data."""

    text: str
    paragraph: int
    answers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """The paragraphs of one language, ready to be searched."""

    locale: str
    passages: tuple[PassageRecord, ...]
    vectors: Vectors
    snapshot: Snapshot
    frequencies: dict[str, int]

    def search(self, text: str, vector: Vectors, locale: str, *, without: int | None = None) -> list[Hit]:
        """The ranking of the paragraphs nearest to a question, as the service makes it."""
        cosines = self.vectors @ vector
        nearest = [at for at in np.argsort(-cosines) if at != without][:_DENSE]
        return rank(self.question(text, vector, locale), [self.passages[at] for at in nearest], self.snapshot)

    def question(self, text: str, vector: Vectors, locale: str) -> Question:
        """A question against this corpus."""
        weights = lexical.weigh(text, self.snapshot.passages, self.frequencies)
        return Question(text=text, locale=locale, vector=vector, weights=weights, codes={})

    def confidence(self, text: str, vector: Vectors, hits: Sequence[Hit], locale: str) -> float:
        """The shipped formula on a ranking."""
        question = self.question(text, vector, locale)
        return retrieval_confidence(assemble(question, hits, self.snapshot, _PROJECT))


def read_xquad(path: Path) -> tuple[list[str], list[Asked]]:
    """Paragraphs and questions of one language."""
    paragraphs: list[str] = []
    asked: list[Asked] = []
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                answers = tuple(answer["text"] for answer in question["answers"])
                asked.append(Asked(text=question["question"], paragraph=len(paragraphs), answers=answers))
            paragraphs.append(paragraph["context"])
    return paragraphs, asked


def build_corpus(encoder: Encoder, paragraphs: Sequence[str], locale: str, asking: Sequence[str]) -> Corpus:
    """Paragraphs as documents of their own, with the baselines of the languages that will ask."""
    vectors = passage_vectors(encoder, paragraphs)
    said = [passage_vectors(encoder, sentences(text, locale)) for text in paragraphs]
    records = tuple(
        PassageRecord(
            id=f"{at:05d}",
            document=str(at),
            source=str(at),
            family=str(at),
            locale=locale,
            title="",
            heading="",
            text=text,
            answer=None,
            searchable=lexical.searchable(text),
            length=len(lexical.terms(text)),
            siblings=1,
            vectors=vectors[at : at + 1],
            said=said[at],
        )
        for at, text in enumerate(paragraphs)
    )
    frequencies: dict[str, int] = {}
    for text in paragraphs:
        for term in set(lexical.terms(text)):
            frequencies[term] = frequencies.get(term, 0) + 1
    probes = {one: encoder.encode_now(probe_questions(one), "query") for one in asking}
    baselines = {
        one: {locale: float(np.median(blended(vectors @ asked.T, said, asked).max(axis=0)))}
        for one, asked in probes.items()
    }
    snapshot = Snapshot(
        encoder=encoder.name,
        locales={locale: len(records)},
        mean_length=sum(record.length for record in records) / len(records),
        baselines=baselines,
    )
    return Corpus(locale=locale, passages=records, vectors=vectors, snapshot=snapshot, frequencies=frequencies)


def measure(
    corpus: Corpus, asked: Sequence[Asked], vectors: Vectors, unrelated: Sequence[tuple[str, Vectors]], locale: str
) -> dict[str, float]:
    """All figures of questions in `locale` against one corpus."""
    ranked = [corpus.search(one.text, vector, locale) for one, vector in zip(asked, vectors, strict=True)]
    places = np.array([_place(hits, one.paragraph) for hits, one in zip(ranked, asked, strict=True)])
    sure = np.array(
        [
            corpus.confidence(one.text, vector, hits, locale)
            for one, vector, hits in zip(asked, vectors, ranked, strict=True)
        ]
    )
    removed = np.array(
        [
            corpus.confidence(one.text, vector, corpus.search(one.text, vector, locale, without=one.paragraph), locale)
            for one, vector in zip(asked, vectors, strict=True)
        ]
    )
    strange = np.array(
        [corpus.confidence(text, vector, corpus.search(text, vector, locale), locale) for text, vector in unrelated]
    )
    figures = {
        "questions": float(len(asked)),
        "R@1": float((places < 1).mean()),
        "R@5": float((places < 5).mean()),
        "MRR": float((1 / (places + 1)).mean()),
    }
    figures |= _judge(places, sure, removed, strange)
    return figures if corpus.locale != locale else figures | _quote(corpus, asked, vectors, ranked, locale)


def _place(hits: Sequence[Hit], paragraph: int) -> int:
    return next((at for at, hit in enumerate(hits) if hit.passage.document == str(paragraph)), 10**6)


def _judge(places: Vectors, sure: Vectors, removed: Vectors, strange: Vectors) -> dict[str, float]:
    right = places < 1
    everything = np.concatenate([sure, removed, strange])
    truth = np.concatenate([right, np.zeros(len(removed) + len(strange), bool)])
    weights = np.concatenate(
        [
            np.full(len(kind), share / max(len(kind), 1))
            for kind, share in ((sure, 0.7), (removed, 0.15), (strange, 0.15))
        ]
    )
    threshold = float(np.quantile(sure, 0.2))
    figures = {
        "AUROC right": float(roc_auc_score(truth, everything, sample_weight=weights)),
        "AUROC removed": _area(sure, removed),
        "ECE": _calibration_error(everything, truth, weights),
        "p of 80 %": threshold,
        "right of 80 %": float(right[sure >= threshold].mean()),
        "removed answered": float((removed >= threshold).mean()),
        "answered at .3": float((sure >= 0.3).mean()),
        "right at .3": float(right[sure >= 0.3].mean()),
    }
    if len(strange):
        figures |= {
            "AUROC unrelated": _area(sure, strange),
            "unrelated answered": float((strange >= threshold).mean()),
        }
    return figures


def _area(good: Vectors, bad: Vectors) -> float:
    truth = np.concatenate([np.ones(len(good)), np.zeros(len(bad))])
    return float(roc_auc_score(truth, np.concatenate([good, bad])))


def _calibration_error(confidence: Vectors, right: Vectors, weights: Vectors, bins: int = 10) -> float:
    bands = np.minimum((confidence * bins).astype(int), bins - 1)
    total = 0.0
    for band in range(bins):
        inside = bands == band
        share = weights[inside].sum() / weights.sum()
        if share:
            gap = np.average(confidence[inside], weights=weights[inside]) - np.average(
                right[inside], weights=weights[inside]
            )
            total += share * abs(gap)
    return float(total)


def _quote(
    corpus: Corpus, asked: Sequence[Asked], vectors: Vectors, ranked: Sequence[Sequence[Hit]], locale: str
) -> dict[str, float]:
    held = 0
    started = time.process_time()
    for one, vector, hits in zip(asked, vectors, ranked, strict=True):
        found = assemble(corpus.question(one.text, vector, locale), hits, corpus.snapshot, _PROJECT)
        quoted = extract(one.text, found["passages"], locale=locale)
        text = lexical.fold(quoted.text) if quoted else ""
        held += any(lexical.fold(answer) in text for answer in one.answers)
    return {"quoted": held / len(asked), "ms a quote": 1000 * (time.process_time() - started) / len(asked)}


def _unrelated(data: Path, encoder: Encoder) -> list[tuple[str, Vectors]]:
    path = data / "clinc150.dev.json"
    if not path.is_file():
        return []
    splits = json.loads(path.read_text(encoding="utf-8"))
    texts = [text for name, rows in splits.items() if name.startswith("oos") for text, _ in rows]
    return list(zip(texts, encoder.encode_now(texts, "query"), strict=True))


def _languages(data: Path) -> Iterator[str]:
    for path in sorted(data.glob("xquad.*.dev.json")):
        yield path.name.split(".")[1]


def run(
    *,
    data: Annotated[Path, typer.Option(help="Folder with xquad.<locale>.dev.json and clinc150.dev.json.")],
    cache: Annotated[Path | None, typer.Option(help="Where vectors are kept between runs.")] = None,
    across: Annotated[bool, typer.Option(help="Also ask every language's questions of English paragraphs.")] = True,
) -> None:
    """Print the figures as tables and as one line of JSON."""
    encoder = open_encoder(cache)
    locales = list(_languages(data))
    read = {locale: read_xquad(data / f"xquad.{locale}.dev.json") for locale in locales}
    asked = {locale: encoder.encode_now([one.text for one in read[locale][1]], "query") for locale in locales}
    unrelated = _unrelated(data, encoder)
    figures: dict[str, dict[str, float]] = {}
    for locale in locales:
        asking = locales if across else [locale]
        corpus = build_corpus(encoder, read[locale][0], locale, asking)
        for one in asking:
            if one == locale or "en" in {one, locale}:
                strange = unrelated if one == "en" else []
                figures[f"{one} → {locale}"] = measure(corpus, read[one][1], asked[one], strange, one)
    _show(figures)


def _show(figures: dict[str, dict[str, float]]) -> None:
    console = Console(width=200)
    names = list(dict.fromkeys(name for row in figures.values() for name in row))
    table = Table("figure", *figures, title="XQuAD")
    for name in names:
        table.add_row(name, *(f"{row[name]:.3f}" if name in row else "–" for row in figures.values()))
    console.print(table)
    typer.echo(json.dumps(figures, ensure_ascii=False))


if __name__ == "__main__":
    typer.run(run)
