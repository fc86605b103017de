"""Takes up projects that are edited while the service runs."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from uuid import uuid4

import structlog
import watchfiles

from config.loading import FILE
from config.store import FolderVersions
from config.versions import Version
from models.embedding_engines import EncoderUnavailableError

log = structlog.get_logger(__name__)

_LATER_SECONDS: Final = 30.0
"""After this long the folders are looked at even where nothing told of a change, as on some network drives."""
_AGAIN_SECONDS: Final = 5.0
"""After this long watching begins anew where it ended."""


class Reloading:
    """Watches the project folders: what is valid is learnt first, and then new sessions take it.

    A folder that is broken keeps its last valid version, and the log says what is wrong with it. Whatever goes wrong
    here is told by `check` and logged; the folders are watched on.
    """

    def __init__(
        self,
        versions: FolderVersions,
        learn: Callable[[Version], Awaitable[None]],
        *,
        again: float = _AGAIN_SECONDS,
    ) -> None:
        self._versions = versions
        self._learn = learn
        self._again = again
        self._ailment: str | None = None
        self._task = asyncio.create_task(self._watch(), name="reloading")

    async def stop(self) -> None:
        """Watch no more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def check(self) -> str | None:
        """What keeps edits from being taken up; None where nothing does."""
        if self._task.done() and not self._task.cancelled() and self._task.exception() is not None:
            return "edited projects are no longer taken up; restart this worker"
        return self._ailment

    async def _watch(self) -> None:
        while True:
            try:
                if await asyncio.to_thread(self._versions.root.is_dir):
                    if self._ailment is None:
                        await self._take_up()  # what changed while nobody watched
                    await self._follow()
            except Exception as error:  # noqa: BLE001 - the edge of a task that nobody waits for: it must go on
                self._failed(error)
            await asyncio.sleep(self._again)

    async def _follow(self) -> None:
        changes = watchfiles.awatch(
            self._versions.root,
            watch_filter=_matters,
            rust_timeout=int(_LATER_SECONDS * 1000),
            yield_on_timeout=True,
            ignore_permission_denied=True,
        )
        async for _ in changes:
            await self._take_up()

    def _failed(self, error: Exception) -> None:
        error_id = uuid4().hex
        log.error("edited projects not taken up", error_id=error_id, cause=type(error).__name__, exc_info=error)
        self._ailment = f"an edited project could not be taken up; the log says why under error_id {error_id}"

    async def _take_up(self) -> None:
        look = await asyncio.to_thread(self._versions.look)
        for version in look.fresh:
            try:
                await self._learn(version)
            except EncoderUnavailableError as error:
                log.warning("project not learnt", project=version.project.name, version=version.name, cause=str(error))
        await asyncio.to_thread(self._versions.take, look)
        self._ailment = None


def _matters(_: watchfiles.Change, path: str) -> bool:
    """Whether a version is made of this file; documents come in by `ingest`."""
    changed = Path(path)
    return changed.name == FILE or changed.parent.name == "prompts" or not changed.suffix
