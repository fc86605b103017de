"""A language that is nothing but a folder of texts, acts and grammar, spoken through the front door."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.loading import load_version
from config.settings import Settings
from scenarios.model import load_scenarios, scenario_files
from scenarios.report import lines
from scenarios.runner import play_all
from scenarios.service import play_service, scenario_settings

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

PROJECT = Path(__file__).parent / "projects" / "faehre"
START = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
"""A Wednesday."""


async def test_german_is_spoken_from_the_first_question_to_the_last_yes(warmth, data):
    version = load_version(PROJECT)
    scenarios = [(version, path.name, each) for path in scenario_files(PROJECT) for each in load_scenarios(path)]

    async with play_service([version], scenario_settings(Settings(), data), vectors=warmth.vectors, start=START) as bot:
        played = await play_all(bot, scenarios)

    wrong = [line for each in played if not each.passed for line in lines(each)]
    assert not wrong, "\n".join(wrong)
    assert len(played) == len(scenarios) >= 6
