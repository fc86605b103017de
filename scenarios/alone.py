"""Plays a project's scenarios beside whatever else runs: a fresh database, the project's own knowledge, stubbed APIs.

Run as a program it is the gate of a running service: a process of its own, so that turns do not wait for it. It reads
a folder on stdin and writes what came of its scenarios as JSON on stdout.
"""

import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from config.errors import ConfigError, ProjectError
from config.loading import load_version
from config.settings import Settings
from config.versions import Version
from graph.releases import FailedScenario, Trial
from graph.storage import make_folders
from scenarios.model import Scenario, load_scenarios, scenario_files
from scenarios.report import lines
from scenarios.runner import Played, play_all
from scenarios.service import play_service, scenario_settings
from serving.logs import configure_logs
from tools.knowledge_errors import KnowledgeError

Job = tuple[Version, str, Scenario]


def scenarios_of(version: Version, files: Sequence[Path] = ()) -> list[Job]:
    """The scenarios of the project, or of `files`; raises ProjectError where one cannot be read."""
    return [
        (version, path.name, scenario)
        for path in (files or scenario_files(version.folder))
        for scenario in load_scenarios(path)
    ]


async def play_alone(
    version: Version,
    jobs: Sequence[Job],
    settings: Settings,
    *,
    console: Console,
    done: Callable[[Played], None] | None = None,
) -> list[Played]:
    """Play them against the real service over HTTP; what it learns and embeds is kept for the next time."""
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
            return await play_all(service, jobs, done=done)


def trial_of(version: Version, results: Sequence[Played]) -> Trial:
    """What came of them, as publishing wants to know it."""
    failed = [
        FailedScenario(
            file=played.file,
            name=played.name,
            differences=tuple(difference for turn in played.turns for difference in turn.differences),
            conversation=tuple(line.strip() for line in [*lines(played)][1:] if not line.strip().startswith("!")),
        )
        for played in results
        if not played.passed
    ]
    return Trial(version=version.name, played=len(results), failed=tuple(failed))


async def try_folder(folder: Path, settings: Settings, console: Console) -> Trial:
    """Play all scenarios of a folder; raises ProjectError where it or one of them cannot be read."""
    version = load_version(folder)
    jobs = scenarios_of(version)
    results = await play_alone(version, jobs, settings, console=console) if jobs else []
    return trial_of(version, results)


def _main() -> None:
    """Answer one request on stdin: {folder}; settings come from the environment."""
    folder = Path(json.loads(sys.stdin.buffer.read())["folder"])
    settings = Settings()
    configure_logs(settings.log, level=logging.ERROR)
    try:
        trial = asyncio.run(try_folder(folder, settings, Console(stderr=True, quiet=True)))
        answer: dict[str, object] = {"trial": asdict(trial)}
    except ProjectError as error:
        answer = {"problems": [asdict(problem) for problem in error.problems]}
    except (ConfigError, KnowledgeError) as error:
        answer = {"broken": str(error)}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    _main()
