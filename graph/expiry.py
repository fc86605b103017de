"""Forgets sessions that lay still for longer than the operator keeps them: checkpoints, log, ledger and letters."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Final, Protocol

import structlog

from config.clock import Clock
from graph.calls import TurnRefusedError
from graph.turn_log import TurnLog
from tools.errors import LedgerUnavailableError
from tools.turn_locks import TurnLocks

PAUSE_SECONDS: Final = 3600.0
AT_ONCE: Final = 500
"""Sessions looked up at a time."""
_LOCK: Final = "expiry"

log = structlog.get_logger(__name__)


class Eraser(Protocol):
    """Ends sessions."""

    async def erase(self, tenant: str, project: str, session_id: str) -> bool:
        """Forget all of the session; False where there is none."""


class Expiry:
    """Looks at the start and then every hour; of several workers one does it."""

    def __init__(self, eraser: Eraser, turn_log: TurnLog, locks: TurnLocks, clock: Clock, *, days: float) -> None:
        self._eraser = eraser
        self._log = turn_log
        self._locks = locks
        self._clock = clock
        self._kept = timedelta(days=days)
        self._task = asyncio.create_task(self._run(), name="expiry")

    async def stop(self) -> None:
        """Leave what is left to the next start."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._look()
            except LedgerUnavailableError as error:
                log.warning("sessions not expired", cause=str(error))
            await asyncio.sleep(PAUSE_SECONDS)

    async def _look(self) -> None:
        if not await self._locks.take(_LOCK):
            return
        try:
            forgotten = await self._forget()
        finally:
            await self._locks.release(_LOCK)
        if forgotten:
            log.info("sessions expired", count=forgotten)

    async def _forget(self) -> int:
        before, forgotten, left = (self._clock() - self._kept).isoformat(), 0, set[str]()
        while old := [row for row in await self._log.idle(before, AT_ONCE) if row.thread_id not in left]:
            for row in old:
                with contextlib.suppress(TurnRefusedError):  # it has come to life just now
                    forgotten += await self._eraser.erase(row.tenant, row.project, row.session_id)
                left.add(row.thread_id)
        return forgotten
