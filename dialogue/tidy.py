"""Clean-up of an engine's commands before the policy applies them.

In this order: what names nothing of the project is dropped (also a value whose quote the customer did not write); a
clarification takes with it what was said for the intents it names; repeats are dropped; contradictions are resolved (a
person beats everything but values; restart beats cancel; a correction beats yes and no; anything beats a
clarification, and any but that beats small talk and `unclear`); the rest is put in the order in which the policy
carries it out.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from dialogue.commands import Command, Fill, Start
from dialogue.scene import Scene, values_of

MAX_COMMANDS = 8

ORDER: tuple[str, ...] = (
    "begin",
    "silence",
    "person",
    "restart",
    "undo",
    "cancel",
    "deny",
    "affirm",
    "start",
    "fill",
    "skip",
    "repeat",
    "why",
    "question",
    "clarify",
    "chat",
    "unclear",
)


def tidy(commands: Sequence[Command], scene: Scene, message: str) -> tuple[Command, ...]:
    """The commands that make sense now, in the order of `ORDER`; `unclear` where none is left."""
    kept = [_with_own_words(command, message) for command in commands if _makes_sense(command, scene, message)]
    kept = _resolve(_without_repeats(_held_back(kept, scene)), scene)
    kept.sort(key=lambda command: ORDER.index(command["command"]))
    if not kept:
        return ({"command": "unclear", "reason": "no_match"},)
    return tuple(kept[:MAX_COMMANDS])


def said_by_customer(quote: str, message: str) -> bool:
    """Whether `quote` stands in `message`, whatever their case, width, spaces and punctuation."""
    return bool(_folded(quote)) and _folded(quote) in _folded(message)


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).replace("İ", "i").replace("I", "ı").casefold().replace("ı", "i")
    return re.sub(r"[\W_]+", "", plain)


def _makes_sense(command: Command, scene: Scene, message: str) -> bool:
    if command["command"] == "start":
        return command["intent"] in scene.project.intents
    if command["command"] == "fill":
        return _is_slot(command["slot"], scene) and said_by_customer(command["quote"], message)
    if command["command"] == "skip":
        return _is_slot(command["slot"], scene)
    if command["command"] == "clarify":
        return any(intent in scene.project.intents for intent in command["intents"])
    if command["command"] in ("affirm", "deny"):
        return scene.open is not None
    return True


def _with_own_words(command: Command, message: str) -> Command:
    """A clarification without values that the customer did not write."""
    if command["command"] != "clarify" or "held" not in command:
        return command
    said = [c for c in command["held"] if c["command"] == "start" or said_by_customer(c["quote"], message)]
    return {**command, "held": said}


def _held_back(commands: list[Command], scene: Scene) -> list[Command]:
    """A clarification with what was said for the intents it names: that is done when one of them is chosen."""
    unsure = next((c for c in commands if c["command"] == "clarify"), None)
    if unsure is None or scene.top is not None:
        return commands
    said: list[Start | Fill] = []
    for command in commands:
        if command["command"] == "fill" or (command["command"] == "start" and command["intent"] in unsure["intents"]):
            said.append(command)
        elif command["command"] != "clarify":
            return commands
    return [{**unsure, "held": [*unsure.get("held", []), *said]}] if said else commands


def _is_slot(name: str, scene: Scene) -> bool:
    return any(name in intent.slots for intent in scene.project.intents.values())


def _without_repeats(commands: Iterable[Command]) -> list[Command]:
    kept: list[Command] = []
    for command in commands:
        if command["command"] == "fill":
            before = [c for c in kept if c["command"] == "fill" and c["slot"] == command["slot"]]
            if before and command["value"] is None:
                # Taking a value back and giving another is one correction, whichever is said first.
                continue
            # A later value for the same slot in one message is the customer's second thought.
            kept = [c for c in kept if c not in before]
        if command not in kept:
            kept.append(command)
    return kept


def _resolve(commands: list[Command], scene: Scene) -> list[Command]:
    names = {command["command"] for command in commands}
    if "person" in names:
        return [c for c in commands if c["command"] in ("person", "fill")]
    if "restart" in names:
        commands = [c for c in commands if c["command"] not in ("cancel", "undo", "affirm", "deny")]
    if _corrects(commands, scene):
        commands = [c for c in commands if c["command"] not in ("affirm", "deny", "undo")]
    if {"affirm", "deny"} <= names:
        commands = [c for c in commands if c["command"] not in ("affirm", "deny")]
    if any(c["command"] == "chat" and c["topic"] == "goodbye" for c in commands) and _waits_for_values(scene):
        # "No, that's all, bye" refuses no value: the customer leaves.
        commands = [c for c in commands if c["command"] != "deny"]
    commands = _given_up(_without_active_start(commands, scene), scene)
    busy = {c["command"] for c in commands} - {"clarify", "chat", "unclear"}
    if busy:
        commands = [c for c in commands if c["command"] not in ("clarify", "unclear")]
    if busy - {"affirm", "deny"}:
        commands = [c for c in commands if c["command"] != "chat"]
    return commands


def _waits_for_values(scene: Scene) -> bool:
    return scene.open is not None and scene.open["kind"] in ("slots", "ambiguous")


def _corrects(commands: Sequence[Command], scene: Scene) -> bool:
    """Whether a value is given that the open confirmation does not show."""
    if scene.open is None or scene.open["kind"] != "confirm" or scene.top is None:
        return False
    known = values_of(scene.top)
    return any(_changes(command, known.get(command["slot"])) for command in commands if command["command"] == "fill")


def _changes(fill: Fill, known: object) -> bool:
    return fill["value"] is None or fill["value"] != known


def _given_up(commands: list[Command], scene: Scene) -> list[Command]:
    """Taking back what is not done yet is giving it up, unless a value names another deed."""
    top = scene.top
    reversal = scene.project.intents[top["intent"]].undo_with if top is not None else None
    if top is None or reversal is None or not any(_starts(command, reversal) for command in commands):
        return commands
    its_own = set(scene.project.intents[reversal].slots) - set(scene.project.intents[top["intent"]].slots)
    if any(command["command"] == "fill" and command["slot"] in its_own for command in commands):
        return commands
    return [{"command": "cancel"}, *(command for command in commands if not _starts(command, reversal))]


def _starts(command: Command, intent: str) -> bool:
    return command["command"] == "start" and command["intent"] == intent


def _without_active_start(commands: list[Command], scene: Scene) -> list[Command]:
    """Starting what is already being done says nothing new."""
    top = scene.top
    if top is None:
        return commands
    return [c for c in commands if not (c["command"] == "start" and c["intent"] == top["intent"])]
