"""A deed's row in the ledger, from its claim to what became of it; also where the turn is cancelled meanwhile."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

import structlog

from tools.errors import LedgerUnavailableError
from tools.findings import Finding, unknown
from tools.ledger import Claim, Entry, Ledger, Row, State

FIRST_WAIT: Final = 0.05
LONGEST_WAIT: Final = 0.5

_log = structlog.get_logger(__name__)


def may_have_been_done(row: Row) -> bool:
    """Whether it went out and was not refused for certain."""
    return row.attempts > 0 and row.state != "failed"


def outcome_of(row: Row) -> Finding:
    """What the row says of a deed that went out."""
    return row.finding or unknown("api_error")


class Claims:
    """Claims rows, and lets go of them in a way that a turn run again can rely on."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def take(
        self,
        entry: Entry,
        *,
        lease_seconds: float,
        again: tuple[State, ...],
        lookup: str | None,
        left: Callable[[], float],
    ) -> Claim:
        """Claim the row, waiting while another call is at it; raises LedgerUnavailableError."""
        wait = FIRST_WAIT
        while True:
            claim = await self._take(entry, lease_seconds, again, lookup)
            if not claim.busy or left() <= wait:
                return claim
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    async def _take(self, entry: Entry, lease_seconds: float, again: tuple[State, ...], lookup: str | None) -> Claim:
        claiming = asyncio.ensure_future(
            self._ledger.claim(entry, lease_seconds=lease_seconds, again=again, lookup=lookup)
        )
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            await asyncio.shield(self._untake(entry, claiming))
            raise

    async def _untake(self, entry: Entry, claiming: asyncio.Future[Claim]) -> None:
        """A claim that comes about after its turn has ended would keep the next turn waiting for its lease."""
        with contextlib.suppress(LedgerUnavailableError):
            claim = await claiming
            if claim.granted:
                await self._let_go(entry, claim.row, dispatched=False)

    async def abandon(self, entry: Entry, row: Row, *, dispatched: bool) -> None:
        """The turn was cancelled: what may have gone out is unknown, else the claim is as if it had not been."""
        await asyncio.shield(self._let_go(entry, row, dispatched=dispatched))

    async def _let_go(self, entry: Entry, row: Row, *, dispatched: bool) -> None:
        """`row` is as the claim found it."""
        if dispatched or may_have_been_done(row):
            await self.note(entry, unknown("api_timeout"))
        elif row.finding is not None:
            await self.note(entry, row.finding)
        else:
            with contextlib.suppress(LedgerUnavailableError):
                await self._ledger.release(entry.key)

    async def note(self, entry: Entry, finding: Finding) -> Finding:
        """Write it down; a ledger that fails now leaves the row dispatched, which the next reading finds."""
        try:
            await asyncio.shield(self._ledger.finish(entry.key, finding))
        except LedgerUnavailableError as error:
            _log.error("receipt_not_written", action=entry.action, key=entry.key, reason=str(error))
        return finding
