"""What a model may call: one tool for each intent, whose arguments are its slots, and one for each dialogue act."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from pydantic import JsonValue

from config.project import Intent, Project, Slot, SlotType, localized
from understanding.llm_wording import built_in_words
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
_ACTS: Final[tuple[ActTool, ...]] = get_args(ActTool)
_NEEDS_QUESTION: Final = frozenset({"affirm", "deny"})
_NEEDS_FLOW: Final = frozenset({"fill", "skip", "forget", "why"})
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


def build_toolbox(
    project: Project, situation: Situation, intents: Sequence[str], words: Mapping[str, str] | None = None
) -> Toolbox:
    """Tools for `intents` and for the dialogue acts that make sense now, told in `words`, else the built-in ones."""
    words = words or built_in_words()
    meanings: dict[str, IntentTool | ActTool] = {}
    tools: list[dict[str, JsonValue]] = []
    for intent in intents:
        name = f"intent_{intent}"[:64] if intent in _ACTS else intent
        meanings[name] = IntentTool(intent)
        properties = _slots(project, intent, situation.locale, words)
        tools.append(_tool(name, _describe(project, intent, situation.locale, words), properties))
    names = list(meanings)
    for act in _ACTS:
        if _makes_sense(act, situation, project):
            meanings[act] = act
            tools.append(_tool(act, words[act], _act_arguments(act, project, situation, names, words)))
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


def _describe(project: Project, name: str, locale: str, words: Mapping[str, str]) -> str:
    intent = project.intents[name]
    said = [text for text in (intent.description, project.say(intent.title, locale)) if text]
    examples = "; ".join(f'"{example}"' for example in _examples(intent, locale))
    told = " – ".join(dict.fromkeys(said)) or name.replace("_", " ")
    return f"{told}. {words['examples']} {examples}" if examples else told


def _examples(intent: Intent, locale: str) -> list[str]:
    given = intent.examples.get(locale) or next(iter(intent.examples.values()), [])
    return [_MARKED.sub(r"\1", example)[:200] for example in given[:3]]


def _slots(project: Project, intent: str, locale: str, words: Mapping[str, str]) -> dict[str, JsonValue]:
    return {name: _argument(name, slot, project, locale, words) for name, slot in project.slots_of(intent).items()}


def _argument(name: str, slot: Slot, project: Project, locale: str, words: Mapping[str, str]) -> JsonValue:
    title = localized(slot.title, locale, project.default_locale) or name.replace("_", " ")
    hint = localized(slot.hint, locale, project.default_locale) or localized(slot.ask, locale, project.default_locale)
    told = ". ".join(text.rstrip(".") for text in (f"{title}: {_form(slot, locale, words)}", hint) if text)
    value: dict[str, JsonValue] = {"type": _JSON_TYPES.get(slot.type, "string")}
    if slot.choices and len(slot.choices) <= _MAX_CHOICES:
        value["enum"] = list(slot.choices)
    quote: JsonValue = {"type": "string", "description": words["quote"]}
    return {"type": "object", "description": told, "properties": {"value": value, "quote": quote}}


def _form(slot: Slot, locale: str, words: Mapping[str, str]) -> str:
    form = words[f"form.{slot.type}"]
    if not slot.choices:
        return form
    keys = [
        f"{key} ({', '.join(said)})" if (said := synonyms.get(locale, [])[:2]) else key
        for key, synonyms in list(slot.choices.items())[:_MAX_CHOICES]
    ]
    return f"one of {'; '.join(keys)}"


def _act_arguments(
    act: ActTool, project: Project, situation: Situation, intents: Sequence[str], words: Mapping[str, str]
) -> dict[str, JsonValue]:
    if act == "fill" and situation.intent is not None:
        return _slots(project, situation.intent, situation.locale, words)
    if act in {"skip", "forget", "why"} and situation.intent is not None:
        return {"slot": _one_of(project.intents[situation.intent].slots)}
    if act == "question":
        return {"text": {"type": "string", "description": words["question.text"]}}
    if act == "chat":
        return {"topic": _one_of(TOPICS)}
    if act == "clarify":
        return {"intents": {"type": "array", "items": _one_of(intents)}}
    return {}


def _one_of(names: Iterable[str]) -> JsonValue:
    listed: list[JsonValue] = list(names)
    return {"type": "string", "enum": listed} if listed else {"type": "string"}
