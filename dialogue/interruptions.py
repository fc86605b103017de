"""Whether a turn may still be stopped: until it does something, or says something, that cannot be taken back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class TurnInterruptedError(Exception):
    """The turn was stopped before it did anything."""


class Stoppable:
    """One turn under way."""

    def __init__(self) -> None:
        self._stop: Callable[[], object] | None = None
        self.stopped = False
        """It ends without a trace."""
        self.committed = False
        """It goes on to its end."""

    @contextmanager
    def stopping(self, stop: Callable[[], object]) -> Iterator[None]:
        """What ends it, while it runs."""
        self._stop = stop
        try:
            yield
        finally:
            self._stop = None

    def stop(self) -> bool:
        """Stop it; False where it is too late."""
        if self.committed:
            return False
        if not self.stopped:
            self.stopped = True
            if self._stop is not None:
                self._stop()
        return True

    def commit(self) -> None:
        """From now on it is too late; raises TurnInterruptedError where it was stopped before."""
        if self.stopped:
            raise TurnInterruptedError
        self.committed = True


class Interruptions:
    """The turns of this process that may be stopped, by tenant, project and session."""

    def __init__(self) -> None:
        self._turns: dict[tuple[str, str, str], Stoppable] = {}

    @contextmanager
    def under_way(self, key: tuple[str, str, str], turn: Stoppable) -> Iterator[None]:
        """The turn may be stopped while this lasts."""
        self._turns[key] = turn
        try:
            yield
        finally:
            del self._turns[key]

    def commit(self, tenant: str, project: str, session_id: str) -> None:
        """The session's turn is about to have an effect; raises TurnInterruptedError where it was stopped."""
        turn = self._turns.get((tenant, project, session_id))
        if turn is not None:
            turn.commit()
