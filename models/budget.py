"""How many tokens a project's day may cost, and how many a text costs where nobody counted."""

from collections.abc import Callable
from datetime import UTC, date, datetime


def estimate_tokens(text: str) -> int:
    """About how many tokens `text` takes, for backends that do not say; nothing is downloaded for it."""
    chinese = sum(1 for char in text if "\u2e80" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7af")
    ascii_ = sum(1 for char in text if char < "\x80")
    return round(0.825 * chinese + 0.205 * ascii_ + 1.10 * (len(text) - chinese - ascii_)) + bool(text)


def utc_now() -> datetime:
    """The clock a budget's day follows."""
    return datetime.now(UTC)


class TokenBudget:
    """Tokens spent today by each project of each tenant, in memory; a day begins at midnight UTC."""

    def __init__(self, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock
        self._day: date | None = None
        self._spent: dict[tuple[str, str], int] = {}

    def allows(self, tenant: str, project: str, limit: int) -> bool:
        """Whether another call may be made today."""
        return self.spent(tenant, project) < limit

    def spend(self, tenant: str, project: str, tokens: int) -> None:
        """Count what a call used."""
        self._turn_page()
        key = (tenant, project)
        self._spent[key] = self._spent.get(key, 0) + max(0, tokens)

    def spent(self, tenant: str, project: str) -> int:
        """Tokens used today."""
        self._turn_page()
        return self._spent.get((tenant, project), 0)

    def _turn_page(self) -> None:
        today = self._clock().astimezone(UTC).date()
        if today != self._day:
            self._day = today
            self._spent.clear()
