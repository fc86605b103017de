"""The prompts a project words itself: files nobody reads, templates that cannot be filled, lines that name nothing."""

from collections.abc import Iterator
from typing import Final

from config.checking.report import Report, one_of
from config.errors import Problem, ProjectError
from config.loading import read_prompts
from config.prompts import FORMS, LISTS, PROMPTS, has_functions, listed_words
from config.templates import TemplateError, render_text

FUNCTIONS: Final = frozenset(
    {"affirm", "deny", "fill", "skip", "forget", "why", "cancel", "undo", "restart", "repeat", "question", "chat"}
    | {"person", "clarify", "quote", "question.text", "examples"}
    | {f"form.{name}" for name in ("text", "name", "id", "choice", "number", "integer", "boolean", "date", "time")}
    | {f"form.{name}" for name in ("datetime", "duration", "money", "phone", "email", "count", "location")}
)
"""What the lines of `functions.md` may name."""


def check_prompts(report: Report) -> None:
    """Every file of the folder `prompts`."""
    try:
        prompts = read_prompts(report.folder)
    except ProjectError:
        return  # told when the project was read
    for name, text in prompts.items():
        file = f"prompts/{name}.md"
        if name not in PROMPTS:
            told = "no prompt is called so, and the file is not read"
            found = [Problem(file=file, message=told, expected=one_of(name, PROMPTS), severity="warning")]
        else:
            found = list(_problems(file, name, text))
        report.problems += found


def _problems(file: str, name: str, text: str) -> Iterator[Problem]:
    if name in LISTS:
        return _list(file, text)
    return _form(file, text) if name in FORMS else _template(file, text, PROMPTS[name])


def _form(file: str, text: str) -> Iterator[Problem]:
    if not has_functions(text):
        told = "a model is not told its functions, so the built-in words are used"
        yield Problem(file=file, message=told, expected="{{ functions }} where they are listed")


def _list(file: str, text: str) -> Iterator[Problem]:
    lines = list(listed_words(text))
    for line, name, _ in lines:
        if name not in FUNCTIONS:
            told = f"{name!r} is no function's part"
            yield Problem(file=file, line=line, column=1, message=told, expected=one_of(name, FUNCTIONS))
    if not lines:
        told, expected = "no line of it words anything", "lines such as '- person: The customer wants a person.'"
        yield Problem(file=file, message=told, expected=expected, severity="warning")


def _template(file: str, text: str, offered: frozenset[str]) -> Iterator[Problem]:
    try:
        render_text(text, dict.fromkeys(offered, "x"))
    except TemplateError as error:
        expected = f"only {', '.join(sorted(offered))}" if error.name else ""
        yield Problem(file=file, message=str(error), expected=expected)
