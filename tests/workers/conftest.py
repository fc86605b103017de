"""Two workers of one database, each with the small bank's bot; everything but the ports is real."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from config.project import Project
from tests.dialogue.talking import bank
from tests.graph.conftest import MEANINGS
from tests.graph.fakes import Business, Room, Script


@dataclass
class House:
    """Opens workers over one database; what a worker does to the business all see."""

    folder: Path
    database: str
    stack: AsyncExitStack
    business: Business = field(default_factory=Business)
    workers: int = 0

    async def worker(self, project: Project | None = None) -> Room:
        """Another worker: of the same folder, or over PostgreSQL with a folder of its own."""
        self.workers += 1
        folder = self.folder if self.database.startswith("sqlite") else self.folder / str(self.workers)
        room = Room(project or bank(), Script(MEANINGS), folder, self.database)
        room.business = self.business
        return await self.stack.enter_async_context(room.open())


@pytest.fixture(params=["sqlite", "postgres"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    database = f"sqlite:///{tmp_path / 'shared.db'}" if request.param == "sqlite" else None
    database = database or request.getfixturevalue("postgres_url")
    async with AsyncExitStack() as stack:
        yield House(tmp_path, database, stack)
