"""Keeps one worker's published versions in step with the database, and learns a version before it is served."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final
from uuid import uuid4

import structlog
from pydantic import TypeAdapter, ValidationError

from config.archive import ArchiveError
from config.errors import VersionNotFoundError
from config.served import ServedVersions
from config.store import Key
from config.versions import Version
from graph.published import Board, KeptVersion, PublishedVersions
from models.embedding_engines import EncoderUnavailableError
from tools.calibrations import Calibrations, StoredCalibration
from tools.errors import LedgerUnavailableError

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 0.5
"""How often a worker looks whether something was published: one row is read."""

_AGAIN_SECONDS: Final = 30.0
"""After this long a version that could not be served is tried again: a disk may have been full."""

_CALIBRATION: Final = TypeAdapter(StoredCalibration)

Learn = Callable[[Version], Awaitable[None]]


class Following:
    """What this worker serves, as the database has it; use `look` once before, and `begin` when turns are taken."""

    def __init__(
        self,
        published: PublishedVersions,
        versions: ServedVersions,
        calibrations: Calibrations | None,
        *,
        every: float = EVERY_SECONDS,
    ) -> None:
        self._published = published
        self._versions = versions
        self._calibrations = calibrations
        self._every = every
        self._board: Board | None = None
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._learn: Learn | None = None
        self._ailment: str | None = None
        self._again = 0.0

    def begin(self, learn: Learn) -> None:
        """Follow from now on; what becomes current is learnt first."""
        self._learn = learn
        self._task = asyncio.create_task(self._follow(), name="following")

    async def stop(self) -> None:
        """Follow no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def check(self) -> str | None:
        """What keeps this worker from serving what is published; None where nothing does."""
        if self._task is not None and self._task.done():
            return "no longer followed; restart this worker"
        return self._ailment

    async def look_again(self) -> None:
        """The same where a session's version was not found: every copy is looked into."""
        async with self._lock:
            await self._take_up(await self._published.board(), whole=True)

    async def look(self) -> None:
        """Take up what the database has now; raises LedgerUnavailableError."""
        async with self._lock:
            known = self._board.ticks if self._board and not (self._unserved() and monotonic() > self._again) else None
            if await self._published.ticks() != known:
                await self._take_up(await self._published.board())
                self._again = monotonic() + _AGAIN_SECONDS

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            try:
                await self.look()
                self._ailment = self._unserved()
            except LedgerUnavailableError as error:
                self._tell("the database of versions cannot be read", error)
            except Exception as error:  # noqa: BLE001 - the edge of a task that nobody waits for: it must go on
                self._tell("what is published cannot be taken up; the log says why", error)

    def _unserved(self) -> str | None:
        missing = [
            f"{project}: version {version}"
            for (tenant, project), version in (self._board.pointers if self._board else {}).items()
            if (served := self._versions.published(tenant, project)) is None or served.name != version
        ]
        return f"cannot be served: {', '.join(sorted(missing))}" if missing else None

    def _tell(self, ailment: str, error: Exception) -> None:
        """One line in the log for each change, not for each look."""
        if ailment != self._ailment:
            log.error("versions not followed", error_id=uuid4().hex, cause=str(error), exc_info=error)
        self._ailment = ailment

    async def _take_up(self, board: Board, *, whole: bool = False) -> None:
        for named in sorted(board.versions):
            await self._hold(*named, whole=whole)
        pointers: dict[Key, Version] = {}
        for (tenant, project), name in board.pointers.items():
            version = await self._ready(tenant, project, name) or self._versions.published(tenant, project)
            if version is not None:
                pointers[tenant, project] = version
        for key, version in pointers.items():
            before = self._versions.published(*key)
            if before is None or before.name != version.name:
                log.info("version current", project=key[1], version=version.name)
        self._versions.point(pointers)
        await asyncio.to_thread(self._versions.forget_all_but, board.versions)
        self._board = board

    async def _hold(self, tenant: str, project: str, name: str, *, whole: bool) -> None:
        """Have the version's files here, so that its sessions can go on here; `whole` reads them."""
        try:
            if whole:
                await self._loaded(tenant, project, name)
            elif not await asyncio.to_thread(self._versions.holds, tenant, project, name):
                await self._fetched(tenant, project, name)
        except (VersionNotFoundError, ArchiveError, OSError) as error:
            _unusable(project, name, error)

    async def _fetched(self, tenant: str, project: str, name: str) -> Version | None:
        kept = await self._published.fetch(tenant, project, name)
        if kept is None:
            return None
        version = await asyncio.to_thread(self._versions.keep, tenant, project, name, kept.archive)
        await asyncio.to_thread(self._keep_calibrations, version, kept)
        return version

    def _keep_calibrations(self, version: Version, kept: KeptVersion) -> None:
        if self._calibrations is None:
            return
        for one in kept.calibrations:
            try:
                self._calibrations.add(version, _CALIBRATION.validate_python(one))
            except ValidationError:
                log.warning("calibration not kept", project=version.project.name, version=version.name)

    async def _ready(self, tenant: str, project: str, name: str) -> Version | None:
        """The version, learnt; None where it cannot be served here, which the log says."""
        served = self._versions.published(tenant, project)
        if served is not None and served.name == name:
            return served
        try:
            version = await self._loaded(tenant, project, name)
            if version is not None and self._learn is not None:
                await self._learn(version)
        except EncoderUnavailableError as error:
            log.warning("project not learnt", project=project, version=name, cause=str(error))
            return await self._loaded(tenant, project, name)
        except (VersionNotFoundError, ArchiveError, OSError) as error:
            _unusable(project, name, error)
            return None
        return version

    async def _loaded(self, tenant: str, project: str, name: str) -> Version | None:
        try:
            return await asyncio.to_thread(self._versions.get, tenant, project, name)
        except VersionNotFoundError:
            # The copy was damaged: the database has the version whole.
            return await self._fetched(tenant, project, name)


def _unusable(project: str, name: str, error: Exception) -> None:
    log.error("version cannot be served", project=project, version=name, error_id=uuid4().hex, cause=str(error))
