"""Trains every project when the process starts, so that no customer waits for it."""

import asyncio
from collections.abc import Sequence

import structlog

from config.versions import Version
from understanding.port import Understanding

log = structlog.get_logger(__name__)


class Training:
    """Begins at once, in the background, one project after the other."""

    def __init__(self, understanding: Understanding, versions: Sequence[Version]) -> None:
        self._left = [version.project.name for version in versions]
        self._task = asyncio.create_task(self._train(understanding, versions), name="training")

    async def finished(self) -> None:
        """Wait until every project is trained."""
        await asyncio.shield(self._task)

    async def check(self) -> str | None:
        """What is still to be trained; None where all is."""
        if self._task.done() and not self._task.cancelled() and self._task.exception() is not None:
            return "failed; the log says why"
        return f"still learning: {', '.join(self._left)}" if self._left else None

    async def stop(self) -> None:
        """Give up what is not trained yet."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _train(self, understanding: Understanding, versions: Sequence[Version]) -> None:
        for version in versions:
            await understanding.prepare(version)
            self._left.remove(version.project.name)
            log.info("project ready", project=version.project.name, version=version.name)
