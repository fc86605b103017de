"""What one message is read from: its text, what the classifiers make of it, and where the dialogue is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from config.project import Project
from dialogue.commands import Command, Fill
from understanding.acts import Act, ActReading
from understanding.extraction import Extract, FoundValue
from understanding.intents import IntentReading
from understanding.naming import named_slot
from understanding.port import Situation
from understanding.splitting import words_in
from understanding.tagger import SlotTagger
from understanding.vocabulary import Vocabulary
from understanding.wording import has_person_word

ACT: Final = 0.5
"""From this probability on, an act is read rather than a wish."""
DOUBTFUL: Final = 0.55
"""A value no surer than this breaks the slot's rules or was only nearly understood."""
SURE_VALUE: Final = 0.8
"""A value at least this sure may say what its message is about."""
ASKS_RATHER_THAN_WANTS: Final = 0.9
"""How much of a question it takes to answer it instead of starting an intent whose examples never ask."""

_TALK: Final[frozenset[Act]] = frozenset({"greeting", "thanks", "goodbye", "insult", "robot", "smalltalk", "help"})
_ANYTIME: Final = _TALK | frozenset[Act]({"person", "restart", "repeat", "undo", "cancel"})
_IN_FLOW: Final[frozenset[Act]] = frozenset({"correction"})
_ON_SLOTS: Final[frozenset[Act]] = frozenset({"why", "skip"})
_ON_QUESTIONS: Final[frozenset[Act]] = frozenset({"affirm", "deny", "unsure"})


_AFTER_A_YES_OR_NO: Final[Mapping[Act, float]] = {
    "affirm": 4.0,
    "deny": 6.0,
    "cancel": 2.0,
    "unsure": 6.0,
    "correction": 2.0,
}
_AFTER_A_SLOT: Final[Mapping[Act, float]] = {
    "cancel": 3.0,
    "why": 2.0,
    "repeat": 2.0,
    "correction": 2.0,
    "undo": 2.0,
    "skip": 0.5,
    "deny": 0.3,
}
"""How many times likelier than usual an act is while a question of this kind is open. A no is taken sooner than a yes:
doing nothing by mistake is the smaller mistake. A slot that is required cannot be skipped, and customers know it."""
_OPTIONAL_SKIP: Final = 2.0
_NAMED: Final = 5.0
"""Whoever names a value already given, and gives no other, probably wants to change it."""
_OF_WHAT_IS_OPEN: Final = 1.5
"""A word that ends something, beside one of what is open, ends that."""
_LIKELY_ACT: Final = 0.25
"""An answer that gives no value, asks nothing and wants nothing known is probably an act."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A stretch of the message with what the classifiers make of it."""

    text: str
    intents: IntentReading
    acts: ActReading


@dataclass(frozen=True)
class Reading:
    """The commands a message holds, and how probable it is that they are right."""

    commands: tuple[Command, ...]
    certainty: float


@dataclass(frozen=True, kw_only=True)
class Material:
    """Everything the reading of one message may look at."""

    project: Project
    situation: Situation
    whole: Heard
    parts: tuple[Heard, ...]
    """Its parts, where it can be cut."""
    lead: Act | None
    """The act that the words before the first comma or conjunction are exactly."""
    first: Act | None = None
    """The act that its first word is exactly."""
    loose: bool = False
    """Whether its parts were told apart by their words alone."""
    matter: str = ""
    """The message as it is looked up in the knowledge; empty where that is all of it."""
    apology: bool = False
    """Whether an apology stands before the matter: with a value behind it, it takes another one back."""
    asking: Mapping[str, float]
    """Intent → share of its examples that ask for information."""
    extract: Extract
    vocabulary: Vocabulary
    tagger: SlotTagger | None = None
    """What marked examples taught, where there were enough of them."""
    seen: dict[tuple[str, str, tuple[str, ...]], Sequence[FoundValue]] = field(default_factory=dict)
    """What was found already, by text, intent and slots asked for: the steps of a reading ask for the same."""

    @property
    def text(self) -> str:
        """The message."""
        return self.whole.text

    @property
    def question(self) -> str:
        """What is asked, without what only leads to it."""
        return self.matter or self.text

    @property
    def active(self) -> str | None:
        """The intent of the flow that is being talked about."""
        return self.situation.intent if self.situation.intent in self.project.intents else None

    @property
    def asked(self) -> str | None:
        """The kind of the open question."""
        return self.situation.open["kind"] if self.situation.open else None

    @property
    def requested(self) -> tuple[str, ...]:
        """The slots that were asked for."""
        if self.situation.open is None or self.active is None or self.asked not in ("slots", "ambiguous"):
            return ()
        known = self.project.intents[self.active].slots
        return tuple(name for name in self.situation.open["slots"] if name in known)

    @property
    def allowed(self) -> frozenset[Act]:
        """The acts that mean something now."""
        allowed = _ANYTIME
        spoken = [self.situation.locale, *self.project.locales]
        if self.whole.acts.exact != "person" and not has_person_word(self.text, spoken):
            # A person taken for asked for by mistake ends the conversation: likeness alone is not enough.
            allowed -= {"person"}
        if self.situation.open is not None:
            allowed |= _ON_QUESTIONS
        if self.active is not None or self.asked == "anything_else":
            allowed |= _IN_FLOW
        return allowed | _ON_SLOTS if self.requested or self.asked == "confirm" else allowed

    def best_act(self) -> tuple[Act | None, float]:
        """The most probable act in this place of the conversation."""
        return self._likeliest

    @cached_property
    def _likeliest(self) -> tuple[Act | None, float]:
        favoured = self._favoured()
        wants = self.whole.intents.verdict != "reject" or self.whole.acts.question > 0.4
        plain = _LIKELY_ACT if favoured and not wants else 1.0
        return self.whole.acts.best(self.allowed, favoured=favoured, plain=plain)

    def _favoured(self) -> Mapping[Act, float]:
        if self.situation.open is None:
            return {}
        favoured = dict(_AFTER_A_SLOT if self.requested else _AFTER_A_YES_OR_NO)
        if self.active is None:
            return favoured
        if self.active in self.vocabulary.fitting(self.text):
            favoured["cancel"] = favoured.get("cancel", 1.0) * _OF_WHAT_IS_OPEN
        slots = self.project.slots_of(self.active)
        if self.requested and not all(slots[name].required for name in self.requested):
            favoured["skip"] = _OPTIONAL_SKIP
        named = named_slot(self.text, slots, filled=self.situation.filled)
        said = self.whole.acts.probabilities
        if named is not None and named[0] in self.situation.filled and said["correction"] >= said["cancel"]:
            favoured["correction"] = _NAMED
        return favoured

    def values(self, text: str, intent: str, *, requested: Sequence[str] = ()) -> list[FoundValue]:
        """The values for an intent's slots in `text`; those said not to be meant are left out."""
        return [each for each in self.found(text, intent, requested=requested) if not each.negated]

    def found(self, text: str, intent: str, *, requested: Sequence[str] = ()) -> Sequence[FoundValue]:
        """All values for an intent's slots in `text`, those said not to be meant among them."""
        key = (text, intent, tuple(requested))
        if key not in self.seen:
            self.seen[key] = self._extracted(text, intent, requested)
        return self.seen[key]

    def _extracted(self, text: str, intent: str, requested: Sequence[str]) -> Sequence[FoundValue]:
        return self.extract(
            text,
            self.project.slots_of(intent),
            locale=self.situation.locale,
            locales=self.project.locales,
            now=self.situation.now,
            requested=requested,
            filled=self.situation.filled if intent == self.active else {},
            tagger=self.tagger,
        )

    def is_free(self, slot: str) -> bool:
        """Whether any words at all would be a value of this slot of the active intent."""
        if self.active is None:
            return False
        spec = self.project.slot(self.active, slot)
        return spec.type in ("text", "name") or (spec.type == "location" and not spec.choices)


def fills(found: Sequence[FoundValue]) -> list[Fill]:
    """Found values as commands."""
    return [_fill(each) for each in found]


def _fill(found: FoundValue) -> Fill:
    fill = Fill(command="fill", slot=found.slot, value=found.value, quote=found.quote)
    if len(found.candidates) > 1:
        fill["candidates"] = list(found.candidates)
    return fill


def rest_of(text: str, found: Sequence[FoundValue]) -> int:
    """How many words `text` has beside the found values."""
    for each in sorted(found, key=lambda value: value.start, reverse=True):
        text = f"{text[: each.start]} {text[each.end :]}"
    return words_in(text)
