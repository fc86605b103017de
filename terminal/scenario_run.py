"""`switchboard test`: plays a project's scenarios and says which went wrong."""

import logging
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from config.settings import Settings
from config.versions import Version
from graph.storage import open_storage
from graph.threads import thread_id
from graph.turn_log import DatabaseTurnLog
from scenarios.alone import Job, play_alone, scenarios_of
from scenarios.recording import record
from scenarios.report import lines, write_junit
from scenarios.runner import Played
from serving.logs import configure_logs
from serving.text import shown


def gather(version: Version, files: Sequence[Path], chosen: str | None) -> list[Job]:
    """The scenarios to play, of the project or of `files`: those with every word of `chosen` in name, tags or file."""
    jobs = scenarios_of(version, files)
    return [job for job in jobs if all(word in _words(job) for word in (chosen or "").casefold().split())]


def _words(job: Job) -> str:
    _, file, scenario = job
    return " ".join([file, scenario.name, *scenario.tags]).casefold()


async def run_scenarios(
    version: Version,
    jobs: Sequence[Job],
    settings: Settings,
    *,
    junit: Path | None,
    console: Console,
    whole: bool = False,
) -> list[Played]:
    """Play them against the real service over HTTP, a fresh database and the project's own knowledge.

    Each is told when it has ended, with `whole` also the conversation of those that went right.
    """
    configure_logs(settings.log, level=logging.WARNING)
    results = await play_alone(
        version, jobs, settings, console=console, done=lambda played: _tell(played, console, whole=whole)
    )
    if junit is not None:
        write_junit(results, junit)
    return results


async def recorded(version: Version, session_id: str, settings: Settings) -> str | None:
    """A stored session of the project as a scenario in YAML; None where there is none."""
    async with open_storage(settings) as storage:
        thread = thread_id(version.project.tenant, version.project.name, session_id)
        turns = await DatabaseTurnLog(storage.log).turns(thread)
    return record(version.project, f"recorded from {session_id}", turns) if turns else None


def _tell(played: Played, console: Console, *, whole: bool) -> None:
    for line in lines(played, whole=whole):
        style = None if played.passed else "red" if line.startswith(("FAIL", "     !")) else "dim"
        # A line stays one, also where it is longer than the terminal or a pipe is wide.
        console.print(shown(line), style=style, markup=False, highlight=False, soft_wrap=True)
