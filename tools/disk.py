"""Whether folders can still be written to: a disk that is full, read-only or gone is told before a turn fails on it."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

_log = structlog.get_logger(__name__)

EVERY_SECONDS = 2.0
"""The most often that anything is written, however often readiness is asked for."""
_BYTES = 16 * 1024
"""What a turn may write."""


class WriteProbe:
    """Writes a little into each folder and takes it away again."""

    def __init__(
        self,
        folders: Mapping[str, Path],
        *,
        every_seconds: float = EVERY_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folders = dict(folders)
        self._every = every_seconds
        self._now = now
        self._lock = asyncio.Lock()
        self._next = 0.0
        self._found: str | None = None

    async def check(self) -> str | None:
        """Which folder cannot be written to, by the name it was given, and why; None where all can."""
        async with self._lock:
            if self._now() >= self._next:
                found = await asyncio.to_thread(self._look)
                if found is not None and found != self._found:
                    _log.error("folder cannot be written to", cause=found)
                self._found, self._next = found, self._now() + self._every
        return self._found

    def _look(self) -> str | None:
        for name, folder in self._folders.items():
            try:
                _write(folder / f".probe-{os.getpid()}")
            except OSError as error:
                return f"{name}: the folder cannot be written to ({error.strerror}); free space or give access"
        return None


def _write(path: Path) -> None:
    try:
        path.write_bytes(bytes(_BYTES))
    finally:
        path.unlink(missing_ok=True)
