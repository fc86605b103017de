"""A scripted language model that reads as the embedded engine did, in its own way of saying it: tool calls.

So the rules of dialogue are shown to hold whichever engine reads. A turn's calls are made from the commands the
embedded engine understood in it; values are given as a model gives them, by the customer's words. Where nothing was
understood, or a question was only guessed at, the model calls nothing.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from config.project import Project
from scenarios.runner import Played, PlayedTurn
from tests.openai_server import Seen, Step, calls, says

Call = tuple[str, dict[str, Any]]


class ScriptedReader:
    """Answers the requests of one conversation after the other."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._turns: list[PlayedTurn] = []
        self._now: PlayedTurn | None = None
        self._waiting: list[str] = []

    def expect(self, played: Played) -> None:
        """The next conversation goes as this one did."""
        self._turns = list(played.turns)
        self._now = None

    def respond(self, seen: Seen) -> Step:
        """Tool calls for a message that is to be read; the evidence's own words for an answer."""
        if not seen.tools:
            return says(_answer(self._now))
        message = seen.body["messages"][-1]["content"]
        while self._turns:
            self._waiting = _waiting(self._now)
            self._now = self._turns.pop(0)
            if self._now.user == message:
                made = self._calls(self._now)
                return calls(*made) if made else says("")
        raise AssertionError(f"the conversation that is followed has no further {message!r}")

    def _calls(self, turn: PlayedTurn) -> list[Call]:
        told: Any = turn.answer["metadata"]
        commands: list[dict[str, Any]] = told["diagnostics"]["commands"]
        if is_guess(turn):
            return []
        made: list[Call] = []
        for command in commands:
            if command["command"] == "start":
                made.append((command["intent"], {}))
            elif command["command"] == "fill" and command["value"] is None:
                made.append(("forget", {"slot": command["slot"]}))
            elif command["command"] == "fill":
                self._fill(made, command, turn.user)
            elif command["command"] == "clarify":
                made += [("clarify", {"intents": command["intents"]}), *self._held(command, turn.user)]
            else:
                made += _act(command)
        return made

    def _held(self, command: Mapping[str, Any], message: str) -> list[Call]:
        """The functions that may be meant, with the values that the message gives for them."""
        made: list[Call] = []
        for one in command.get("held", []):
            if one["command"] == "start":
                made.append((one["intent"], {}))
            else:
                self._fill(made, one, message)
        return made

    def _fill(self, made: list[Call], command: Mapping[str, Any], message: str) -> None:
        """Into the call of the intent begun that has the slot, else into `fill`."""
        argument = {"value": _given(command["value"]), "quote": _quote(command, message)}
        for name, arguments in made:
            if name in self._project.intents and command["slot"] in self._project.intents[name].slots:
                arguments[command["slot"]] = argument
                return
        tool = next((name for name in self._waiting if command["slot"] in self._project.intents[name].slots), None)
        tool = "fill" if tool is None or tool == self._waiting[0] else tool
        known = next((arguments for name, arguments in made if name == tool), None)
        if known is None:
            known = {}
            made.append((tool, known))
        known[command["slot"]] = argument


def _waiting(turn: PlayedTurn | None) -> list[str]:
    """The intents on the stack after a turn, the one that is talked about first."""
    told: Any = turn.answer.get("metadata") if turn else None
    return [frame["intent"] for frame in reversed(told["diagnostics"]["stack"])] if told else []


def _given(value: JsonValue) -> JsonValue:
    return value["amount"] if isinstance(value, dict) else value


def _quote(command: Mapping[str, Any], message: str) -> str:
    """The customer's words; of a time all of them, because the part of the day stands somewhere beside it."""
    value = command["value"]
    is_time = isinstance(value, str) and re.fullmatch(r"\d\d:\d\d", value) is not None
    return message if is_time else str(command["quote"])


def is_guess(turn: PlayedTurn) -> bool:
    """Whether the turn rests on nothing understood, or on a mere guess that something was asked."""
    told: Any = turn.answer["metadata"]
    names = {command["command"] for command in told["diagnostics"]["commands"]}
    return names <= {"unclear"} or (names == {"question"} and turn.outcome == "clarifying")


def _act(command: Mapping[str, Any]) -> list[Call]:
    if command["command"] == "unclear":
        return []
    return [(command["command"], {key: given for key, given in command.items() if key != "command" and given})]


def _answer(turn: PlayedTurn | None) -> str:
    """What the embedded engine's answer said, as a model would word it: with the number of its passage."""
    citations = turn.answer.get("citations") if turn else None
    if not isinstance(citations, list) or not citations or turn is None:
        return "NO_ANSWER"
    cited = json.loads(json.dumps(citations[0]))
    first = next(
        (line for line in turn.reply.splitlines() if line.strip(" .") in cited["text"]), turn.reply.splitlines()[0]
    )
    return f"{first} [1]"
