"""Data that is damaged or of another release, over the whole real service: told, and answered as well as it can be."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from config.errors import ConfigError
from graph.services import open_services
from scenarios.service import FixedVersions
from serving.auth import Keys
from tests.service.house import SECRETS, open_house, serve, settings_for, wires, write_project
from tests.service.warmth import Warmth
from tools.knowledge_errors import KnowledgeError

pytestmark = pytest.mark.asyncio(loop_scope="module")

GARBAGE = b"This is no database but a text that somebody copied here. " * 200
FEE = "what does a transfer to another bank cost"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("switchboard.db", "SWITCHBOARD_DATABASE"),
        ("ledger.db", "SWITCHBOARD_DATA"),
        ("desk.db", "SWITCHBOARD_DATA"),
        ("knowledge.db", "knowledge tables"),
    ],
)
async def test_a_file_of_a_newer_release_stops_the_start_and_is_named(tmp_path: Path, name: str, told: str) -> None:
    version = write_project(tmp_path / "projects", wires("http://127.0.0.1:9"))
    data = tmp_path / "data"
    data.mkdir()
    with closing(sqlite3.connect(data / name)) as newer:
        newer.execute("PRAGMA user_version = 99")
    with pytest.raises((ConfigError, KnowledgeError)) as refused:
        async with open_services(settings_for(data), versions=FixedVersions([version]), environment=SECRETS):
            pass

    assert told in str(refused.value)
    assert f"{name} has schema 99" in str(refused.value)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def damaged(warmth: Warmth, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A service that was started over a vector index that somebody wrote over; the last tests damage more."""
    async with open_house(folder, warmth) as house:
        versions = house.services.versions.all()
    index = folder / "data" / "knowledge" / "store" / "chroma.sqlite3"
    assert await asyncio.to_thread(index.is_file)
    await asyncio.to_thread(index.write_bytes, GARBAGE)
    async with (
        open_services(
            settings_for(folder / "data"),
            versions=FixedVersions(versions),
            environment=SECRETS,
            vectors=warmth.vectors,
        ) as services,
        serve(services, keys=Keys()) as url,
        httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http,
    ):
        await services.training.finished()
        yield http


def assert_nothing_leaks(response: httpx.Response) -> None:
    assert not any(
        word in response.text for word in ("chroma", "sqlite", "/store", ".db", "Traceback", "not a database")
    )


async def test_readiness_tells_it_each_time_and_nothing_else_fails(damaged: httpx.AsyncClient) -> None:
    for _ in range(3):
        ready = await damaged.get("/readyz")

        assert ready.status_code == 503
        states = ready.json()["dependencies"]
        assert {name for name, state in states.items() if state != "ok"} == {"knowledge"}
        assert_nothing_leaks(ready)
    assert (await damaged.get("/livez")).status_code == 200


async def test_a_question_is_handed_over_and_everything_else_goes_on(damaged: httpx.AsyncClient) -> None:
    session = uuid4().hex
    asked = await damaged.post("/chat", json={"message": "send 500 lira", "session_id": session})
    question = await damaged.post("/chat", json={"message": FEE, "session_id": uuid4().hex})

    assert asked.json()["outcome"] == "asked"
    answer = question.json()
    assert (question.status_code, answer["should_transfer"], answer["citations"]) == (200, True, [])
    assert answer["reply"]
    assert_nothing_leaks(question)


async def test_the_routes_of_the_knowledge_say_that_it_is_not_ready(damaged: httpx.AsyncClient) -> None:
    file = {"file": ("more.md", b"# More\n\nA new passage about something else.")}
    for response in (
        await damaged.post("/knowledge/search", json={"query": FEE}),
        await damaged.post("/knowledge/documents", files=file),
    ):
        assert (response.status_code, response.json()["kind"]) == (503, "internal_error")
        assert_nothing_leaks(response)
    assert (await damaged.get("/knowledge/documents")).status_code == 200


@pytest.mark.parametrize(("name", "dependency"), [("ledger.db", "ledger"), ("switchboard.db", "database")])
async def test_a_file_that_is_damaged_while_it_is_open_is_told(
    damaged: httpx.AsyncClient, folder: Path, name: str, dependency: str
) -> None:
    for path in await asyncio.to_thread(lambda: [*(folder / "data").glob(f"{name}*")]):
        await asyncio.to_thread(path.write_bytes, GARBAGE)
    ready = await damaged.get("/readyz")
    asked = await damaged.post("/chat", json={"message": "send 500 lira", "session_id": uuid4().hex})

    assert ready.json()["dependencies"][dependency] == "cannot be read or written"
    # Without the ledger nobody knows whether this turn was begun before and what it did.
    assert (asked.status_code, asked.json()["kind"]) == (500, "internal_error")
    assert asked.json()["reply"]
    assert_nothing_leaks(ready)
    assert_nothing_leaks(asked)
