"""`switchboard publish`, `versions` and `rollback`: what new sessions take, in every worker of these settings."""

import asyncio
import getpass
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from config.loading import load_version
from config.settings import Settings
from graph.published import PublishedVersions
from graph.publishing import ProjectKnowledge
from graph.releases import FailedScenario, PublishRefusedError, Released, Releases, Trial
from graph.services import encoder_of, open_base
from graph.storage import Storage, open_storage
from graph.turn_log import DatabaseTurnLog
from scenarios.alone import play_alone, scenarios_of, trial_of
from scenarios.report import lines
from scenarios.runner import Played
from serving.logs import configure_logs
from serving.text import shown


async def publish_project(folder: Path, settings: Settings, *, untested: bool, console: Console) -> Released:
    """Check, play the scenarios, publish; each scenario is told. Raises PublishRefusedError after it told why."""
    configure_logs(settings.log, level=logging.WARNING)

    async def gate(folder: Path) -> Trial:
        version = await asyncio.to_thread(load_version, folder)
        jobs = scenarios_of(version)
        if not jobs:
            return Trial(version=version.name, played=0)

        def tell(played: Played) -> None:
            console.print(shown(next(lines(played))), markup=False, highlight=False, soft_wrap=True)

        return trial_of(version, await play_alone(version, jobs, settings, console=console, done=tell))

    async with open_storage(settings) as storage:
        base = await asyncio.to_thread(open_base, settings, encoder_of(settings))
        try:
            releases = Releases(
                PublishedVersions(storage.versions), DatabaseTurnLog(storage.log), ProjectKnowledge(base)
            )
            return await releases.publish(folder, gate, by=_who(), untested=untested)
        except PublishRefusedError as error:
            _tell_refusal(error, console)
            raise
        finally:
            await asyncio.to_thread(base.close)


async def rollback_project(tenant: str, project: str, settings: Settings, *, to: str | None) -> Released:
    """Let new sessions take an earlier version; raises RollbackRefusedError."""
    async with _releases(settings) as releases:
        return await releases.rollback(tenant, project, by=_who(), to=to)


async def remove_version(tenant: str, project: str, version: str, settings: Settings) -> bool:
    """Remove a version that nobody needs; False where there is none. Raises VersionKeptError."""
    async with _releases(settings) as releases:
        return await releases.remove(tenant, project, version)


async def show_versions(tenant: str, project: str, settings: Settings, console: Console) -> None:
    """A table of the published versions, the newest first."""
    async with _releases(settings) as releases:
        found = await releases.versions(tenant, project)
    if not found:
        console.print(f"{project}: nothing is published; new sessions take the working folder", markup=False)
        return
    table = Table("version", "", "published", "by", "scenarios", "sessions", box=None, pad_edge=False)
    for one in found:
        entry = one.version
        current = "current" if one.current else ""
        table.add_row(
            entry.name,
            current,
            entry.published_at,
            shown(entry.published_by),
            str(entry.scenarios),
            str(one.sessions),
        )
    console.print(table)


@asynccontextmanager
async def _releases(settings: Settings) -> AsyncIterator[Releases]:
    async with open_storage(settings) as storage:
        yield _without_documents(storage)


def _without_documents(storage: Storage) -> Releases:
    return Releases(PublishedVersions(storage.versions), DatabaseTurnLog(storage.log), None)


def _tell_refusal(error: PublishRefusedError, console: Console) -> None:
    for failed in error.failed:
        for line in _failure(failed):
            console.print(shown(line), markup=False, highlight=False, soft_wrap=True)
    if error.diff:
        console.print("\nWhat the folder changes:", markup=False)
        for line in error.diff.splitlines():
            console.print(shown(line), markup=False, highlight=False, soft_wrap=True)


def _failure(failed: FailedScenario) -> list[str]:
    passed = " (passes in the current version)" if failed.passed_before else ""
    said = [f"       {line}" for line in failed.conversation]
    return [f"\n{failed.file}: {failed.name}{passed}", *said, *(f"     ! {one}" for one in failed.differences)]


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "somebody"
