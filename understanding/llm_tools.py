"""What a model may call: one tool for each intent, whose arguments are its slots, and one for each dialogue act."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import JsonValue

from config.project import Intent, Project, Slot, SlotType, localized
from understanding.port import Situation

ActTool = Literal[
    "affirm",
    "deny",
    "cancel",
    "skip",
    "forget",
    "why",
    "undo",
    "restart",
    "repeat",
    "question",
    "chat",
    "person",
    "clarify",
    "fill",
]
TOPICS: Final = ("greeting", "thanks", "goodbye", "insult", "robot", "smalltalk", "help")
_MAX_CHOICES: Final = 40
_MARKED: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_ACTS: Final[Mapping[ActTool, str]] = {
    "affirm": "The customer says yes to what was last asked.",
    "deny": "The customer says no to what was last asked.",
    "fill": "The customer gives, answers with or corrects values of what is under way.",
    "skip": "The customer does not know or does not want to give a value.",
    "forget": "The customer says that a known value is wrong or not meant, and gives no other.",
    "why": "The customer asks why a value is needed.",
    "cancel": "The customer wants to stop what is under way.",
    "undo": "The customer takes back the last value given, or wants undone what was just done.",
    "restart": "The customer wants to begin anew from the start.",
    "repeat": "The customer wants to hear the last message again.",
    "question": "The customer asks about the business, its products, prices, rules or how something works.",
    "chat": "Talk beside the matter: greeting, thanks, goodbye, insult, whether this is a robot, what it can do.",
    "person": "The customer wants to talk to a human being.",
    "clarify": "Two or three of the other functions fit about equally well.",
}
_NEEDS_QUESTION: Final = frozenset({"affirm", "deny"})
_NEEDS_FLOW: Final = frozenset({"fill", "skip", "forget", "why"})
_FORMS: Final[Mapping[SlotType, str]] = {
    "text": "free text",
    "name": "a person's name",
    "id": "an identifier, as written",
    "choice": "one of the keys",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "date": "a date as YYYY-MM-DD",
    "time": "a time as HH:MM, 24 hours",
    "datetime": "a date and time as YYYY-MM-DDTHH:MM with its offset",
    "duration": "an ISO 8601 duration such as PT2H",
    "money": "an amount, the number alone",
    "phone": "a phone number with its country code",
    "email": "an e-mail address",
    "count": "how many",
    "location": "a place",
}
_JSON_TYPES: Final[Mapping[SlotType, str]] = {
    "number": "number",
    "money": "number",
    "integer": "integer",
    "count": "integer",
    "boolean": "boolean",
}


@dataclass(frozen=True)
class IntentTool:
    """A tool that stands for an intent."""

    intent: str


@dataclass(frozen=True, kw_only=True)
class Toolbox:
    """The tools of one call and what each of their names means."""

    tools: tuple[dict[str, JsonValue], ...]
    meanings: Mapping[str, IntentTool | ActTool]


def build_toolbox(project: Project, situation: Situation, intents: Sequence[str]) -> Toolbox:
    """Tools for `intents` and for the dialogue acts that make sense now."""
    meanings: dict[str, IntentTool | ActTool] = {}
    tools: list[dict[str, JsonValue]] = []
    for intent in intents:
        name = f"intent_{intent}"[:64] if intent in _ACTS else intent
        meanings[name] = IntentTool(intent)
        properties = _slots(project, intent, situation.locale)
        tools.append(_tool(name, _describe(project, intent, situation.locale), properties))
    names = list(meanings)
    for act, description in _ACTS.items():
        if _makes_sense(act, situation, project):
            meanings[act] = act
            tools.append(_tool(act, description, _act_arguments(act, project, situation, names)))
    return Toolbox(tools=tuple(tools), meanings=meanings)


def _makes_sense(act: ActTool, situation: Situation, project: Project) -> bool:
    if act in _NEEDS_QUESTION:
        return situation.open is not None
    if act in _NEEDS_FLOW:
        return situation.intent in project.intents
    return True


def _tool(name: str, description: str, properties: dict[str, JsonValue]) -> dict[str, JsonValue]:
    # Nothing is `required`: a model that must give an argument makes one up.
    parameters: JsonValue = {"type": "object", "properties": properties}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


def _describe(project: Project, name: str, locale: str) -> str:
    intent = project.intents[name]
    said = [text for text in (intent.description, project.say(intent.title, locale)) if text]
    examples = "; ".join(f'"{example}"' for example in _examples(intent, locale))
    told = " – ".join(dict.fromkeys(said)) or name.replace("_", " ")
    return f"{told}. The customer says for instance: {examples}" if examples else told


def _examples(intent: Intent, locale: str) -> list[str]:
    given = intent.examples.get(locale) or next(iter(intent.examples.values()), [])
    return [_MARKED.sub(r"\1", example)[:200] for example in given[:3]]


def _slots(project: Project, intent: str, locale: str) -> dict[str, JsonValue]:
    return {name: _argument(name, slot, project, locale) for name, slot in project.slots_of(intent).items()}


def _argument(name: str, slot: Slot, project: Project, locale: str) -> JsonValue:
    title = localized(slot.title, locale, project.default_locale) or name.replace("_", " ")
    hint = localized(slot.hint, locale, project.default_locale) or localized(slot.ask, locale, project.default_locale)
    told = ". ".join(text.rstrip(".") for text in (f"{title}: {_form(slot, locale)}", hint) if text)
    value: dict[str, JsonValue] = {"type": _JSON_TYPES.get(slot.type, "string")}
    if slot.choices and len(slot.choices) <= _MAX_CHOICES:
        value["enum"] = list(slot.choices)
    quote: JsonValue = {"type": "string", "description": "the customer's exact words"}
    return {"type": "object", "description": told, "properties": {"value": value, "quote": quote}}


def _form(slot: Slot, locale: str) -> str:
    form = _FORMS[slot.type]
    if not slot.choices:
        return form
    keys = [
        f"{key} ({', '.join(said)})" if (said := synonyms.get(locale, [])[:2]) else key
        for key, synonyms in list(slot.choices.items())[:_MAX_CHOICES]
    ]
    return f"one of {'; '.join(keys)}"


def _act_arguments(
    act: ActTool, project: Project, situation: Situation, intents: Sequence[str]
) -> dict[str, JsonValue]:
    if act == "fill" and situation.intent is not None:
        return _slots(project, situation.intent, situation.locale)
    if act in {"skip", "forget", "why"} and situation.intent is not None:
        return {"slot": _one_of(project.intents[situation.intent].slots)}
    if act == "question":
        told = "the question, made complete from the conversation, in the customer's language"
        return {"text": {"type": "string", "description": told}}
    if act == "chat":
        return {"topic": _one_of(TOPICS)}
    if act == "clarify":
        return {"intents": {"type": "array", "items": _one_of(intents)}}
    return {}


def _one_of(names: Iterable[str]) -> JsonValue:
    listed: list[JsonValue] = list(names)
    return {"type": "string", "enum": listed} if listed else {"type": "string"}
