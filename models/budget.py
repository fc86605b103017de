"""How many tokens a project's day may cost, and how many a text costs where nobody counted."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol

_DAY: Final = 24 * 60 * 60


def estimate_tokens(text: str) -> int:
    """About how many tokens `text` takes, for backends that do not say; nothing is downloaded for it."""
    chinese = sum(1 for char in text if "\u2e80" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7af")
    ascii_ = sum(1 for char in text if char < "\x80")
    return round(0.825 * chinese + 0.205 * ascii_ + 1.10 * (len(text) - chinese - ascii_)) + bool(text)


def utc_now() -> datetime:
    """The clock a budget's day follows."""
    return datetime.now(UTC)


class Counts(Protocol):
    """Numbers that are added to, each for a while."""

    async def add(self, name: str, amount: int, *, seconds: int) -> int:
        """What the number comes to; `seconds` after it was begun it begins anew."""

    async def read(self, name: str) -> int:
        """What the number is; 0 where there is none, or no longer."""


class MemoryCounts:
    """Numbers of this process alone."""

    def __init__(self, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock
        self._found: dict[str, tuple[int, float]] = {}

    async def add(self, name: str, amount: int, *, seconds: int) -> int:
        """What the number comes to."""
        now = self._clock().timestamp()
        self._found = {kept: (value, until) for kept, (value, until) in self._found.items() if until > now}
        value, until = self._found.get(name, (0, now + seconds))
        self._found[name] = value + amount, until
        return value + amount

    async def read(self, name: str) -> int:
        """What the number is."""
        value, until = self._found.get(name, (0, 0.0))
        return value if until > self._clock().timestamp() else 0


class TokenBudget:
    """Tokens spent today by each project of each tenant; a day begins at midnight UTC.

    Where `counts` are kept in a database, all workers and every restart share them.
    """

    def __init__(self, counts: Counts | None = None, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock
        self._counts = counts or MemoryCounts(clock=clock)

    async def allows(self, tenant: str, project: str, limit: int) -> bool:
        """Whether another call may be made today."""
        return await self.spent(tenant, project) < limit

    async def spend(self, tenant: str, project: str, tokens: int) -> None:
        """Count what a call used."""
        if tokens > 0:
            await self._counts.add(self._name(tenant, project), tokens, seconds=2 * _DAY)

    async def spent(self, tenant: str, project: str) -> int:
        """Tokens used today."""
        return await self._counts.read(self._name(tenant, project))

    def _name(self, tenant: str, project: str) -> str:
        return f"tokens/{self._clock().astimezone(UTC).date()}/{tenant}/{project}"
