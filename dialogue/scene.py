"""What the policy looks at and changes: one immutable scene, every step a new one."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from pydantic import JsonValue

from config.examples import plain
from config.project import Intent, LocalizedText, Project, Slot
from config.templates import TemplateError, render_text
from config.versions import Version
from dialogue.commands import Command
from dialogue.display import finalizer, slot_title
from dialogue.state import (
    Change,
    DialogueState,
    DialogueUpdate,
    Frame,
    OpenQuestion,
    Outcome,
    Part,
    Plan,
    SlotRecord,
    TransferReason,
    Verdict,
)
from dialogue.transcript import last_said
from dialogue.values import judge

NAMED_BY_TYPE: Final = frozenset(
    {"date", "time", "datetime", "duration", "money", "phone", "email", "name", "count", "location"}
)
"""Types whose slots say by their kind what they are; there is a text `title.<type>` for each."""

MAX_STACK = 5
"""Flows that may wait at once; the oldest is dropped beyond it."""

OFFER_AFTER = 2
"""Attempts at a slot after which its question also offers a person."""

MAX_FINISHED = 5
MAX_CHANGES = 20

Progress = Literal["made", "neutral", "failed"]


@dataclass(frozen=True, kw_only=True)
class Correction:
    """A value that another replaced in this turn, as the customer is told of it."""

    flow_id: str
    title: str
    value: str
    after: int
    """How many pieces of the reply stood before it."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """The dialogue at one moment of a turn."""

    version: Version
    locale: str
    now: datetime
    turn: int
    failures: int
    stack: tuple[Frame, ...]
    open: OpenQuestion | None
    """The question as it stood when the turn began, until something replaces it."""
    finished: tuple[Frame, ...]
    changes: tuple[Change, ...]
    variables: Mapping[str, JsonValue]
    pending: tuple[Command, ...]
    parts: tuple[Part, ...] = ()
    verdict: Verdict | None = None
    """Set by a step that decides the turn; what follows is not looked at."""
    question: str | None = None
    """What the customer asked beside the flow."""
    touched: frozenset[str] = frozenset()
    """Slots that were filled or had something said about them in this turn."""
    corrections: tuple[Correction, ...] = ()
    """Values replaced in this turn that the customer has not been told of yet."""
    outcome: Outcome | None = None
    progress: Progress = "neutral"
    started: tuple[str, ...] = ()
    """Flow ids begun in this turn."""
    resumed: bool = False
    """A waiting flow came to the top in this turn and has not been announced."""
    silences: int = 0
    """How often in a row the customer has been silent, this turn counted."""
    reprise: str | None = None
    """The open question as it is said again after an answer beside it."""
    said: str = ""
    """The bot's last message, for `repeat`."""

    @property
    def project(self) -> Project:
        """The project whose rules hold."""
        return self.version.project

    @property
    def top(self) -> Frame | None:
        """The flow that is talked about."""
        return self.stack[-1] if self.stack else None

    def text(self, key: str, **values: object) -> str:
        """A catalogue text in the session's language."""
        return self.version.text(key, self.locale, **values)

    def say(self, kind: Literal["note", "reply", "answer", "question", "error"], text: str) -> "Scene":
        """The scene with one more piece of the reply; empty ones are left out."""
        return replace(self, parts=(*self.parts, Part(kind=kind, text=text))) if text.strip() else self

    def note(self, key: str, **values: object) -> "Scene":
        """The scene with a catalogue text said in passing."""
        return self.say("note", self.text(key, **values))

    def intent_title(self, name: str) -> str:
        """How an intent is called when talking to the customer."""
        return intent_title(self.project, name, self.locale)

    def slot_title(self, name: str, slot: Slot) -> str:
        """How a slot is called when talking to the customer."""
        if (
            slot.title is None
            and self._foreign_names
            and slot.type in NAMED_BY_TYPE
            and self._alone_of_type(name, slot)
        ):
            return self.text(f"title.{slot.type}")
        return slot_title(name, slot, self.locale, self.project.default_locale)

    @property
    def _foreign_names(self) -> bool:
        """Whether the names of the file, English words as a rule, would stand among words of another language."""
        return not self.locale.startswith("en")

    def _alone_of_type(self, name: str, slot: Slot) -> bool:
        """Whether no other slot beside this one would be called the same."""
        beside = (self.project.slots_of(intent) for intent, spec in self.project.intents.items() if name in spec.slots)
        return all(sum(each.type == slot.type for each in slots.values()) == 1 for slots in beside)

    def decide(
        self,
        step: Literal["ask", "act", "answer", "reply", "transfer", "done"],
        outcome: Outcome,
        *,
        asks: tuple[str, ...] = (),
        question: str | None = None,
        reason: TransferReason | None = None,
        progress: Progress | None = None,
    ) -> "Scene":
        """The scene with the turn decided."""
        verdict = Verdict(
            next=step,
            outcome=outcome,
            asks=list(asks),
            question=question,
            reason=reason,
            progress=progress or self.progress,
        )
        return replace(self, verdict=verdict)

    def with_top(self, frame: Frame) -> "Scene":
        """The scene with its top flow replaced."""
        return replace(self, stack=(*self.stack[:-1], frame))

    def with_frame(self, frame: Frame) -> "Scene":
        """The scene with the flow of the same id replaced, wherever it stands."""
        return replace(self, stack=tuple(frame if f["flow_id"] == frame["flow_id"] else f for f in self.stack))

    def made(self) -> "Scene":
        """The turn brought the conversation on; a failure in the same turn still counts as one."""
        return self if self.progress == "failed" else replace(self, progress="made")

    def failed(self) -> "Scene":
        """The turn counts as a failure."""
        return replace(self, progress="failed")


def intent_title(project: Project, name: str, locale: str) -> str:
    """How an intent is called: by its title, else by its first example, or in English by its name in the file."""
    intent = project.intents[name]
    examples = () if locale.startswith("en") else intent.examples.get(locale, ())
    named = f"“{plain(examples[0])}”" if examples else name.replace("_", " ")
    return project.say(intent.title, locale) or named


def intent_titles(project: Project, locale: str) -> list[str]:
    """What the bot can do, as it is called when talking to the customer; intents without a title stay unnamed."""
    said = (project.say(spec.title, locale) for spec in project.intents.values() if spec.title is not None)
    return [title for title in said if title]


def spec_of(scene: Scene, frame: Frame) -> Intent:
    """The intent a flow carries out."""
    return scene.project.intents[frame["intent"]]


def slots_of(scene: Scene, frame: Frame) -> dict[str, Slot]:
    """The slots of a flow's intent, shared ones completed."""
    return scene.project.slots_of(frame["intent"])


def new_frame(scene: Scene, intent: str) -> Frame:
    """A flow at its beginning, with what the session already knows (A11) and the author's defaults."""
    flow_id = f"{scene.turn}-{len(scene.started) + 1}"
    empty = Frame(flow_id=flow_id, intent=intent, slots={}, asked=[], attempts={}, status="collecting", plan=None)
    frame = with_shared(scene, empty)
    defaults = {
        name: record(slot.default, source="default", turn=scene.turn)
        for name, slot in scene.project.slots_of(intent).items()
        if slot.default is not None and name not in frame["slots"]
    }
    return Frame(**{**frame, "slots": {**frame["slots"], **defaults}})


def with_shared(scene: Scene, frame: Frame) -> Frame:
    """The flow with the shared values the session has come to know and the flow has not."""
    known = {
        name: record(value, source="profile", turn=scene.turn)
        for name, slot in slots_of(scene, frame).items()
        if name not in frame["slots"]
        and (variable := shared_variable(scene.project, name, slot)) is not None
        and variable in scene.variables
        and judge(slot, value := as_slot_value(slot, scene.variables[variable]), scene.now) == "valid"
    }
    return Frame(**{**frame, "slots": {**frame["slots"], **known}}) if known else frame


def as_slot_value(slot: Slot, value: JsonValue) -> JsonValue:
    """What an API answered as a slot holds it: many give as a number what customers write as a code."""
    return str(value) if slot.type in ("id", "text") and type(value) is int else value


def record(
    value: JsonValue,
    *,
    source: Literal["customer", "api", "default", "profile"],
    turn: int,
    quote: str = "",
    verdict: Literal["valid", "skipped"] = "valid",
    previous: SlotRecord | None = None,
) -> SlotRecord:
    """A slot's value with its provenance."""
    # One step back is enough for undo, and keeps the checkpoint small.
    before = SlotRecord(**{**previous, "previous": None}) if previous else None
    return SlotRecord(value=value, quote=quote, source=source, turn=turn, verdict=verdict, previous=before)


def shared_variable(project: Project, name: str, slot: Slot) -> str | None:
    """The session variable a slot is shared under; None for a slot that belongs to its intent alone (A16)."""
    if slot.variable is not None:
        return slot.variable
    return name if name in project.slots else None


def values_of(frame: Frame) -> dict[str, JsonValue]:
    """The usable values of a flow's slots by name."""
    return {name: known["value"] for name, known in frame["slots"].items() if known["verdict"] == "valid"}


def missing(scene: Scene, frame: Frame) -> list[str]:
    """Required slots still without a value, in the author's order."""
    return [name for name, slot in slots_of(scene, frame).items() if slot.required and name not in frame["slots"]]


def make_plan(scene: Scene, frame: Frame) -> Plan:
    """The exact action of a complete flow; its hash is what a confirmation is bound to."""
    action = spec_of(scene, frame).action or ""
    arguments = values_of(frame)
    return Plan(action=action, arguments=arguments, hash=plan_hash(action, arguments), confirmed=False)


def plan_hash(action: str, arguments: Mapping[str, JsonValue]) -> str:
    """SHA-256 over the action's name and its arguments in canonical JSON."""
    canonical = json.dumps([action, arguments], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def own_words(scene: Scene, frame: Frame, template: str) -> str:
    """A text of the author's with its values filled in, as `check` has tried it."""
    values = {"slots": values_of(frame), "variables": dict(scene.variables), "locale": scene.locale}
    try:
        return render_text(template, values, finalize=finalizer(scene.locale))
    except TemplateError:
        # `check` has told the author; the customer still gets the plain words before the gap.
        return template.split("{{", maxsplit=1)[0].strip()


def author_text(scene: Scene, frame: Frame, text: LocalizedText | None) -> str | None:
    """A text of the author's in the session's language, filled in; None where there is none."""
    said = scene.project.say(text, scene.locale)
    return own_words(scene, frame, said) if said is not None else None


def scene_of(state: DialogueState, version: Version, now: datetime) -> Scene:
    """The scene a turn's state shows; after an action, what the action came to is its outcome so far."""
    receipts = state.get("receipts", [])
    acted: Outcome | None = None
    if receipts:
        acted = "acted" if receipts[-1]["status"] == "succeeded" else "failed"
    return Scene(
        version=version,
        locale=state["locale"],
        now=now,
        turn=state["counters"]["turns"],
        failures=state["counters"]["failures"],
        stack=tuple(state.get("stack", [])),
        open=state.get("open"),
        finished=tuple(state.get("finished", [])),
        changes=tuple(state.get("changes", [])),
        variables=state.get("variables", {}),
        pending=tuple(state.get("pending", [])),
        parts=tuple(state.get("parts", [])),
        outcome=acted,
        silences=state.get("silences", 0),
        progress="neutral" if acted is None else "made" if acted == "acted" else "failed",
        resumed=acted is not None and bool(state.get("stack")),
        said=last_said(state.get("messages", [])),
    )


def talked_about(before: Scene, after: Scene) -> str | None:
    """The intent a turn was about: the flow that ended in it, else the one on top."""
    known = {frame["flow_id"] for frame in before.finished}
    ended = [frame["intent"] for frame in after.finished if frame["flow_id"] not in known]
    if ended:
        return ended[-1]
    return after.top["intent"] if after.top else None


def update_of(scene: Scene) -> DialogueUpdate:
    """What a decided scene changes in the state."""
    update = DialogueUpdate(
        stack=list(scene.stack),
        open=scene.open,
        finished=list(scene.finished),
        changes=list(scene.changes),
        variables=dict(scene.variables),
        pending=list(scene.pending),
        parts=list(scene.parts),
        reprise=scene.reprise,
    )
    if scene.verdict is not None:
        update["verdict"] = scene.verdict
        update["asks"] = scene.verdict["asks"]
        update["outcome"] = scene.verdict["outcome"]
    return update
