"""Erasing: all of a session, a project or a tenant, from every store and from the files behind them."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from config.errors import ConfigError
from config.settings import Settings
from graph.forking import MARK
from graph.published import PublishedVersions
from graph.services import encoder_of, open_base
from graph.sessions import Records, config_of
from graph.storage import Saver, open_storage
from graph.threads import ThreadLocks, thread_id
from graph.turn_log import DatabaseTurnLog, SessionScopes
from tools.knowledge import ChromaKnowledge
from tools.ledger import ActionLedger
from tools.outbox import Outbox

SHARED_CACHES: Final = ("training",)
"""Folders of the data folder whose files name no tenant: what is learnt is learnt again."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What is to be erased: a tenant, one of its projects, or one session of that."""

    tenant: str
    project: str | None = None
    session_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Erased:
    """How much there was."""

    sessions: int
    records: int
    """Actions, letters to the desk, published versions."""
    knowledge: int
    """Knowledge bases."""

    def __str__(self) -> str:
        """In words, for whoever asked for it."""
        return f"{self.sessions} sessions, {self.records} records, {self.knowledge} knowledge bases"


class Erasing:
    """Erases a scope everywhere; nothing of it is left in a file of ours when it has finished."""

    def __init__(
        self,
        *,
        settings: Settings,
        saver: Saver,
        locks: ThreadLocks,
        turn_log: SessionScopes,
        records: Sequence[Records],
        knowledge: ChromaKnowledge | None,
        scrub: Callable[[], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._saver = saver
        self._locks = locks
        self._log = turn_log
        self._records = records
        self._knowledge = knowledge
        self._scrub = scrub

    async def erase(self, scope: Scope) -> Erased:
        """Erase it; raises LedgerUnavailableError, KnowledgeError or TurnRefusedError, and can be asked again then."""
        sessions = [scope.session_id, *await self._forks(scope)]
        threads = set[str]().union(*[await self._threads(replace(scope, session_id=one)) for one in sessions])
        for thread in threads:
            # A turn that is under way ends first, and writes nothing afterwards.
            async with self._locks.hold(thread):
                await self._saver.adelete_thread(thread)
                await self._log.erase(thread)
        kept = [
            await records.erase(tenant=scope.tenant, project=scope.project, session_id=one)
            for records in self._records
            for one in sessions
        ]
        knowledge = 0
        if scope.session_id is None:
            knowledge = await self._documents(scope)
        await self._scrub()
        return Erased(sessions=len(threads), records=sum(kept), knowledge=knowledge)

    async def _forks(self, scope: Scope) -> list[str]:
        """The sessions that began with what this one said."""
        if scope.session_id is None:
            return []
        begins = f"{scope.session_id[:180]}{MARK}"
        return [name for name in await self._log.names(scope.tenant, scope.project or "") if name.startswith(begins)]

    async def _threads(self, scope: Scope) -> set[str]:
        """The threads of the scope: those of listed sessions, and those a crash left without an entry in the log."""
        found = set(await self._log.threads(scope.tenant, scope.project, scope.session_id))
        if scope.project is not None and scope.session_id is not None:
            return found | {thread_id(scope.tenant, scope.project, scope.session_id)}
        return found | {thread for thread in await self._log.strays() if await self._belongs(thread, scope)}

    async def _belongs(self, thread: str, scope: Scope) -> bool:
        kept = await self._saver.aget_tuple(config_of(thread))
        values = kept.checkpoint["channel_values"] if kept is not None else {}
        return (
            values.get("tenant") == scope.tenant
            and scope.project in (None, values.get("project"))
            and scope.session_id in (None, values.get("session_id"))
        )

    async def _documents(self, scope: Scope) -> int:
        erased = 0
        base = self._knowledge
        if base is not None:
            erased = await base.run(lambda: base.erase(scope.tenant, scope.project))
        for name in ("versions", "calibrations"):
            folder = self._settings.data / name / scope.tenant
            _remove(folder / scope.project if scope.project is not None else folder)
        for name in SHARED_CACHES:
            _remove(self._settings.data / name)
        return erased


@asynccontextmanager
async def open_erasing(settings: Settings, *, documents: bool) -> AsyncIterator[Erasing]:
    """Open what is to be erased from, beside a running service or without one; `documents` too.

    Raises KnowledgeBusyError where another process has the index that documents are erased from.
    """
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(open_storage(settings))
        saver = await stack.enter_async_context(storage.saver())
        base = None
        if documents:
            base = await asyncio.to_thread(open_base, settings, encoder_of(settings))
            stack.callback(base.close)
            if not base.owns_index:
                raise KnowledgeBusyError(
                    "a running service has the knowledge index open, from which only it can erase:"
                    " stop the service, erase, and start it again"
                )
        yield Erasing(
            settings=settings,
            saver=saver,
            locks=ThreadLocks(storage.locks),
            turn_log=DatabaseTurnLog(storage.log),
            records=[
                ActionLedger(storage.ledger, storage.owner),
                Outbox(storage.desk, storage.owner),
                PublishedVersions(storage.versions),
            ],
            knowledge=base,
            scrub=partial(storage.scrub, whole=documents),
        )


class KnowledgeBusyError(ConfigError):
    """Another process has the knowledge index; nothing was erased."""


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
