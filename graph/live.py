"""A turn under way, as any number of readers hear it: from wherever they stopped, in pieces, to its one end.

Only the words said so far are held, once, however many readers there are and however slow they read: a reader who was
away hears all that he missed as one piece.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

from graph.calls import Delta, Final, TurnEvent


class LiveTurn:
    """What is said in one turn; its task ends with the turn's end, or with a refusal."""

    def __init__(self) -> None:
        self.task: asyncio.Task[TurnEvent] | None = None
        self._said = ""
        self._news = asyncio.Event()
        self._readers: list[Callable[[], bool]] = []
        """Of each that ever listened, whether he has left."""

    @property
    def deserted(self) -> bool:
        """Whether all who listened have left."""
        return bool(self._readers) and all(left() for left in self._readers)

    def say(self, piece: Delta) -> None:
        """Another piece of the reply."""
        self._said += piece.text
        self._wake()

    def run(self, task: "asyncio.Task[TurnEvent]") -> None:
        """The task that carries the turn out."""
        self.task = task
        task.add_done_callback(lambda _: self._wake())

    async def end(self, left: Callable[[], bool] | None = None) -> TurnEvent:
        """The turn's end, waited for; a reader who leaves stops nothing. Raises TurnRefusedError.

        `left` says whether the reader has hung up though he still seems to wait.
        """
        with self._read(left):
            return await asyncio.shield(self._running())

    @contextmanager
    def _read(self, left: Callable[[], bool] | None = None) -> Iterator[None]:
        reading = True
        self._readers.append(lambda: not reading or (left is not None and left()))
        try:
            yield
        finally:
            reading = False

    async def events(self, heard: int = 0) -> AsyncIterator[TurnEvent]:
        """Pieces after the first `heard` characters, and the end; raises TurnRefusedError."""
        with self._read():
            while True:
                news = self._news
                if len(self._said) > heard:
                    piece, heard = self._said[heard:], len(self._said)
                    yield Delta(piece)
                elif self._running().done():
                    break
                else:
                    await news.wait()
            end = await self.end()
            rest = str(end.answer.get("reply") or "")[heard:] if isinstance(end, Final) else ""
            if rest:
                yield Delta(rest)
            yield end

    def _running(self) -> "asyncio.Task[TurnEvent]":
        if self.task is None:
            raise RuntimeError("a turn is heard before it runs")
        return self.task

    def _wake(self) -> None:
        # A new event each time: whoever waits has the one that was set.
        news, self._news = self._news, asyncio.Event()
        news.set()
