"""Which language a customer asks to be answered in, where the message wants nothing else: "türkçe devam edelim"."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from config.project import Project
from dialogue.state import OpenQuestion
from understanding.act_examples import folded, load_examples
from understanding.wording import phrases

_LONGEST: Final = 80
"""Letters beyond which a message wants more than a language."""
_ANY_WORDS: Final = frozenset({"text", "name", "choice", "location"})
"""Types of slots that a language's name may answer."""


def language_wanted(text: str, project: Project, open_question: OpenQuestion | None, intent: str | None) -> str | None:
    """The project's locale whose language is named, beside words of speaking only; None for all other messages."""
    if len(project.locales) == 1 or len(text) > _LONGEST:
        return None
    said = folded(text)
    named = [locale for locale in project.locales if _names(_language(locale)).search(said)]
    if len(named) != 1:
        return None
    beside = _names(_language(named[0])).sub(" ", said)
    left, spoken = _speaking(tuple(map(_language, project.locales))).subn(" ", beside)
    if any(character.isalnum() for character in left):
        return None
    return named[0] if spoken > _may_answer(project, open_question, intent) else None


def _may_answer(project: Project, open_question: OpenQuestion | None, intent: str | None) -> int:
    """One where a lone "English please" could be the value that was asked for, else less than none."""
    if open_question is None or intent is None or open_question["kind"] not in ("slots", "ambiguous"):
        return -1
    slots = project.slots_of(intent)
    return 1 if any(slots[name].type in _ANY_WORDS for name in open_question["slots"] if name in slots) else -1


def _language(locale: str) -> str:
    return locale.split("-", maxsplit=1)[0].lower()


@cache
def _names(language: str) -> re.Pattern[str]:
    return phrases([word for each in load_examples() if each.locale == language for word in each.own_names])


@cache
def _speaking(languages: Sequence[str]) -> re.Pattern[str]:
    words = [word for each in load_examples() if each.locale in languages for word in each.speaking]
    return phrases(sorted(words, key=len, reverse=True))
