"""What the embedded engine learns from one version: its intents, the acts against them, and how its examples ask.

Kept on disk as plain arrays under a hash of everything it was learnt from; deleting the files costs only time.
"""

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import structlog
from threadpoolctl import threadpool_limits

from config.project import Project
from config.versions import Version
from models.ports import Encoder, Vectors
from understanding.act_examples import load_examples
from understanding.acts import ActModel, train_acts
from understanding.calibration import Blend, Scope
from understanding.intents import IntentModel, Thresholds, train_intents, training_texts
from understanding.known_questions import known_questions
from understanding.linear import Classifier, Linear
from understanding.neighbours import Neighbours
from understanding.numbers import numbers_of
from understanding.space import Space
from understanding.tagger import SlotTagger, marked_examples, train_tagger
from understanding.vocabulary import Vocabulary, learn

log = structlog.get_logger(__name__)

FORMAT = "10"
"""Raised when training changes, so that what was learnt before is learnt again."""


@dataclass(frozen=True)
class Trained:
    """The classifiers of one version."""

    intents: IntentModel
    acts: ActModel
    asking: Mapping[str, float]
    """Intent → share of its examples that are questions for information."""
    vocabulary: Vocabulary
    numbers: tuple[str, ...] = ()
    """Those of its examples, the most frequent first."""
    tagger: SlotTagger | None = None
    """Where the project marks enough examples."""


def train(version: Version, encoder: Encoder, cache: Path | None) -> Trained:
    """Learn a version, or read what was learnt from exactly this before; blocking."""
    project, questions = version.project, known_questions(version)
    path = cache / f"{content_hash(project, encoder.name, questions)}.npz" if cache else None
    texts, labels = training_texts(project)
    names = list(project.intents)
    vocabulary = learn([(text, names[label]) for text, label in zip(texts, labels, strict=True)], questions)
    numbers = numbers_of(texts)
    known = _read(path, vocabulary, numbers) if path else None
    if known is not None:
        return known
    # Many small products: on a busy machine the linear algebra's own threads would wait for each other.
    with threadpool_limits(limits=1):
        intents, vectors = train_intents(project, encoder, questions)
        acts = train_acts(encoder, texts, vectors, project.locales)
        tagger = train_tagger(project, now=datetime.now(UTC))
        trained = Trained(intents, acts, _asking(project, acts, vectors), vocabulary, numbers, tagger)
    if path:
        _write(path, trained)
    return trained


def content_hash(project: Project, encoder: str, questions: Sequence[str] = ()) -> str:
    """A name for all that training reads."""
    texts, labels = training_texts(project)
    shipped = [[each.locale, sorted(each.exact.items()), each.labelled] for each in load_examples()]
    marked = [[each.text, each.marks, each.locale] for each in marked_examples(project)]
    slots = {
        f"{intent}.{name}": slot.model_dump(include={"type", "values", "cues", "pattern", "format", "currency"})
        for intent in project.intents
        for name, slot in project.slots_of(intent).items()
    }
    read = [
        FORMAT,
        encoder,
        project.locales,
        list(project.intents),
        texts,
        labels,
        shipped,
        list(questions),
        marked,
        slots,
    ]
    return hashlib.sha256(json.dumps(read, ensure_ascii=False).encode("utf-8", "replace")).hexdigest()[:32]


def _asking(project: Project, acts: ActModel, vectors: Vectors) -> dict[str, float]:
    texts, labels = training_texts(project)
    asks: dict[str, list[float]] = {name: [] for name in project.intents}
    names = list(project.intents)
    for text, label, vector in zip(texts, labels, vectors, strict=True):
        asks[names[label]].append(acts.asks(text, vector))
    return {name: float(np.mean(shares)) if shares else 0.0 for name, shares in asks.items()}


def _read(path: Path, vocabulary: Vocabulary, numbers: tuple[str, ...]) -> Trained | None:
    try:
        # Opened here, because numpy leaves the file open where it turns out to be no archive.
        with path.open("rb") as opened, np.load(opened) as file:
            arrays = {name: file[name] for name in file.files}
        meta = json.loads(str(arrays["meta"]))
        limits = Thresholds(**meta["thresholds"])
        classifier = _classifier(arrays, "intents") if meta["intents_trained"] else None
        names, scope = tuple(meta["intents"]), Scope(**meta["scope"])
        intents = IntentModel(
            names, classifier, Blend(**meta["blend"]), limits, scope, meta["knows"], _neighbours(arrays)
        )
        question = Linear(arrays["question_weights"], arrays["question_bias"])
        space = Space(arrays["acts_mean"], arrays["acts_projection"])
        linear = Linear(arrays["acts_weights"], arrays["acts_bias"])
        acts = ActModel(space, linear, question, load_examples())
        tagger = SlotTagger(arrays["tagger"].tobytes()) if "tagger" in arrays else None
        return Trained(intents, acts, meta["asking"], vocabulary, numbers, tagger)
    except FileNotFoundError:
        return None
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        log.warning("what was learnt cannot be read, learning again", path=str(path), cause=str(error))
        return None


def _write(path: Path, trained: Trained) -> None:
    meta = {
        "intents": trained.intents.intents,
        "intents_trained": trained.intents.classifier is not None,
        "blend": vars(trained.intents.blend),
        "thresholds": vars(trained.intents.thresholds),
        "scope": vars(trained.intents.scope),
        "knows": trained.intents.knows_questions,
        "asking": dict(trained.asking),
    }
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "question_weights": trained.acts.question.weights,
        "question_bias": trained.acts.question.bias,
    }
    arrays |= _arrays(Classifier(trained.acts.space, trained.acts.acts), "acts")
    if trained.intents.classifier is not None:
        arrays |= _arrays(trained.intents.classifier, "intents")
    if trained.intents.neighbours is not None:
        arrays["near_rows"] = trained.intents.neighbours.rows
        arrays["near_labels"] = trained.intents.neighbours.labels
    if trained.tagger is not None:
        arrays["tagger"] = np.frombuffer(trained.tagger.model, dtype=np.uint8)
    draft = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            np.savez(file, allow_pickle=False, meta=np.array(json.dumps(meta)), **arrays)
        draft.replace(path)
    except OSError as error:
        log.warning("what was learnt cannot be kept", path=str(path), cause=str(error))


def _arrays(classifier: Classifier, name: str) -> dict[str, Vectors]:
    arrays = {
        f"{name}_mean": classifier.space.mean,
        f"{name}_projection": classifier.space.projection,
        f"{name}_weights": classifier.linear.weights,
        f"{name}_bias": classifier.linear.bias,
    }
    aside = classifier.space.aside
    return arrays if aside is None else {**arrays, f"{name}_aside": aside}


def _neighbours(arrays: Mapping[str, npt.NDArray[np.generic]]) -> Neighbours | None:
    if "near_rows" not in arrays:
        return None
    return Neighbours(arrays["near_rows"].astype(np.float32), arrays["near_labels"].astype(np.int64))


def _classifier(arrays: Mapping[str, Vectors], name: str) -> Classifier:
    space = Space(arrays[f"{name}_mean"], arrays[f"{name}_projection"], arrays.get(f"{name}_aside"))
    return Classifier(space, Linear(arrays[f"{name}_weights"], arrays[f"{name}_bias"]))
