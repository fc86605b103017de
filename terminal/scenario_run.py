"""`switchboard test`: plays a project's scenarios and says which went wrong."""

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from config.settings import Settings
from config.versions import Version
from graph.services import database_file, make_folders
from graph.threads import thread_id
from graph.turn_log import SCHEMA, SqliteTurnLog
from scenarios.model import Scenario, load_scenarios, scenario_files
from scenarios.recording import record
from scenarios.report import lines, write_junit
from scenarios.runner import Played, play_all
from scenarios.service import play_service, scenario_settings
from serving.logs import configure_logs
from serving.text import shown
from tools.sqlite_file import SqliteFile

Job = tuple[Version, str, Scenario]


def gather(version: Version, files: Sequence[Path], chosen: str | None) -> list[Job]:
    """The scenarios to play: all of the project's, or those of `files`, whose names contain `chosen`."""
    jobs = [
        (version, path.name, scenario)
        for path in (files or scenario_files(version.folder))
        for scenario in load_scenarios(path)
    ]
    return [job for job in jobs if chosen is None or chosen.casefold() in job[2].name.casefold()]


async def run_scenarios(
    version: Version, jobs: Sequence[Job], settings: Settings, *, junit: Path | None, console: Console
) -> list[Played]:
    """Play them against the real service over HTTP, a fresh database and the project's own knowledge."""
    configure_logs(settings.log, level=logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="switchboard-test-") as folder:
        make_folders(settings)
        kept = settings.data.resolve()
        # What was learnt depends on the project's content alone: the next run need not learn it again.
        (kept / "training").mkdir(exist_ok=True)
        (Path(folder) / "training").symlink_to(kept / "training")
        played_settings = scenario_settings(settings, Path(folder))
        async with play_service([version], played_settings, vectors=kept / "vectors.db", console=console) as service:
            results = await play_all(service, jobs, done=lambda played: _tell(played, console))
    if junit is not None:
        write_junit(results, junit)
    return results


async def recorded(version: Version, session_id: str, settings: Settings) -> str | None:
    """A stored session of the project as a scenario in YAML; None where there is none."""
    make_folders(settings)
    file = SqliteFile(database_file(settings), SCHEMA, durable=False)
    try:
        thread = thread_id(version.project.tenant, version.project.name, session_id)
        turns = await SqliteTurnLog(file).turns(thread)
    finally:
        await file.aclose()
    return record(version.project, f"recorded from {session_id}", turns) if turns else None


def _tell(played: Played, console: Console) -> None:
    for line in lines(played):
        style = None if played.passed else "red" if line.startswith(("FAIL", "     !")) else "dim"
        # A line stays one, also where it is longer than the terminal or a pipe is wide.
        console.print(shown(line), style=style, markup=False, highlight=False, soft_wrap=True)
