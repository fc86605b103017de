"""
What an import says besides its result.

* ImportRefusedError   the source cannot be imported at all
* UnsupportedError     one operation cannot be an action; the message says why
"""

from dataclasses import dataclass, field
from typing import Final

from config.errors import ConfigError

MAX_NOTES: Final = 400


class ImportRefusedError(ConfigError):
    """The source cannot be imported: too large, unreadable, or of another kind."""


class UnsupportedError(Exception):
    """An operation that cannot be an action; the message says why."""


@dataclass
class Notes:
    """One line for everything that was left out or read in a way the author may not have meant."""

    lines: list[str] = field(default_factory=list)

    def add(self, where: str, what: str) -> None:
        """Note it once; a document that asks for endless notes gets an end."""
        line = " ".join(f"{where}: {what}".split())[:300]
        if line not in self.lines and len(self.lines) < MAX_NOTES:
            self.lines.append(line)
