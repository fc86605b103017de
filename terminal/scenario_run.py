"""`switchboard test`: plays a project's scenarios and says which went wrong."""

import logging
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console

from config.settings import Settings
from config.versions import Version
from graph.storage import make_folders, open_storage
from graph.threads import thread_id
from graph.turn_log import DatabaseTurnLog
from scenarios.model import Scenario, load_scenarios, scenario_files
from scenarios.recording import record
from scenarios.report import lines, write_junit
from scenarios.runner import Played, play_all
from scenarios.service import play_service, scenario_settings
from serving.logs import configure_logs
from serving.text import shown

Job = tuple[Version, str, Scenario]


def gather(version: Version, files: Sequence[Path], chosen: str | None) -> list[Job]:
    """The scenarios to play, of the project or of `files`: those with every word of `chosen` in name, tags or file."""
    jobs = [
        (version, path.name, scenario)
        for path in (files or scenario_files(version.folder))
        for scenario in load_scenarios(path)
    ]
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
    with tempfile.TemporaryDirectory(prefix="switchboard-test-") as folder:
        make_folders(settings)
        kept = settings.data.resolve()
        # What was learnt depends on the project's content alone: the next run need not learn it again.
        (kept / "training").mkdir(exist_ok=True)
        (Path(folder) / "training").symlink_to(kept / "training")
        played_settings = scenario_settings(settings, Path(folder))
        async with AsyncExitStack() as opened:
            with Console(stderr=True).status(f"{version.project.name}: learning examples, reading documents"):
                begun = play_service([version], played_settings, vectors=kept / "vectors.db", console=console)
                service = await opened.enter_async_context(begun)
            results = await play_all(service, jobs, done=lambda played: _tell(played, console, whole=whole))
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
