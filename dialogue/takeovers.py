"""Sessions in which a person begins to speak while the bot still answers: its turn says nothing more.

Held in memory, from the moment the person's words arrive until they stand in the session; from then on the session's
owner tells.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Takeovers:
    """Counts the persons about to speak, by tenant, project and session."""

    def __init__(self) -> None:
        self._begun = Counter[tuple[str, str, str]]()

    @contextmanager
    def begin(self, tenant: str, project: str, session_id: str) -> Iterator[None]:
        """A person takes the session over while this lasts."""
        key = (tenant, project, session_id)
        self._begun[key] += 1
        try:
            yield
        finally:
            self._begun[key] -= 1
            if not self._begun[key]:
                del self._begun[key]

    def begun(self, tenant: str, project: str, session_id: str) -> bool:
        """Whether a person is about to speak there."""
        return (tenant, project, session_id) in self._begun
