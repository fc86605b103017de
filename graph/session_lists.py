"""Which sessions a list shows, as a condition that SQLite and PostgreSQL both understand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tools.database import Values

Owner = Literal["bot", "person"]


@dataclass(frozen=True, kw_only=True)
class SessionQuery:
    """Sessions of these tenants, the most recently active first; what is None or empty excludes nothing."""

    tenants: Sequence[str]
    project: str | None = None
    session_id: str | None = None
    owner: Owner | None = None
    contains: str = ""
    """A part of the session's id, in small or capital letters."""
    limit: int = 1000
    offset: int = 0


def condition(wanted: SessionQuery) -> tuple[str, Values]:
    """What stands behind WHERE, and its values."""
    names = {f"tenant_{number}": tenant for number, tenant in enumerate(wanted.tenants)}
    parts = [f"tenant IN ({', '.join(f':{name}' for name in names)})" if names else "1 = 0"]
    values: Values = dict(names)
    for column in ("project", "session_id", "owner"):
        if (value := getattr(wanted, column)) is not None:
            parts.append(f"{column} = :{column}")
            values = {**values, column: value}
    if wanted.contains:
        parts.append("lower(session_id) LIKE :pattern ESCAPE '!'")
        values = {**values, "pattern": _pattern(wanted.contains)}
    return " AND ".join(parts), values


def _pattern(text: str) -> str:
    escaped = "".join(f"!{character}" if character in "!%_" else character for character in text.lower())
    return f"%{escaped}%"


def placeholders(threads: Sequence[str]) -> tuple[str, Values]:
    """A list of threads behind IN, and its values."""
    values = {f"thread_{number}": thread for number, thread in enumerate(threads)}
    return ", ".join(f":{name}" for name in values), values
