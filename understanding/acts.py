"""Dialogue acts: yes, no, cancel, a person, small talk… in every shipped language, without examples from the author.

Knows neither the dialogue's state nor the slots: which acts make sense now is the caller's to say.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, get_args

import numpy as np

from models.ngrams import hashed_ngrams, sparse_ngrams
from models.ports import Encoder, Vectors
from understanding.act_examples import OTHER, QUESTION, ActExamples, examples_in, folded, load_examples, vectors_of
from understanding.calibration import softmax
from understanding.composed import says_only
from understanding.folding import fold
from understanding.linear import Linear, fit_linear
from understanding.space import Space, fit_space

Act = Literal[
    "affirm",
    "deny",
    "cancel",
    "person",
    "undo",
    "restart",
    "repeat",
    "why",
    "skip",
    "correction",
    "greeting",
    "thanks",
    "goodbye",
    "insult",
    "robot",
    "smalltalk",
    "help",
    "unsure",
]

ACTS: Final[tuple[Act, ...]] = get_args(Act)

_NONE: Final[Mapping[Act, float]] = {}
_COMPOSED: Final[Mapping[Act, tuple[str, ...]]] = {
    "affirm": (),
    "deny": ("thanks",),
    "cancel": ("thanks",),
    "person": ("thanks", "greeting"),
}
"""Acts that whole phrases make together, and those whose phrases may stand beside; of a yes with thanks the place of
the conversation decides."""
_LABELS: Final = (*ACTS, OTHER)
_QUESTION_MARK = re.compile(r"[?？؟]\s*$")
_MARK = 2.0
"""What a question mark adds to the logit: much, but polite requests end with one too."""
_STRENGTH = 20.0
TEMPERATURE: Final = 0.76
"""Fitted by cross-validation on the shipped examples; a project's own negatives do not move it."""
_SPELLING = 1.25
"""What spelling weighs beside meaning."""
_HASHED = 2048
_STEPS = 60
"""Of the optimiser: more of them cost seconds and change nothing."""
_SPELT = 200
_OWN_EXAMPLES = 400
"""A project's examples are negatives here; more of them would only cost time."""


@dataclass(frozen=True)
class ActReading:
    """How probable each act is, and whether the message asks for information."""

    probabilities: Mapping[Act, float]
    exact: Act | None
    """The act whose list of whole messages this one is in."""
    question: float

    def best(
        self, allowed: frozenset[Act], *, favoured: Mapping[Act, float] = _NONE, plain: float = 1.0
    ) -> tuple[Act | None, float]:
        """The most probable act of `allowed`, the others being impossible now, and its probability.

        `favoured` says how many times likelier than usual an act is now, `plain` how much likelier it is that the
        message is no act at all.
        """
        if self.exact in allowed:
            return self.exact, max(0.97, self.probabilities.get(self.exact, 0.0))
        chances = {act: self.probabilities[act] * favoured.get(act, 1.0) for act in allowed}
        # What speaks for an impossible act speaks for nothing: half of it is given to the possible ones.
        impossible = 1 - sum(self.probabilities[act] for act in allowed) - self._other
        total = sum(chances.values()) + plain * (self._other + 0.5 * impossible)
        best = max(allowed, key=lambda act: chances[act], default=None)
        return (None, 0.0) if best is None else (best, chances[best] / max(total, 1e-9))

    @property
    def _other(self) -> float:
        return max(0.0, 1.0 - sum(self.probabilities.values()))


@dataclass(frozen=True)
class ActModel:
    """The trained classifiers and the lists of whole messages."""

    space: Space
    acts: Linear
    question: Linear
    examples: tuple[ActExamples, ...]

    def read(self, text: str, vector: Vectors, *, locales: Sequence[str]) -> ActReading:
        """Judge one message; the lists of `locales` are looked up in their order, then all others."""
        placed = self.space.place(vector[None, :])
        features = np.hstack([placed, spelling([text])])
        chances = softmax(self.acts.logits(features) / TEMPERATURE)[0]
        return ActReading(
            {act: float(chances[place]) for place, act in enumerate(ACTS)},
            self.exact(text, locales=locales),
            self._asks(text, placed),
        )

    def exact(self, text: str, *, locales: Sequence[str]) -> Act | None:
        """The act whose list of whole messages has `text`."""
        said = folded(text)
        words = said.split()
        if len(words) > 1 and len(set(words)) == 1:
            said = words[0]  # "no no no" is a no
        for examples in _in_order(self.examples, locales):
            act = examples.exact.get(said)
            if act is not None:
                return _act(act)
        return next((act for act, beside in _COMPOSED.items() if says_only(text, act, *beside)), None)

    def asks(self, text: str, vector: Vectors) -> float:
        """How probable it is that `text` asks for information."""
        return self._asks(text, self.space.place(vector[None, :]))

    def _asks(self, text: str, placed: Vectors) -> float:
        features = np.hstack([placed, [[_has_question_word(text)]]])
        logits = self.question.logits(features.astype(np.float32))[0] + [0.0, _MARK * bool(_QUESTION_MARK.search(text))]
        return float(softmax(logits)[1])


def _act(name: str) -> Act:
    return next(act for act in ACTS if act == name)


def _in_order(examples: Sequence[ActExamples], locales: Sequence[str]) -> list[ActExamples]:
    wanted = [locale.split("-", maxsplit=1)[0] for locale in locales]
    return sorted(examples, key=lambda each: wanted.index(each.locale) if each.locale in wanted else len(wanted))


def _has_question_word(text: str) -> float:
    return float(_asking().search(f" {folded(text)} ") is not None)


@cache
def _asking() -> re.Pattern[str]:
    """A question word of any language: a Chinese one anywhere, another between spaces."""
    words = {fold(word) for each in load_examples() for word in each.question_words}
    return re.compile("|".join(re.escape(word if word[0] > "\u2e80" else f" {word} ") for word in sorted(words)))


def train_acts(encoder: Encoder, own_texts: Sequence[str], own: Vectors, locales: Sequence[str]) -> ActModel:
    """Train on the shipped examples of `locales`, with a project's `own` and their vectors as more that is no act.

    Blocking. Languages that a bot does not speak would only take from those it does.
    """
    examples = examples_in(locales)
    labelled = list(dict.fromkeys(pair for each in examples for pair in each.labelled))
    shipped = vectors_of([text for text, _ in labelled], encoder)
    few = np.linspace(0, len(own) - 1, min(len(own), _OWN_EXAMPLES)).astype(int)
    own, own_texts = own[few], [own_texts[place] for place in few]
    vectors: Vectors = np.concatenate([shipped, own]).astype(np.float32)
    names = [OTHER if act == QUESTION else act for _, act in labelled] + [OTHER] * len(own)
    labels = [_LABELS.index(name) for name in names]
    space = fit_space(vectors, labels)
    placed = space.place(vectors)
    spelt = sparse_ngrams([_spelt(text) for text in (*(text for text, _ in labelled), *own_texts)], _HASHED)
    linear = fit_linear(placed, labels, strength=_STRENGTH, steps=_STEPS, beside=spelt * np.float32(_SPELLING))
    return ActModel(space, linear, _train_question(placed[: len(shipped)], labelled), load_examples())


def spelling(texts: Sequence[str]) -> Vectors:
    """How texts are spelt, as hashed character n-grams: a negation is often one syllable, which their meaning hides."""
    rows = hashed_ngrams([_spelt(text) for text in texts], _HASHED)
    rows *= np.float32(_SPELLING)
    return rows


def _spelt(text: str) -> str:
    return folded(text[:_SPELT])


def _train_question(placed: Vectors, labelled: Sequence[tuple[str, str]]) -> Linear:
    rows = [place for place, (_, act) in enumerate(labelled) if act in (QUESTION, OTHER)]
    words = np.array([[_has_question_word(labelled[place][0])] for place in rows], dtype=np.float32)
    labels = [int(labelled[place][1] == QUESTION) for place in rows]
    return fit_linear(np.hstack([placed[rows], words]), labels, strength=_STRENGTH)
