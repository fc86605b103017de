"""Which of a project's intents a message means, how probable each is, and whether to act, to ask or to let it be.

A linear classifier over sentence vectors, trained on the project's examples. What is outside of the project is seen by
the largest logit, against thresholds taken from cross-validation: no examples of the outside are needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from config.examples import plain
from config.project import Intent, Project
from dialogue.state import Ranked
from models.ports import Encoder, Vectors
from understanding.act_examples import OTHER, QUESTION, load_examples, vectors_of
from understanding.calibration import Blend, Scope, fit_blend, fit_scope
from understanding.languages_apart import language_directions
from understanding.linear import Classifier, Held, cross_validate, fit_classifier
from understanding.neighbours import Neighbours, neighbours_of
from understanding.space import unit

Verdict = Literal["sure", "ask", "reject"]

STRENGTH: Final = 10.0
REJECT_QUANTILE: Final = 0.05
ASK_QUANTILE: Final = 0.10
FAR: Final = 0.5
"""A background sentence nearer than this cosine to an example may be meant by an intent: it is left out."""
_FOLDS: Final = 5
_MANY: Final = 4000
"""From so many examples on, one fold says as much as five."""
_ENOUGH: Final = 8
"""Held-out examples needed before their quantiles are trusted."""
_OWN: Final = 0.6
"""How much smaller a customer's logit is than that of an example the classifier was trained on."""


@dataclass(frozen=True)
class IntentReading:
    """What the classifier makes of one message."""

    ranking: tuple[Ranked, ...]
    """Scores say how probable each is of a message that belongs to the project."""
    certainty: float
    """How probable the first is of any message: it may be one that belongs elsewhere."""
    verdict: Verdict
    logit: float = 0.0
    """The largest one: how near the message is to anything the project knows."""
    known_question: float = 0.0
    """How probable it is that the message asks what the project's own tables of questions answer."""

    @property
    def best(self) -> str | None:
        """The first of the ranking."""
        return self.ranking[0]["intent"] if self.ranking else None


@dataclass(frozen=True)
class Thresholds:
    """Largest logits below which an intent is let be, or asked about."""

    reject: float
    ask: float


@dataclass(frozen=True)
class IntentModel:
    """The trained classifier of one version; behind the intents come its known questions and the background."""

    intents: tuple[str, ...]
    classifier: Classifier | None
    blend: Blend
    thresholds: Thresholds
    scope: Scope
    knows_questions: bool = False
    """Whether the class behind the intents is that of questions the knowledge answers."""
    neighbours: Neighbours | None = None
    """The examples themselves, where their votes say more than the classifier alone."""

    def read(self, vector: Vectors) -> IntentReading:
        """Rank the intents for one message."""
        if self.classifier is None:
            return IntentReading((), 0.0, "reject")
        placed = self.classifier.space.place(vector[None, :])
        logits = self.classifier.linear.logits(placed)
        own = len(self.intents)
        votes = self.neighbours.votes(placed, own + self.knows_questions) if self.neighbours else None
        shares = self.blend.chances(logits, votes)[0]
        chances = shares[:own]
        known = float(shares[own]) if self.knows_questions else 0.0
        highest = float(logits[0, :own].max())
        ranking = tuple(
            Ranked(intent=self.intents[place], score=round(float(chances[place]), 4)) for place in np.argsort(-chances)
        )
        certainty = round(float(chances.max()) * self.scope.chance(highest), 4)
        return IntentReading(ranking, certainty, self._verdict(highest, chances), highest, known)

    def _verdict(self, highest: float, chances: Vectors) -> Verdict:
        if highest < self.thresholds.reject or chances.max() < 0.05:
            return "reject"
        first, second = np.sort(chances)[::-1][:2] if len(chances) > 1 else (chances[0], 0.0)
        close = second > 0.25 and first - second < 0.2
        return "ask" if highest < self.thresholds.ask or close or first < 0.5 else "sure"


def training_texts(project: Project) -> tuple[list[str], list[int]]:
    """Sentences of every intent, with its place; one without examples is known by its title and description."""
    texts: list[str] = []
    labels: list[int] = []
    for place, (name, spec) in enumerate(project.intents.items()):
        said = [*_examples(spec), *_names(name, spec)]
        if not _examples(spec) and spec.description:
            said.append(spec.description)
        unique = list(dict.fromkeys(text for text in said if text.strip()))
        texts += unique
        labels += [place] * len(unique)
    return texts, labels


def _examples(spec: Intent) -> list[str]:
    return [plain(example) for locale in spec.examples for example in spec.examples[locale]]


def _names(name: str, spec: Intent) -> list[str]:
    """What the author calls an intent: its titles, or the words of its key where there is none but examples are.

    A key of one word is no name to learn from: it is near to whatever else is said in one word.
    """
    if spec.title is not None:
        return [spec.title] if isinstance(spec.title, str) else list(spec.title.values())
    words = [word for word in name.split("_") if word.isalpha()]
    return [" ".join(words)] if len(words) > 1 and any(_examples(spec)) else []


def train_intents(project: Project, encoder: Encoder, questions: Sequence[str] = ()) -> tuple[IntentModel, Vectors]:
    """The classifier of a project's intents, and the vectors of its examples; blocking.

    `questions` are those its own documents answer: one more class, so that they do not start the intent they are near.
    """
    texts, labels = training_texts(project)
    vectors = encoder.encode_now(texts, "query")
    names = tuple(project.intents)
    if not labels:
        return IntentModel(names, None, Blend(1.0), Thresholds(0, 0), Scope(0, 0)), vectors
    said = [set(_examples(spec)) for spec in project.intents.values()]
    told = [text not in said[label] for text, label in zip(texts, labels, strict=True)]
    background = background_for(vectors, encoder)
    asked = encoder.encode_now(questions, "query") if questions else None
    aside = language_directions(encoder)
    return fit_intents(names, vectors, labels, background, asked=asked, told=told, aside=aside), vectors


def fit_intents(
    names: Sequence[str],
    vectors: Vectors,
    labels: Sequence[int],
    background: Vectors,
    *,
    asked: Vectors | None = None,
    told: Sequence[bool] | None = None,
    aside: Vectors | None = None,
) -> IntentModel:
    """Train on vectors of examples, of questions the knowledge answers, and of sentences that belong to no intent.

    Those that are `told` are an author's names for an intent: they are learnt from, and nothing is measured on them.
    `aside` are directions of the vectors that say nothing of what is meant.
    """
    own = len(names)
    if asked is not None and len(asked):
        vectors, labels = np.concatenate([vectors, asked]), [*labels, *[own] * len(asked)]
        told = None if told is None else [*told, *[False] * len(asked)]
    knows = len(labels) > 0 and max(labels) == own
    classifier = fit_classifier(
        vectors, labels, strength=STRENGTH, classes=own + knows, background=background, aside=aside
    )
    held = _held(classifier, vectors, labels, background, told)
    blend = fit_blend(held.logits, held.votes, held.labels)
    mine = held.logits[np.asarray(held.labels) < own]
    inside, outside = (rows[:, :own].max(axis=1) for rows in (mine, held.outside))
    reject, ask = (float(np.quantile(inside, q)) if len(inside) else 0.0 for q in (REJECT_QUANTILE, ASK_QUANTILE))
    scope = fit_scope(inside, outside)
    near = neighbours_of(classifier.space.place(vectors), labels) if blend.share else None
    return IntentModel(tuple(names), classifier, blend, Thresholds(reject, ask), scope, knows, near)


def _held(
    classifier: Classifier, vectors: Vectors, labels: Sequence[int], background: Vectors, told: Sequence[bool] | None
) -> Held:
    """What is known of examples that were not learnt from; guessed where there are too few."""
    rounds = 1 if len(labels) > _MANY else _FOLDS
    held = cross_validate(
        vectors,
        labels,
        folds=_FOLDS,
        strength=STRENGTH,
        background=background,
        rounds=rounds,
        kept=told,
        aside=classifier.space.aside,
    )
    if len(held.labels) >= _ENOUGH:
        return held
    guessed = classifier.logits(vectors) * _OWN
    votes = np.zeros((len(labels), max(labels) + 1), dtype=np.float32)
    return Held(guessed, list(labels), classifier.logits(background), votes)


def background_for(vectors: Vectors, encoder: Encoder) -> Vectors:
    """Shipped sentences of other trades that are far from every example of the project."""
    texts = [text for each in load_examples() for text, act in each.labelled if act in (OTHER, QUESTION)]
    rows = vectors_of(texts, encoder)
    mean = vectors.mean(axis=0) if len(vectors) > 1 else rows.mean(axis=0)
    centred, centres = unit(rows - mean), unit(vectors - mean)
    far: Vectors = rows[(centred @ centres.T).max(axis=1) < FAR]
    return far
