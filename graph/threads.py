"""LangGraph's threads: their ids, and one turn at a time on each."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid5

from graph.calls import TurnRefusedError

NAMESPACE = UUID("6f2b7c1e-0d5f-5c55-9a3d-5d2f7f6a9b10")

MAX_WAITING = 8
"""Messages that may wait for one session's turn; beyond it the session is busy."""


def thread_id(tenant: str, project: str, session_id: str) -> str:
    """A UUIDv5 of all three: one tenant's session can never name another's thread."""
    return str(uuid5(NAMESPACE, f"{tenant}\x00{project}\x00{session_id}"))


class ThreadLocks:
    """First come, first served on each thread; simultaneous turns of one LangGraph thread lose all but one."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._waiting: dict[str, int] = {}

    @asynccontextmanager
    async def hold(self, thread: str, *, wait: bool = True) -> AsyncIterator[None]:
        """Have the thread to oneself; raises TurnRefusedError where too many wait already or waiting is not wanted."""
        waiting = self._waiting.get(thread, 0)
        if waiting > (MAX_WAITING if wait else 0):
            raise TurnRefusedError("busy", "The session is still answering.", status=409, retry_after=1)
        lock = self._locks.setdefault(thread, asyncio.Lock())
        self._waiting[thread] = waiting + 1
        try:
            async with lock:
                yield
        finally:
            self._waiting[thread] -= 1
            if self._waiting[thread] == 0:
                del self._waiting[thread], self._locks[thread]

    @property
    def active(self) -> int:
        """Threads with a turn running or waiting."""
        return len(self._locks)
