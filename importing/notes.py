"""
What an import says besides its result.

* ImportRefusedError   the source cannot be imported at all
* UnsupportedError     one operation cannot be an action; the message says why
"""

from dataclasses import dataclass, field
from typing import Final

from config.errors import ConfigError

MAX_NOTES: Final = 400
MAX_PLACES: Final = 3
"""Of what is so in more places, this many are named."""


class ImportRefusedError(ConfigError):
    """The source cannot be imported: too large, unreadable, or of another kind."""


class UnsupportedError(Exception):
    """An operation that cannot be an action; the message says why."""


@dataclass
class Notes:
    """One line for everything that was left out or read in a way the author may not have meant."""

    _said: dict[str, list[str]] = field(default_factory=dict)
    """What was noted, with its places."""
    _last: list[str] = field(default_factory=list)

    def add(self, where: str, what: str) -> None:
        """Note it once for each place."""
        places = self._said.setdefault(_line(what), [])
        if (place := _line(where)) not in places:
            places.append(place)

    def conclude(self, where: str, what: str) -> None:
        """Note it after all others, however many they are: what the author has to do."""
        self._last.append(_line(f"{where}: {what}"))

    @property
    def lines(self) -> list[str]:
        """The notes; what is so in many places is one, and a document that asks for endless notes gets an end."""
        lines = [line for what, places in self._said.items() for line in _told(what, places)]
        if len(lines) > MAX_NOTES:
            lines = [*lines[:MAX_NOTES], f"{len(lines) - MAX_NOTES} more notes; choose operations with --only"]
        return [*lines, *self._last]


def _told(what: str, places: list[str]) -> list[str]:
    if len(places) <= MAX_PLACES:
        return [f"{place}: {what}"[:300] for place in places]
    named = ", ".join(place[:60] for place in places[:MAX_PLACES])
    return [f"{named} and {len(places) - MAX_PLACES} more: {what}"[:300]]


def _line(text: str) -> str:
    return " ".join(text.split())[:300]
