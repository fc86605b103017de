"""Words what a model must know to read one message; sensitive values are masked where it does not need them."""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from pydantic import JsonValue

from config.project import Project
from config.templates import TemplateError, render_text
from config.versions import Version
from dialogue.privacy import HIDDEN, Veil, hide_identifiers
from dialogue.state import OpenQuestion
from understanding.port import Situation

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HISTORY: Final = 10
_LONGEST: Final = 600


def build_messages(version: Version, situation: Situation) -> tuple[list[dict[str, str]], str | None]:
    """The messages of one call, and what was wrong with the project's own prompt, if it could not be used."""
    values = _values(version.project, situation)
    own, problem = version.prompts.get("understand"), None
    system = None
    if own is not None:
        try:
            system = render_text(own, values)
        except TemplateError as error:
            problem = f"prompt_unusable: understand ({error.name or 'template'})"
    if system is None:
        system = render_text(_built_in(), values)
    return [{"role": "system", "content": system}, {"role": "user", "content": situation.message}], problem


@cache
def _built_in() -> str:
    return files("understanding").joinpath("prompts", "understand.md").read_text(encoding="utf-8")


def _values(project: Project, situation: Situation) -> dict[str, str]:
    now = situation.now
    veil = Veil(project, [situation.filled])

    def hide(text: str) -> str:
        return veil(hide_identifiers(text))

    return {
        "project": project.name,
        "persona": project.say(project.persona, situation.locale) or "–",
        "locale": situation.locale,
        "weekday": _DAYS[now.weekday()],
        "date": f"{now:%Y-%m-%d}",
        "time": f"{now:%H:%M}",
        "timezone": project.timezone,
        "flow": situation.intent or "nothing",
        "filled": _listed(situation, project),
        "waiting": ", ".join(situation.waiting) or "nothing",
        "open": hide(_question(situation.open)),
        "conversation": "\n".join(_lines(situation, hide)) or "–",
    }


def _listed(situation: Situation, project: Project) -> str:
    slots = project.slots_of(situation.intent) if situation.intent in project.intents else {}
    shown: Mapping[str, JsonValue] = {
        name: HIDDEN if name in slots and slots[name].sensitive else value for name, value in situation.filled.items()
    }
    return json.dumps(shown, ensure_ascii=False) if shown else "none"


def _question(question: OpenQuestion | None) -> str:
    if question is None:
        return "nothing"
    about = ", ".join([*question["slots"], *question["intents"]])
    return f"{question['kind']}{f' ({about})' if about else ''}: {_flat(question['text'])}"


def _lines(situation: Situation, hide: Callable[[str], str]) -> Iterable[str]:
    history = list(situation.history)
    if history and history[-1] == ("user", situation.message):
        history.pop()
    for role, content in history[-_HISTORY:]:
        yield f"{'Customer' if role == 'user' else 'Assistant'}: {hide(_flat(content))}"


def _flat(text: str) -> str:
    """One line, so that a message cannot pretend to be several."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else f"{flat[:_LONGEST]}…"
