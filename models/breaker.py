"""A circuit breaker for one backend: after several failures in a row it is left alone for a while.

Half-open lets exactly one probe through; everyone else is refused at once until the probe's outcome is known.
"""

from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import Literal, Self


class BreakerOpenError(Exception):
    """The backend failed repeatedly and is not asked now."""


class Breaker:
    """Counts a backend's failures in a row; not thread-safe, used on one event loop."""

    def __init__(self, *, failures: int = 5, pause: float = 15.0, clock: Callable[[], float] = monotonic) -> None:
        self._limit = failures
        self._pause = pause
        self._clock = clock
        self._failures = 0
        self._opened_at: float | None = None
        self._probe: Passage | None = None

    @property
    def state(self) -> Literal["closed", "open", "half_open"]:
        """Whether the backend is asked, left alone, or about to be tried."""
        if self._opened_at is None:
            return "closed"
        return "half_open" if self._clock() - self._opened_at >= self._pause else "open"

    def passage(self) -> "Passage":
        """A permit for one call, to be told what became of it; raises BreakerOpenError."""
        state = self.state
        if state == "open" or (state == "half_open" and self._probe is not None):
            raise BreakerOpenError
        passage = Passage(self)
        if state == "half_open":
            self._probe = passage
        return passage

    def settle(self, passage: "Passage", outcome: Literal["succeeded", "failed", "abandoned"]) -> None:
        """Record what became of a call; an abandoned one says nothing about the backend."""
        if outcome == "succeeded":
            self._failures, self._opened_at = 0, None
        elif outcome == "failed":
            self._failures += 1
            if self._failures >= self._limit or passage is self._probe:
                self._opened_at = self._clock()
        if passage is self._probe:
            self._probe = None


class Passage:
    """One permitted call; leaving it without a word counts as abandoned."""

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker
        self._settled = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._settle("abandoned")

    def succeeded(self) -> None:
        """The backend answered, whatever it said."""
        self._settle("succeeded")

    def failed(self) -> None:
        """The backend was not there."""
        self._settle("failed")

    def _settle(self, outcome: Literal["succeeded", "failed", "abandoned"]) -> None:
        if not self._settled:
            self._settled = True
            self._breaker.settle(self, outcome)
