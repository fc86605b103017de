"""The time, as something that can be given."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present moment, aware."""


def utc_now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)
