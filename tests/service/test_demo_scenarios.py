"""Every conversation that the authors of the demo projects promise goes right."""

from collections.abc import Mapping

import pytest
import pytest_asyncio

from config.versions import Version
from scenarios.model import Scenario, load_scenarios, scenario_files
from scenarios.report import lines
from scenarios.runner import Played, play_all
from scenarios.service import PlayedService
from tests.service.model_calls import readings_of, would_ask
from tests.service.warmth import PROJECTS

# The first test waits for three projects to be trained and read.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

Key = tuple[str, str, str]
MOST_CALLS = 0.15
"""Of the turns, those that may ask a model in hybrid mode."""


def promised() -> dict[Key, Scenario]:
    """The scenarios of all demo projects by project, file and name."""
    return {
        (folder.name, path.name, scenario.name): scenario
        for folder in sorted(PROJECTS.iterdir())
        for path in scenario_files(folder)
        for scenario in load_scenarios(path)
    }


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def played(service: PlayedService, demos: list[Version]) -> Mapping[Key, Played]:
    """All of them, played a few at a time."""
    versions = {version.project.name: version for version in demos}
    jobs = [(versions[project], file, scenario) for (project, file, _), scenario in promised().items()]
    return {(one.project, one.file, one.name): one for one in await play_all(service, jobs)}


@pytest.mark.parametrize("key", promised(), ids="/".join)
async def test_goes_as_promised(key: Key, played: Mapping[Key, Played]) -> None:
    assert played[key].passed, "\n".join(lines(played[key]))


@pytest.mark.parametrize("project", ["bank", "shop", "telecom"])
async def test_a_project_promises_a_dozen_conversations(project: str) -> None:
    found = [key for key in promised() if key[0] == project]

    assert len(found) >= 12
    assert len({name for _, _, name in found}) == len(found)


async def test_a_model_would_be_asked_in_few_turns(played: Mapping[Key, Played], demos: list[Version]) -> None:
    """The embedded engine reads the rest; `python -m tests.service.model_calls` counts it with a model behind it."""
    sure = {version.project.name: version.project.sure for version in demos}
    turns = [(one.project, turn) for one in played.values() for turn in one.turns if readings_of(turn)]
    asked = [turn.user for project, turn in turns if would_ask(turn, sure[project])]

    assert len(turns) > 150
    assert len(asked) / len(turns) <= MOST_CALLS, asked
