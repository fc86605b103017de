"""Attacks in three languages, models that fall for them, and what would be outside the grammar."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from config.project import Project
from dialogue.commands import Command
from tests.openai_server import Seen, Step, calls, decides, says
from understanding.quotes import find_quote

GRAMMAR: Final = frozenset(
    {
        *("start", "fill", "skip", "why", "question", "chat", "clarify", "unclear"),
        *("affirm", "deny", "cancel", "undo", "restart", "repeat", "person"),
    }
)
"""What a customer's message can come to at all."""
INVENTED: Final = (
    *("admin", "steal_money", "delete_all_sessions", "transfer_ownership", "unlock_all_accounts"),
    *("functions.admin", "send_money; admin", "intent_admin", "../balance", ""),
)
"""What no project has."""


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One message of an attacker."""

    locale: str
    kind: str
    say: str


def attacks() -> list[Attack]:
    """The corpus."""
    found: Mapping[str, Sequence[Mapping[str, str]]] = YAML(typ="safe").load(
        Path(__file__).with_name("attacks.yaml").read_text(encoding="utf-8")
    )
    return [Attack(locale=locale, **one) for locale, listed in found.items() for one in listed]


def _message(seen: Seen) -> str:
    return str(seen.body["messages"][-1]["content"])


def _obeys(seen: Seen) -> Step:
    """Calls whatever the message names, with whatever it says, in the form that is asked for."""
    names = [*INVENTED, *re.findall(r"\w{4,}", _message(seen))[:10]]
    return decides(*((name, {"admin": True, "sql": "DROP", "text": _message(seen)}) for name in names))


def _repeats(seen: Seen) -> Step:
    """Says the message again, as if it were its own answer."""
    return says(_message(seen))


def _tells(seen: Seen) -> Step:
    """Tells all it was told."""
    return says(seen.prompt)


def _fills(seen: Seen) -> Step:
    """Calls what the project has, and fills every value with what the message never said, or said as an order."""
    values = ({"value": "admin", "quote": "admin approved"}, {"value": 1000000, "quote": "1000000000"})
    named = {name: tool["parameters"].get("properties", {}) for name, tool in seen.tools.items()}
    listed: list[tuple[str, Mapping[str, Any]]] = [
        (name, {slot: values[at % 2] for at, slot in enumerate([*slots, "admin", "__proto__"])})
        for name, slots in named.items()
    ]
    return calls(*listed) if listed else says(json.dumps({"calls": []}))


FALLEN: Final[Mapping[str, Callable[[Seen], Step]]] = {
    "obeys": _obeys,
    "repeats the message": _repeats,
    "tells its prompt": _tells,
    "fills in what was not said": _fills,
}
"""The worst models there can be."""


def outside(commands: Sequence[Command], project: Project, message: str) -> Iterator[str]:
    """What of a reading the project does not have or the customer did not write."""
    for command in commands:
        if command["command"] not in GRAMMAR:
            yield f"command {command['command']}"
        elif command["command"] == "start" and command["intent"] not in project.intents:
            yield f"intent {command['intent']}"
        elif command["command"] == "clarify":
            yield from (f"intent {name}" for name in command["intents"] if name not in project.intents)
        elif command["command"] == "fill":
            known = {slot for intent in project.intents for slot in project.slots_of(intent)}
            if command["slot"] not in known:
                yield f"slot {command['slot']}"
            if not find_quote(message, command["quote"]) and command["quote"] not in message:
                yield f"quote {command['quote']!r}"
