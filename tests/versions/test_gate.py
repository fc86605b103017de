"""The gate of a running service: scenarios in a process of their own, whatever becomes of it."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from config.errors import ProjectError
from config.settings import Settings
from graph.releases import GateBrokenError
from scenarios.gate import ChildGate
from tests.versions.conftest import PROJECT, SCENARIO, write


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data=tmp_path / "data")


async def test_a_folder_is_tried_and_what_differs_comes_back(settings, folder):
    # Without the knowledge base nothing has to be embedded: the reply is the intent's own.
    write(folder, PROJECT, SCENARIO + SCENARIO.replace("the hours", "something else").replace("six", "never"))
    trial = await ChildGate(settings)(folder)

    assert (trial.played, [one.name for one in trial.failed]) == (2, ["tells something else"])
    assert "never" in trial.failed[0].differences[0]
    assert trial.failed[0].conversation[0] == "user  when are you open"
    assert trial.version.startswith("draft-")


async def test_a_scenario_that_cannot_be_read_is_told_with_its_place(settings, folder):
    write(folder, scenario="- name: [")
    with pytest.raises(ProjectError, match=r"all\.yaml"):
        await ChildGate(settings)(folder)


async def test_a_process_that_takes_too_long_is_ended(settings, folder):
    with pytest.raises(GateBrokenError, match=r"more than 0\.01 s"):
        await ChildGate(settings, seconds=0.01)(folder)


async def test_a_process_that_breaks_is_told_by_an_id_and_the_log_has_the_cause(settings, folder):
    with capture_logs() as logs, pytest.raises(GateBrokenError) as broken:
        await ChildGate(settings.model_copy(update={"embeddings": "nonsense"}))(folder)

    assert logs[0]["error_id"] in str(broken.value)
    assert "EMBEDDINGS" in str(logs[0]["cause"])
    assert "nonsense" not in str(broken.value)
