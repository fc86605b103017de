"""Which turns may begin: so many a minute, and so many of one tenant at once, so that nobody starves the others."""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import FixedWindowRateLimiter

from config.project import Project
from graph.calls import TurnRefusedError

AT_ONCE: Final = 64
"""Turns of one tenant under way at once, in one process."""
QUEUE: Final = 16
"""How many times as many may wait."""
PATIENCE: Final = 30.0
"""Seconds that a turn waits for a place."""
_WAIT_SECONDS: Final = 2.0
"""What is asked of a caller who comes while the queue is full."""


@dataclass
class _Place:
    """A tenant's turns in this process."""

    free: asyncio.Semaphore
    waiting: int = 0
    running: int = 0


@dataclass
class Admission:
    """Lets turns begin, or refuses them with the time to come back.

    What is counted by the minute is counted in `storage`, which workers may share; what is counted at once is counted
    in this process.
    """

    storage: Storage = field(default_factory=MemoryStorage)
    at_once: int = AT_ONCE
    tenant_per_minute: int | None = None
    """What the operator lets each tenant have, whatever its projects say."""

    def __post_init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(self.storage)
        self._places: dict[str, _Place] = {}

    async def admit(self, project: Project) -> None:
        """Count a turn of the project; raises TurnRefusedError where it is one too many."""
        place = self._places.get(project.tenant)
        if place is not None and place.waiting >= self.at_once * QUEUE:
            raise _refused("Too many turns of this tenant are waiting.", _WAIT_SECONDS)
        if self.tenant_per_minute is not None:
            await self._count(RateLimitItemPerMinute(self.tenant_per_minute), "tenant", project.tenant)
        if project.limits.turns_per_minute is not None:
            limit = RateLimitItemPerMinute(project.limits.turns_per_minute)
            await self._count(limit, "project", project.tenant, project.name)

    @asynccontextmanager
    async def room(self, tenant: str) -> AsyncIterator[None]:
        """Have one of the tenant's places, after those who came before."""
        place = self._places.setdefault(tenant, _Place(asyncio.Semaphore(self.at_once)))
        place.waiting += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await place.free.acquire()
        except TimeoutError:
            raise _refused("Too many turns of this tenant are under way.", _WAIT_SECONDS) from None
        finally:
            place.waiting -= 1
        place.running += 1
        try:
            yield
        finally:
            place.running -= 1
            place.free.release()
            if not place.running and not place.waiting:
                self._places.pop(tenant, None)

    @property
    def waiting(self) -> int:
        """Turns that wait for a place."""
        return sum(place.waiting for place in self._places.values())

    async def _count(self, limit: RateLimitItem, *names: str) -> None:
        if await self._limiter.hit(limit, *names):
            return
        until = (await self._limiter.get_window_stats(limit, *names)).reset_time
        whose = "tenant" if names[0] == "tenant" else "project"
        raise _refused(f"More than {limit.amount} turns of this {whose} in a minute.", until - time.time())


def _refused(detail: str, seconds: float) -> TurnRefusedError:
    return TurnRefusedError("rate_limit", detail, status=429, retry_after=max(1, math.ceil(seconds)))
