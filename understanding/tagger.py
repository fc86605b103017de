"""A sequence tagger (a conditional random field) trained on a project's marked examples.

It learns what the grammars cannot know: how this project's customers name things. What the grammars find goes into it
as features, so that a few hundred examples are enough; below `MINIMUM` the grammars alone are better.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Lock

import pycrfsuite

from config.catalog import LAST_RESORT
from config.examples import marks, plain
from config.project import Project, Slot
from understanding.grammar.loading import load_language
from understanding.grammar.reading import Reading
from understanding.slot_assignment import Asked, Candidate
from understanding.slot_candidates import candidates_of
from understanding.tagger_features import features, tokens_of

MINIMUM = 150
"""Marked examples below which there is no tagger."""
_OUTSIDE = "O"
_FREE = ("text", "name")
_SURE = 0.6
"""From this probability on the tagger's own piece of free text is taken, not the grammars'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A sentence with the places of its slots' values: (slot, start, end)."""

    text: str
    marks: tuple[tuple[str, int, int], ...]
    locale: str
    requested: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """A piece of a text that the tagger takes for a slot's value."""

    slot: str
    start: int
    end: int
    probability: float


def marked_examples(project: Project) -> list[Marked]:
    """The examples with marked slots, and those of intents without slots: sentences that hold no value."""
    found = []
    for intent in project.intents.values():
        for locale, examples in intent.examples.items():
            for example in examples:
                marked = tuple((mark.slot, mark.start, mark.end) for mark in marks(example))
                if marked or not intent.slots:
                    found.append(Marked(text=plain(example), marks=marked, locale=locale))
    return found


def train_tagger(project: Project, *, now: datetime) -> "SlotTagger | None":
    """The tagger of a project; None where it marks too few examples. Takes about 3 ms an example."""
    slots: dict[str, Slot] = {}
    for name in project.intents:
        slots.update({slot: spec for slot, spec in project.slots_of(name).items() if slot not in slots})
    examples = marked_examples(project)
    if sum(bool(example.marks) for example in examples) < MINIMUM:
        return None
    return SlotTagger.train(examples, slots, now=now)


class SlotTagger:
    """Marks slots' values in a text as the examples it was trained on do."""

    def __init__(self, model: bytes) -> None:
        self.model = model
        """What to keep: `SlotTagger(model)` is the same tagger again."""
        self._lock = Lock()
        self._tagger = pycrfsuite.Tagger()
        self._tagger.open_inmemory(model)

    @classmethod
    def train(
        cls, examples: Sequence[Marked], slots: Mapping[str, Slot], *, now: datetime, minimum: int = MINIMUM
    ) -> "SlotTagger | None":
        """Learn from marked examples; None where there are too few."""
        if len(examples) < minimum:
            return None
        trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
        trainer.set_params({"c1": 0.08, "c2": 0.02, "max_iterations": 150, "feature.possible_transitions": True})
        for example in [*examples, *_answers(examples)]:
            language = load_language(example.locale) or load_language(LAST_RESORT)
            if language is None:
                continue
            reading = Reading(example.text, language, now)
            tokens = tokens_of(reading)
            asked = Asked(requested=example.requested, filled={})
            trainer.append(features(reading, tokens, slots, asked), _labels(tokens, example.marks))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model"
            trainer.train(str(path))
            return cls(path.read_bytes())

    def spans(self, reading: Reading, slots: Mapping[str, Slot], asked: Asked) -> list[Tagged]:
        """The slots' values in a text, in its order, with how probable each is."""
        tokens = tokens_of(reading)
        if not tokens:
            return []
        rows = features(reading, tokens, slots, asked)
        with self._lock:  # the tagger holds the sequence it was last given
            self._tagger.set(rows)
            return [each for each in self._joined(tokens, self._tagger.tag()) if each.slot in slots]

    def _joined(self, tokens: list[tuple[int, int]], labels: list[str]) -> Iterator[Tagged]:
        index = 0
        while index < len(labels):
            if labels[index] == _OUTSIDE:
                index += 1
                continue
            slot, first = labels[index][2:], index
            index += 1
            while index < len(labels) and labels[index] == f"I-{slot}":
                index += 1
            probability = min(self._tagger.marginal(labels[each], each) for each in range(first, index))
            yield Tagged(slot=slot, start=tokens[first][0], end=tokens[index - 1][1], probability=probability)

    def weigh(
        self, reading: Reading, slots: Mapping[str, Slot], candidates: Sequence[Candidate], asked: Asked
    ) -> list[Candidate]:
        """The candidates with those that the tagger sees too made surer, and what only it sees added."""
        weighed = list(candidates)
        for span in self.spans(reading, slots, asked):
            agreeing = [
                each for each in weighed if each.slot == span.slot and each.start < span.end and span.start < each.end
            ]
            if agreeing and slots[span.slot].type in _FREE and span.probability > _SURE:
                weighed = [each for each in weighed if each not in agreeing]
                weighed.extend(_read_span(reading, slots, span))
            elif agreeing:
                best = max(agreeing, key=lambda each: each.score)
                weighed.remove(best)
                weighed.append(_agreed(best, span))
            else:
                weighed.extend(_read_span(reading, slots, span))
        return weighed


def _agreed(candidate: Candidate, span: Tagged) -> Candidate:
    """A candidate of the grammars that the tagger sees too: its quote is then what the examples would mark."""
    sure = span.probability > _SURE
    return replace(
        candidate,
        score=min(1.0, candidate.score + 0.3 * span.probability),
        cued=True,
        start=span.start if sure else candidate.start,
        end=span.end if sure else candidate.end,
    )


def _read_span(reading: Reading, slots: Mapping[str, Slot], span: Tagged) -> Iterator[Candidate]:
    """The value of a piece that only the tagger sees: read as the answer to a question for its slot."""
    slot = slots[span.slot]
    piece = reading.original[span.start : span.end]
    score = min(1.0, 0.7 + 0.3 * span.probability) if span.probability > _SURE else 0.9 * span.probability
    if slot.type in _FREE or (slot.type == "location" and not slot.choices):
        yield Candidate(slot=span.slot, values=(piece,), start=span.start, end=span.end, score=score)
        return
    asked = Asked(requested=(span.slot,), filled={})
    inner = Reading(piece, reading.language, reading.now)
    found = candidates_of(inner, {span.slot: slot}, [reading.language], asked)
    best = max(found, key=lambda each: each.score, default=None)
    if best is not None:
        start, end = best.start + span.start, best.end + span.start
        yield replace(best, start=start, end=end, score=min(score, best.score), cued=True)


# --- training data -------------------------------------------------------------------------------------------------


def _answers(examples: Sequence[Marked]) -> Iterator[Marked]:
    """Each value alone as the answer to a question for it: examples are sentences, but most answers are not."""
    seen: set[tuple[str, str]] = set()
    for example in examples:
        for slot, start, end in example.marks:
            value = example.text[start:end]
            if (slot, value) not in seen:
                seen.add((slot, value))
                yield Marked(text=value, marks=((slot, 0, len(value)),), locale=example.locale, requested=(slot,))


def _labels(tokens: list[tuple[int, int]], marked: Sequence[tuple[str, int, int]]) -> list[str]:
    labels = [_OUTSIDE] * len(tokens)
    for slot, start, end in marked:
        inside = [index for index, (a, b) in enumerate(tokens) if a < end and start < b]
        for place, index in enumerate(inside):
            labels[index] = f"{'I' if place else 'B'}-{slot}"
    return labels
