"""The service as it runs: one for the demo projects all session long, small ones for what needs its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from config.loading import load_version
from config.settings import Settings
from config.versions import Version
from scenarios.service import PlayedService, play_service, scenario_settings
from tests.service.warmth import PROJECTS, Warmth


@pytest.fixture(scope="session")
def warmth(tmp_path_factory: pytest.TempPathFactory) -> Warmth:
    """What need not be computed twice in a run."""
    return Warmth(tmp_path_factory.getbasetemp() / "warmth")


@pytest.fixture(scope="session")
def demos() -> list[Version]:
    """The demo projects."""
    return [load_version(PROJECTS / name) for name in ("bank", "shop", "telecom")]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def service(
    demos: list[Version], warmth: Warmth, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[PlayedService]:
    """The demo projects served for real, trained and with their documents read, their APIs stubbed."""
    data = tmp_path_factory.mktemp("demos")
    warmth.lend(data)
    async with play_service(demos, scenario_settings(Settings(), data), vectors=warmth.vectors) as played:
        warmth.keep(data)
        yield played


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder of the test's own."""
    return tmp_path / "data"
