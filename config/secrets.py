"""References to the environment, `${NAME}`: read where a value is used, never stored, shown or logged."""

import os
import re
from collections.abc import Mapping
from typing import Final

_REFERENCE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class MissingVariableError(LookupError):
    """An environment variable that a project names is not set."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the environment variable {name} is not set; set it, or change the project file")
        self.name = name


def _look_up(name: str, environment: Mapping[str, str] | None) -> str:
    try:
        return (os.environ if environment is None else environment)[name]
    except KeyError:
        raise MissingVariableError(name) from None


def resolve(text: str, environment: Mapping[str, str] | None = None) -> str:
    """`text` with every `${NAME}` replaced by the variable's value; only for text that the project's author wrote."""
    return _REFERENCE.sub(lambda match: _look_up(match[1], environment), text)


def resolve_template(template: str, environment: Mapping[str, str] | None = None) -> str:
    """As `resolve`, for a text that is then rendered: a value with braces in it stays text.

    References are resolved before rendering, never after: a customer who writes `${BANK_SECRET}` gets just that back.
    """

    def literal(match: re.Match[str]) -> str:
        value = _look_up(match[1], environment)
        return "{% raw %}" + value + "{% endraw %}" if "{" in value else value

    return _REFERENCE.sub(literal, template)


def names_in_environment(text: str) -> set[str]:
    """The variables that `text` refers to."""
    return set(_REFERENCE.findall(text))
