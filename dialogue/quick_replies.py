"""What a customer may tap instead of typing: the choices of the open question, worded as the bot reads them."""

from typing_extensions import TypedDict

from config.project import Slot
from config.versions import Version
from dialogue.display import shown
from dialogue.state import DialogueState, OpenQuestion

MOST = 10
"""Choices beyond this are not offered: a long list is better typed."""


class QuickReply(TypedDict):
    """One button."""

    title: str
    """What stands on it."""
    message: str
    """What it sends."""


def quick_replies(state: DialogueState, version: Version) -> list[QuickReply]:
    """The replies on offer; none where the question is open or nothing was asked."""
    question, locale = state["open"], state["locale"]
    if question is None or state["owner"] == "person":
        return []
    match question["kind"]:
        case "confirm" | "digression" | "resume" | "person" | "reverse":
            return _yes_or_no(version, locale)
        case "clarify":
            titles = [_title(version, name, locale) for name in question["intents"]]
            return _yes_or_no(version, locale) if len(titles) == 1 else _buttons(titles)
        case "slots" | "ambiguous":
            return _of_slots(state, question, version)
        case _:
            return []


def _of_slots(state: DialogueState, question: OpenQuestion, version: Version) -> list[QuickReply]:
    """A question for one slot offers its choices; with several a tap would answer only one of them."""
    frame = next((frame for frame in state["stack"] if frame["flow_id"] == question["flow_id"]), None)
    if frame is None or len(question["slots"]) != 1:
        return []
    slot: Slot = version.project.slots_of(frame["intent"])[question["slots"][0]]
    if slot.sensitive:
        return []
    if slot.type == "boolean":
        return _yes_or_no(version, state["locale"])
    readings = question["candidates"] if question["kind"] == "ambiguous" else [*slot.choices]
    return _buttons([shown(slot, reading, state["locale"]) for reading in readings])


def _yes_or_no(version: Version, locale: str) -> list[QuickReply]:
    return _buttons([version.text("word.yes", locale), version.text("word.no", locale)])


def _title(version: Version, intent: str, locale: str) -> str:
    spec = version.project.intents[intent]
    return version.project.say(spec.title, locale) or intent.replace("_", " ")


def _buttons(words: list[str]) -> list[QuickReply]:
    return [QuickReply(title=word, message=word) for word in words] if len(words) <= MOST else []
