"""Cleans what a model called into commands of the closed grammar; nothing else can come of a model's answer."""

import json
from collections.abc import Iterator, Mapping
from typing import Final, cast

from pydantic import JsonValue

from config.project import Project
from dialogue.commands import Act, Chat, Clarify, Command, Fill, Question, Skip, Start, Unclear, Undo, Why
from models.ports import Completion, ToolCall
from understanding.extraction import Extract
from understanding.llm_tools import TOPICS, ActTool, IntentTool, Toolbox
from understanding.llm_values import Fills
from understanding.port import Situation

MAX_COMMANDS: Final = 5
"""Beside the values given; one message asks for no more."""
MAX_FILLS: Final = 12
_MAX_QUESTION: Final = 500
_QUESTION_MARKS: Final = ("?", "？", "؟")
_PLAIN_ACTS: Final = frozenset({"affirm", "deny", "cancel", "undo", "restart", "repeat", "person"})


class CommandReader:
    """Reads one answer of a model."""

    def __init__(self, project: Project, situation: Situation, toolbox: Toolbox, extract: Extract) -> None:
        self._project = project
        self._situation = situation
        self._toolbox = toolbox
        self._fills = Fills(situation, project.locales, extract)
        self.dropped = 0
        """Calls, arguments and commands that were refused."""

    def read(self, completion: Completion) -> tuple[Command, ...]:
        """The commands of `completion`, at least one."""
        commands = self._bounded(command for call in completion.calls for command in self._call(call))
        return tuple(commands) or (self._without_calls(completion),)

    def _call(self, call: ToolCall) -> Iterator[Command]:
        meaning = self._toolbox.meanings.get(call.name)
        if meaning is None:
            self.dropped += 1
        elif isinstance(meaning, IntentTool):
            yield from self._intent(meaning.intent, call.arguments)
        else:
            yield from self._act(meaning, call.arguments)

    def _intent(self, intent: str, arguments: Mapping[str, JsonValue]) -> Iterator[Command]:
        fills = list(self._filled(intent, arguments))
        # A model that calls an intent that is under way or waits, with values, means these.
        if not fills or intent not in (self._situation.intent, *self._situation.waiting):
            yield Start(command="start", intent=intent)
        yield from fills

    def _filled(self, intent: str, arguments: Mapping[str, JsonValue]) -> Iterator[Fill]:
        slots = self._project.slots_of(intent)
        for name, argument in arguments.items():
            fill = self._fills.fill(name, slots[name], argument) if name in slots else None
            if fill is None:
                self.dropped += 1
            else:
                yield fill

    def _act(self, act: ActTool, arguments: Mapping[str, JsonValue]) -> Iterator[Command]:
        if act in _PLAIN_ACTS:
            yield cast("Act | Undo", {"command": act})
        elif act == "fill":
            yield from self._filled(self._situation.intent or "", arguments)
        elif act == "question":
            yield Question(command="question", text=_asked(arguments.get("text")) or self._situation.message)
        elif act == "chat":
            yield _chat(arguments.get("topic"))
        elif act == "clarify":
            yield from self._clarify(arguments.get("intents"))
        else:
            yield from self._about_slot(act, arguments.get("slot"))

    def _about_slot(self, act: ActTool, slot: JsonValue) -> Iterator[Command]:
        asked = self._situation.open["slots"] if self._situation.open else []
        known = self._project.intents[self._situation.intent].slots if self._situation.intent else {}
        named = slot if isinstance(slot, str) and slot in known else next(iter(asked), None)
        if act == "why":
            yield Why(command="why", slot=named)
        elif act == "forget":
            yield self._forget(slot if isinstance(slot, str) and slot in known else None)
        elif named is not None:
            yield Skip(command="skip", slot=named)

    def _forget(self, slot: str | None) -> Command:
        """The slot that is named is emptied; without one the last change is taken back."""
        if slot is None or slot not in self._situation.filled:
            return Undo(command="undo")
        return Fill(command="fill", slot=slot, value=None, quote=self._situation.message)

    def _clarify(self, listed: JsonValue) -> Iterator[Command]:
        meanings = (
            [self._toolbox.meanings.get(name) for name in listed or [] if isinstance(name, str)]
            if isinstance(listed, list)
            else []
        )
        intents = list(dict.fromkeys(each.intent for each in meanings if isinstance(each, IntentTool)))[:3]
        if intents:
            yield Clarify(command="clarify", intents=intents)

    def _bounded(self, commands: Iterator[Command]) -> list[Command]:
        kept: dict[str, Command] = {}
        fills = others = 0
        for command in commands:
            key = json.dumps(command, sort_keys=True, ensure_ascii=False, default=str)
            is_fill = command["command"] == "fill"
            full = fills >= MAX_FILLS if is_fill else others >= MAX_COMMANDS
            if key in kept or full:
                self.dropped += 1
                continue
            kept[key] = command
            fills, others = fills + is_fill, others + (not is_fill)
        return list(kept.values())

    def _without_calls(self, completion: Completion) -> Command:
        """The model called nothing usable: its own words say only that it talked."""
        if completion.failure is not None or completion.calls:
            return Unclear(command="unclear", reason="unreadable")
        if not completion.text:
            return Unclear(command="unclear", reason="no_match")
        if self._situation.message.rstrip().endswith(_QUESTION_MARKS):
            return Question(command="question", text=self._situation.message)
        if completion.use["mode"] == "tools":
            return Chat(command="chat", topic="smalltalk")
        return Unclear(command="unclear", reason="unreadable")


def _asked(text: JsonValue) -> str:
    return text.strip()[:_MAX_QUESTION] if isinstance(text, str) else ""


def _chat(topic: JsonValue) -> Chat:
    known = topic if topic in TOPICS else "smalltalk"
    return cast("Chat", {"command": "chat", "topic": known})
