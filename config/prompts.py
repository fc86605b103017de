"""The prompts a project may word itself, in `prompts/<name>.md`, and what each of them may use."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

_ANSWERING: Final = frozenset({"persona", "language", "locale"})
PROMPTS: Final[Mapping[str, frozenset[str]]] = {
    "understand": frozenset(
        {"project", "persona", "locale", "weekday", "date", "time", "timezone"}
        | {"flow", "filled", "waiting", "open", "conversation"}
    ),
    "answer": _ANSWERING | {"passages", "refusal", "question"},
    "reword": _ANSWERING,
    "functions": frozenset(),
    "json": frozenset({"functions"}),
    "tagged": frozenset({"functions"}),
}
"""The names of the prompts, each with the values its template may read."""
FORMS: Final = frozenset({"json", "tagged"})
"""Prompts that say in which form to answer, for servers without tool calls; `{{ functions }}` must stand in them."""
LISTS: Final = frozenset({"functions"})
"""Prompts that are lists of lines `- name: words` rather than templates; a line left out keeps its built-in words."""

_LINE: Final = re.compile(r"^- (?P<name>[a-z_.]+): +(?P<words>\S.*)$")

_FUNCTIONS: Final = re.compile(r"\{\{\s*functions\s*\}\}")


def has_functions(form: str) -> bool:
    """Whether the functions have a place in a prompt of this form."""
    return _FUNCTIONS.search(form) is not None


def with_functions(form: str, functions: str) -> str:
    """A prompt of a form with the functions in their place; braces of its example of JSON are left as they are."""
    return _FUNCTIONS.sub(lambda _: functions, form)


def listed_words(text: str) -> Iterator[tuple[int, str, str]]:
    """(line, name, words) of every line of a list; other lines are remarks."""
    for number, line in enumerate(text.splitlines(), 1):
        found = _LINE.match(line.rstrip())
        if found:
            yield number, found["name"], found["words"]
