"""Turns whose callers may have hung up: asked before an effect that nobody would hear of."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Departures:
    """Whether anybody still listens to the turn under way, by tenant, project and session."""

    def __init__(self) -> None:
        self._deserted: dict[tuple[str, str, str], Callable[[], bool]] = {}

    @contextmanager
    def under_way(self, key: tuple[str, str, str], deserted: Callable[[], bool]) -> Iterator[None]:
        """While this lasts, `deserted` says whether all who listened to the turn have left."""
        self._deserted[key] = deserted
        try:
            yield
        finally:
            del self._deserted[key]

    def gone(self, tenant: str, project: str, session_id: str) -> bool:
        """Whether nobody listens any more; False where nobody ever did."""
        deserted = self._deserted.get((tenant, project, session_id))
        return deserted is not None and deserted()
