"""Several messages read as one: a burst within its window, or what came while a turn could still be stopped.

Each message is put into the mailbox before its worker waits for the thread. Whoever has the thread reads all that are
there; the others find their answer in the log.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final
from uuid import uuid4

from pydantic import JsonValue

from config.versions import Version
from dialogue.interruptions import Stoppable, TurnInterruptedError
from graph.calls import TurnCall
from graph.entries import diagnostics_of, each_of, joined
from graph.mailbox import Mailbox, Waiting
from graph.running import Hearing, Running
from graph.turn_log import LoggedTurn

WINDOWS: Final = 4
"""A burst without end is answered after so many windows."""
STALE_SECONDS: Final = 120.0
"""A message that nobody read for so long was given up by its sender."""
MOST_STOPS: Final = 5
"""A turn that was stopped so often is carried out."""
LOOK_SECONDS: Final = 0.2
"""How often it is looked whether another worker has a newer message."""


class Together:
    """Collects messages; used by projects whose `session.busy` is `merge` or `interrupt`."""

    def __init__(self, mailbox: Mailbox, running: Running) -> None:
        self._mailbox = mailbox
        self._running = running
        self._stoppable: dict[str, Stoppable] = {}

    async def post(self, call: TurnCall, thread: str) -> TurnCall:
        """Keep the message until it is read, and stop the thread's turn where it may be; the call with its id."""
        message_id = call.message_id or uuid4().hex
        letter = Waiting(message_id=message_id, message=call.message, arrived_at=time.time())
        await self._mailbox.put(thread, letter)
        if thread in self._stoppable:
            self._stoppable[thread].stop()
        # Whether it was sent before or not, another's turn may have read it.
        return replace(call, message_id=message_id, message_id_made=False)

    async def withdraw(self, call: TurnCall, thread: str) -> None:
        """Nobody waits for the message any more."""
        await self._mailbox.remove(thread, [call.message_id or ""])

    async def burst(self, thread: str, window: float) -> None:
        """Wait until nothing new came for so many seconds; used by whoever has the thread."""
        while letters := await self._mailbox.waiting(thread):
            quiet = min(letters[-1].arrived_at + window, letters[0].arrived_at + WINDOWS * window)
            left = quiet - time.time()
            if left <= 0:
                return
            await asyncio.sleep(left)

    async def answer(
        self, call: TurnCall, version: Version, thread: str, hearing: Hearing
    ) -> tuple[list[LoggedTurn], dict[str, JsonValue]]:
        """One turn for all that waits, `call` among it: an entry for each message, and the answer."""
        stops = 0
        while True:
            letters = await self._letters(call, version, thread)
            together = replace(call, message=joined(letters), message_id=letters[-1].message_id)
            may_stop = version.project.session.busy == "interrupt" and stops < MOST_STOPS
            turn = Stoppable() if may_stop else None
            try:
                async with self._watched(thread, len(letters), turn):
                    answer = await self._running.answer(together, version, thread, hearing, turn=turn)
            except TurnInterruptedError:
                stops += 1
                continue
            if len(letters) > 1:
                diagnostics_of(answer)["messages"] = [letter.message_id for letter in letters]
            return each_of(letters, answer), {**answer, "message_id": call.message_id}

    async def _letters(self, call: TurnCall, version: Version, thread: str) -> Sequence[Waiting]:
        """What waits, as far as it fits into one message; this call's own message is always among it."""
        oldest = time.time() - STALE_SECONDS
        waiting = await self._mailbox.waiting(thread)
        own = next((letter for letter in waiting if letter.message_id == call.message_id), None)
        if own is None:  # erased meanwhile
            own = Waiting(message_id=call.message_id or "", message=call.message, arrived_at=time.time())
        others = [one for one in waiting if one.message_id != own.message_id and one.arrived_at >= oldest]
        chosen = [own]
        for letter in sorted(others, key=lambda one: one.arrived_at):
            if len(joined([*chosen, letter])) <= version.project.limits.message_chars:
                chosen.append(letter)
        return sorted(chosen, key=lambda one: (one.arrived_at, one.message_id))

    @asynccontextmanager
    async def _watched(self, thread: str, known: int, turn: Stoppable | None) -> AsyncIterator[None]:
        """Stop the turn when more messages come, to this worker or to another."""
        if turn is None:
            yield
            return
        self._stoppable[thread] = turn
        watcher = asyncio.create_task(self._watch(thread, known, turn))
        try:
            yield
        finally:
            del self._stoppable[thread]
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)

    async def _watch(self, thread: str, known: int, turn: Stoppable) -> None:
        while not turn.committed:
            await asyncio.sleep(LOOK_SECONDS)
            if len(await self._mailbox.waiting(thread)) > known:
                turn.stop()
                return
