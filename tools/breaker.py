"""Leaves a host alone that keeps failing, and never asks one host for too much at once."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tools.errors import UnreachableError


@dataclass
class Breaker:
    """Closed until `failures` calls in a row failed, then open for `seconds`, then one call may try."""

    failures: int = 5
    seconds: float = 10.0
    now: Callable[[], float] = time.monotonic
    _failed: int = 0
    _opened_at: float | None = None
    _probing: bool = False

    def enter(self) -> None:
        """Ask for leave to call; raises UnreachableError while the circuit is open."""
        if self._opened_at is None:
            return
        if self._probing or self.now() - self._opened_at < self.seconds:
            raise UnreachableError("the circuit is open: this host failed several times in a row")
        self._probing = True

    def leave(self, *, healthy: bool | None) -> None:
        """Say how the call went; None where it tells nothing of the host."""
        probed, self._probing = self._probing, False
        if healthy:
            self._failed, self._opened_at = 0, None
        elif healthy is False:
            self._failed += 1
            if probed or self._failed >= self.failures:
                self._opened_at = self.now()


@dataclass
class _Host:
    breaker: Breaker
    places: asyncio.Semaphore


@dataclass
class Hosts:
    """A breaker and a number of places for every (tenant, host)."""

    at_once: int = 32
    failures: int = 5
    seconds: float = 10.0
    now: Callable[[], float] = time.monotonic
    _known: dict[tuple[str, str], _Host] = field(default_factory=dict)

    @asynccontextmanager
    async def place(self, tenant: str, host: str) -> AsyncIterator[Breaker]:
        """A place at the host; the caller enters and leaves the breaker around each attempt."""
        if (tenant, host) not in self._known:
            breaker = Breaker(self.failures, self.seconds, self.now)
            self._known[tenant, host] = _Host(breaker, asyncio.Semaphore(self.at_once))
        known = self._known[tenant, host]
        async with known.places:
            yield known.breaker
