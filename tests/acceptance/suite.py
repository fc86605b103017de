"""The acceptance suite: conversations in three languages that show every rule of dialogue, played over real HTTP."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from config.loading import load_version
from config.settings import Settings
from config.versions import Version
from scenarios import report
from scenarios.model import Scenario, load_scenarios, scenario_files
from scenarios.runner import Played, play, play_all
from scenarios.service import PlayedService, play_service, scenario_settings
from tests.acceptance.scripted import ScriptedReader
from tests.openai_server import serving_openai

PROJECT = Path(__file__).parent / "projects" / "harbour"
START = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
"""A Wednesday morning, on which every scenario begins."""

LANGUAGES = ("en", "tr", "zh")


@dataclass(frozen=True)
class Case:
    """One scenario and where it stands."""

    file: str
    scenario: Scenario

    @property
    def language(self) -> str:
        """The language of its file."""
        return self.file.split(".")[1]

    @property
    def key(self) -> str:
        """Names it in a test's id."""
        return f"{self.file.removesuffix('.yaml')}/{self.scenario.name}"


def cases() -> list[Case]:
    """Every scenario of the suite."""
    return [Case(path.name, scenario) for path in scenario_files(PROJECT) for scenario in load_scenarios(path)]


def settings_in(data: Path, model_url: str | None = None) -> Settings:
    """Everything stored in `data`, nothing taken from the environment."""
    model = {"model": "m", "openai_api_key": "sk-model-1234", "openai_base_url": model_url} if model_url else {}
    plain = {"model": None, "openai_api_key": None, "openai_base_url": None, "log": "text"}
    return scenario_settings(Settings.model_validate({**plain, **model}), data)


@asynccontextmanager
async def open_suite(
    data: Path, vectors: Path, *, model_url: str | None = None
) -> AsyncIterator[tuple[PlayedService, Version]]:
    """The suite's bot, served; with a model it is the one that reads."""
    version = load_version(PROJECT)
    if model_url is not None:
        version = replace(version, project=version.project.model_copy(update={"understanding": "llm"}))
    settings = settings_in(data, model_url)
    async with play_service([version], settings, vectors=vectors, start=START) as service:
        yield service, version


async def play_embedded(data: Path, vectors: Path, chosen: Sequence[Case]) -> Mapping[str, Played]:
    """Every scenario, read by the embedded engine, by key."""
    async with open_suite(data, vectors) as (service, version):
        results = await play_all(service, [(version, case.file, case.scenario) for case in chosen])
    return {case.key: played for case, played in zip(chosen, results, strict=True)}


async def play_scripted(
    data: Path, vectors: Path, chosen: Sequence[Case], read: Mapping[str, Played]
) -> Mapping[str, Played]:
    """The same, read by a model that calls what the embedded engine understood in `read`; one after the other."""
    reader = ScriptedReader(load_version(PROJECT).project)
    results: dict[str, Played] = {}
    with serving_openai(respond=reader.respond) as model:
        async with open_suite(data, vectors, model_url=model.url) as (service, version):
            for case in sorted(chosen, key=lambda case: case.scenario.waits):
                reader.expect(read[case.key])
                results[case.key] = await play(service, version, case.file, case.scenario)
    return results


def counts(chosen: Iterable[Case]) -> dict[str, Counter[str]]:
    """How many scenarios show each pattern, by language."""
    found: dict[str, Counter[str]] = {}
    for case in chosen:
        for tag in case.scenario.tags:
            found.setdefault(tag, Counter())[case.language] += 1
    return found


def table(chosen: Sequence[Case], played: Mapping[str, Played]) -> str:
    """Counts by pattern and language of the file, those that went right of all."""
    return report.counts([replace(played[case.key], locale=case.language) for case in chosen if case.key in played])
