"""How a model is told of the functions it may call: the built-in words, and a project's own where it has some."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from config.prompts import FORMS, has_functions, listed_words
from config.versions import Version


def function_words(version: Version) -> tuple[Mapping[str, str], str | None]:
    """Words by name, and which of a project's own could not be used."""
    built_in = built_in_words()
    own = {name: words for _, name, words in listed_words(version.prompts.get("functions", ""))}
    unknown = sorted(set(own) - set(built_in))
    problem = f"prompt_unusable: functions ({', '.join(unknown)})" if unknown else None
    return {name: own.get(name, words) for name, words in built_in.items()}, problem


def form_words(version: Version) -> tuple[Mapping[str, str], str | None]:
    """How a project words the forms of an answer, and which of its own could not be used."""
    own = {name: version.prompts[name] for name in sorted(FORMS) if version.prompts.get(name, "").strip()}
    unusable = [name for name, text in own.items() if not has_functions(text)]
    problem = f"prompt_unusable: {', '.join(unusable)} (functions)" if unusable else None
    return {name: text for name, text in own.items() if name not in unusable}, problem


@cache
def built_in_words() -> Mapping[str, str]:
    """The words of the shipped file."""
    text = files("understanding").joinpath("prompts", "functions.md").read_text(encoding="utf-8")
    return {name: words for _, name, words in listed_words(text)}
