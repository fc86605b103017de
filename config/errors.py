"""
What can be wrong with a project, and where.

* ConfigError
  + ProjectError           the folder cannot be read as a project; it carries every problem found
  + ProjectNotFoundError   no project of that name belongs to the tenant
  + VersionNotFoundError   the project has no such version any more
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True, order=True)
class Problem:
    """One mistake in a project, at its place, with what to write instead."""

    file: str
    line: int = 0
    """From 1; 0 where the problem has no one place in the file."""
    column: int = 0
    key: str = ""
    """The dotted path of the key, such as `intents.send_money.slots.amount.type`."""
    message: str
    expected: str = ""
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        """One line: `project.yaml:6:9: intents.x.slots.y.type: …; expected …`."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        parts = [place, "warning" if self.severity == "warning" else "", self.key]
        told = "; ".join(part for part in (self.message, self.expected and f"expected {self.expected}") if part)
        return " ".join(": ".join([*(part for part in parts if part), told]).split())


class ConfigError(Exception):
    """Something is wrong with a project or its version."""


class ProjectError(ConfigError):
    """The folder cannot be read as a project."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ProjectNotFoundError(ConfigError):
    """No project of that name belongs to the tenant."""

    def __init__(self, tenant: str, project: str) -> None:
        super().__init__(f"tenant {tenant!r} has no project {project!r}")
        self.tenant = tenant
        self.project = project


class VersionNotFoundError(ConfigError):
    """The project has no such version any more."""

    def __init__(self, tenant: str, project: str, version: str) -> None:
        super().__init__(f"project {project!r} of tenant {tenant!r} has no version {version!r}")
        self.tenant = tenant
        self.project = project
        self.version = version
