"""Takes up projects that are edited while the service runs."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import structlog
import watchfiles

from config.loading import FILE
from config.store import FolderVersions
from config.versions import Version
from models.embedding_engines import EncoderUnavailableError

log = structlog.get_logger(__name__)

_LATER_SECONDS: Final = 30.0
"""After this long the folders are looked at even where nothing told of a change, as on some network drives."""


class Reloading:
    """Watches the project folders: what is valid is learnt first, and then new sessions take it.

    A folder that is broken keeps its last valid version, and the log says what is wrong with it.
    """

    def __init__(self, versions: FolderVersions, learn: Callable[[Version], Awaitable[None]]) -> None:
        self._versions = versions
        self._learn = learn
        self._task = asyncio.create_task(self._watch(), name="reloading")

    async def stop(self) -> None:
        """Watch no more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        if not await asyncio.to_thread(self._versions.root.is_dir):
            return
        changes = watchfiles.awatch(
            self._versions.root,
            watch_filter=_matters,
            rust_timeout=int(_LATER_SECONDS * 1000),
            yield_on_timeout=True,
            ignore_permission_denied=True,
        )
        async for _ in changes:
            await self._take_up()

    async def _take_up(self) -> None:
        look = await asyncio.to_thread(self._versions.look)
        for version in look.fresh:
            try:
                await self._learn(version)
            except EncoderUnavailableError as error:
                log.warning("project not learnt", project=version.project.name, version=version.name, cause=str(error))
        await asyncio.to_thread(self._versions.take, look)


def _matters(_: watchfiles.Change, path: str) -> bool:
    """Whether a version is made of this file; documents come in by `ingest`."""
    changed = Path(path)
    return changed.name == FILE or changed.parent.name == "prompts" or not changed.suffix
