"""LangGraph's threads: their ids, and one turn at a time on each."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Final
from uuid import UUID, uuid5

from graph.calls import TurnRefusedError
from tools.turn_locks import TurnLocks

NAMESPACE = UUID("6f2b7c1e-0d5f-5c55-9a3d-5d2f7f6a9b10")

MAX_WAITING = 8
"""Messages that may wait for one session's turn; beyond it the session is busy."""

WAIT_SECONDS: Final = 60.0
"""So long a message waits for a turn that another worker runs."""
FIRST_PAUSE: Final = 0.005
LONGEST_PAUSE: Final = 0.05
"""Seconds between two looks whether that worker is done."""


def thread_id(tenant: str, project: str, session_id: str) -> str:
    """A UUIDv5 of all three: one tenant's session can never name another's thread."""
    return str(uuid5(NAMESPACE, f"{tenant}\x00{project}\x00{session_id}"))


class ThreadLocks:
    """First come, first served on each thread; simultaneous turns of one LangGraph thread lose all but one.

    Within the process they queue; `shared` keeps the other workers of the database out.
    """

    def __init__(self, shared: TurnLocks | None = None) -> None:
        self._shared = shared
        self._locks: dict[str, asyncio.Lock] = {}
        self._waiting: dict[str, int] = {}

    @asynccontextmanager
    async def hold(self, thread: str, *, wait: bool = True) -> AsyncIterator[None]:
        """Have the thread to oneself; raises TurnRefusedError where too many wait already or waiting is not wanted.

        Raises LedgerUnavailableError where nobody can tell whether another worker has it.
        """
        waiting = self._waiting.get(thread, 0)
        if waiting > (MAX_WAITING if wait else 0):
            raise _busy()
        lock = self._locks.setdefault(thread, asyncio.Lock())
        self._waiting[thread] = waiting + 1
        try:
            async with lock, self._among_workers(thread, wait=wait):
                yield
        finally:
            self._waiting[thread] -= 1
            if self._waiting[thread] == 0:
                del self._waiting[thread], self._locks[thread]

    @asynccontextmanager
    async def _among_workers(self, thread: str, *, wait: bool) -> AsyncIterator[None]:
        if self._shared is None:
            yield
            return
        begun, pause = perf_counter(), FIRST_PAUSE
        while not await self._shared.take(thread, waited=perf_counter() - begun):
            if not wait or perf_counter() - begun > WAIT_SECONDS:
                raise _busy()
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
        try:
            yield
        finally:
            await self._shared.release(thread)

    @property
    def active(self) -> int:
        """Threads with a turn running or waiting."""
        return len(self._locks)


def _busy() -> TurnRefusedError:
    return TurnRefusedError("busy", "The session is still answering.", status=409, retry_after=1)
