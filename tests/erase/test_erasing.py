"""What is erased is nowhere any more: looked for in the raw files and in every row, not through our own reading."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio
from psycopg.sql import SQL, Identifier

from config.loading import load_version
from config.settings import Settings
from graph.erasing import KnowledgeBusyError, Scope, open_erasing
from graph.releases import Trial
from graph.services import Services, open_services
from ingest.run import ingest_project
from scenarios.service import run_app
from serving.auth import Keys
from serving.logs import configure_logs
from tests.service.business import Business
from tests.service.house import SECRETS, serve, settings_for, wires, write_project
from tests.service.warmth import Warmth

SAID, DONE, LATER, UPLOADED, WRITTEN = "Zanzibarquux", "Ledgerquux", "Secondquux", "Uploadquux", "Personaquux"
"""What stands in: a message, an API's answer, another session, an upload, the project."""
OTHERS = "Globexquux"
"""What another tenant's customer said."""


_FOLDER = """
SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database WHERE datname = current_database()
"""


@dataclass
class Town:
    """A service of two tenants, what it keeps, and where."""

    data: Path
    settings: Settings
    services: Services
    http: httpx.AsyncClient
    business: Business

    async def says(self, session: str, *messages: str, project: str = "wires") -> None:
        for message in messages:
            body = {"message": message, "session_id": session, "project": project}
            answer = await self.http.post("/chat", json=body)
            assert answer.status_code == 200, answer.text

    async def kept(self) -> bytes:
        """Everything that is kept, as it lies there."""
        files = await asyncio.to_thread(_files, [self.data])
        if not self.settings.uses_postgres:
            return files
        rows, folder = await asyncio.to_thread(_database, self.settings.database_url)
        return files + rows + await asyncio.to_thread(_files, [folder])


def _files(folders: Iterable[Path]) -> bytes:
    return b"\0".join(path.read_bytes() for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())


def _database(url: str) -> tuple[bytes, Path]:
    """Every row of every table, and the folder with the database's own files."""
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("CHECKPOINT")
        tables = server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        everything = [SQL("SELECT * FROM {}").format(Identifier(name)) for (name,) in tables]
        rows = [repr(server.execute(query).fetchall()) for query in everything]
        found = server.execute(_FOLDER).fetchone()
    assert found is not None
    return "\n".join(rows).encode(), Path(found[0])


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    database = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    update = {"projects": tmp_path / "projects", "database": database}
    return settings_for(tmp_path / "data").model_copy(update=update)


@pytest_asyncio.fixture
async def town(settings: Settings, warmth: Warmth, tmp_path: Path) -> AsyncIterator[Town]:
    business = Business()
    business.order = {"status": "shipped", "day": DONE}
    business.desk_fails = 1000
    warmth.lend(settings.data)
    async with run_app(business.app) as address:
        project: dict[str, Any] = wires(address, persona={"en": WRITTEN, "tr": WRITTEN})
        write_project(tmp_path / "projects", project)
        write_project(tmp_path / "projects", {**wires(address), "name": "post", "tenant": "globex"})
        async with open_services(settings, environment=SECRETS, vectors=warmth.vectors) as services:
            for version in services.versions.all():
                await services.understanding.prepare(version)
            warmth.keep(settings.data)
            async with serve(services, keys=Keys()) as url, httpx.AsyncClient(base_url=url, timeout=60) as http:
                yield Town(settings.data, settings, services, http, business)


async def fill(town: Town) -> None:
    """Leave something in every store."""
    base = town.services.knowledge_base
    for version in town.services.versions.all():
        await base.run(lambda version=version: ingest_project(version, knowledge=base))  # type: ignore[misc]
    file = {"file": ("notice.md", f"# Notice\n\n{UPLOADED} costs 5 lira.".encode())}
    assert (await town.http.post("/knowledge/documents", files=file, data={"project": "wires"})).status_code < 300
    await town.says("s1", "where is my order", "12345", f"my name is {SAID}", "I want to talk to a person", f"{SAID}!")
    await town.says("s2", f"hello {LATER}")
    await town.says("theirs", f"hello {OTHERS}", project="post")
    folder = town.settings.projects / "wires"

    async def passes(folder: Path) -> Trial:
        return Trial(version=load_version(folder).name, played=1)

    await town.services.publishing.releases.publish(folder, passes, by="x")
    await town.services.publishing.look()


def found(kept: bytes, *words: str) -> set[str]:
    """Those of the words that stand in what is kept, in whatever width of letters."""
    return {word for word in words if word.encode() in kept or word.encode("utf-16-le") in kept}


async def test_nothing_of_a_session_and_then_of_a_tenant_is_left_in_any_file_or_row(
    town: Town, capfd: pytest.CaptureFixture[str]
) -> None:
    configure_logs("json")
    await fill(town)
    before = await town.kept()
    assert found(before, SAID, DONE, LATER, UPLOADED, WRITTEN, OTHERS) == {SAID, DONE, LATER, UPLOADED, WRITTEN, OTHERS}

    assert (await town.http.delete("/sessions/s1", params={"project": "wires"})).status_code == 200
    if not town.settings.uses_postgres:
        assert found(await town.kept(), SAID, DONE) == set()
        with pytest.raises(KnowledgeBusyError):
            async with open_erasing(town.settings, documents=True):
                pass
    async with open_erasing(town.settings, documents=False) as erasing:
        again = await erasing.erase(Scope(tenant="acme", project="wires", session_id="s1"))
    assert found(await town.kept(), LATER, OTHERS) == {LATER, OTHERS}
    assert again.records == 0
    stray = "00000000-0000-5000-8000-000000000000"
    # A thread that a crash left without an entry in the log.
    graph = town.services.turns._graph  # noqa: SLF001
    state = {"tenant": "acme", "project": "wires", "session_id": "stray", "version": "v", "message": SAID}
    await graph.aupdate_state({"configurable": {"thread_id": stray}}, state, as_node="close_turn")
    await town.services.turns.drain(1)
    await asyncio.to_thread(town.services.knowledge_base.close)
    async with open_erasing(town.settings, documents=True) as erasing:
        erased = await erasing.erase(Scope(tenant="acme"))
    kept, logged = await town.kept(), capfd.readouterr()

    assert erased.sessions == 2
    assert erased.knowledge == 1
    assert erased.records >= 1
    assert found(kept, SAID, DONE, LATER, UPLOADED, WRITTEN) == set()
    assert found(kept, OTHERS) == {OTHERS}
    assert found((logged.out + logged.err).encode(), SAID, DONE, LATER, OTHERS) == set()
