"""A project that is edited while the service runs, over the whole real service."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from graph.services import open_services
from serving.auth import Keys
from tests.service.house import serve, settings_for
from tests.service.warmth import Warmth

PROJECT = """
name: hours
tenant: acme
locales: [en]
intents:
  hours:
    description: When the shop is open
    title: {en: Opening hours}
    examples: {en: [when are you open, opening hours please, what time do you close, are you open on Sunday]}
    reply: {en: "We are open until REPLY."}
"""


@pytest_asyncio.fixture
async def http(tmp_path: Path, warmth: Warmth) -> AsyncIterator[httpx.AsyncClient]:
    write(tmp_path, PROJECT.replace("REPLY", "six"))
    settings = settings_for(tmp_path / "data").model_copy(update={"projects": tmp_path / "projects"})
    async with (
        open_services(settings, vectors=warmth.vectors) as services,
        serve(services, keys=Keys()) as url,
        httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http,
    ):
        await services.training.finished()
        yield http


def write(folder: Path, text: str) -> None:
    (folder / "projects" / "hours").mkdir(parents=True, exist_ok=True)
    (folder / "projects" / "hours" / "project.yaml").write_text(text, "utf-8")


async def ask(http: httpx.AsyncClient, session: str) -> str:
    answer = (await http.post("/chat", json={"message": "when are you open", "session_id": session})).json()
    return str(answer["reply"])


async def version(http: httpx.AsyncClient) -> str:
    versions = (await http.get("/projects/hours/versions")).json()["versions"]
    return next(str(each["version"]) for each in versions if each["current"])


async def until(wanted: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not wanted():  # noqa: ASYNC110 - what is waited for happens on disk and in logs
            await asyncio.sleep(0.05)


async def test_new_sessions_take_what_was_edited_and_old_ones_keep_theirs(http, tmp_path):
    before = await version(http)
    assert "six" in await ask(http, "old")

    write(tmp_path, PROJECT.replace("REPLY", "eight"))
    async with asyncio.timeout(30):
        while await version(http) == before:  # noqa: ASYNC110 - another process would have to ask again too
            await asyncio.sleep(0.05)

    assert "eight" in await ask(http, "new")
    assert "six" in await ask(http, "old")


@pytest.mark.parametrize("broken", ["name: [", PROJECT.replace("reply:", "replies:")])
async def test_a_broken_edit_keeps_the_last_valid_version_and_says_what_is_wrong(http, tmp_path, capfd, broken):
    before = await version(http)
    told: list[str] = []

    def said() -> bool:
        told.append("".join(capfd.readouterr()))
        return "project.yaml:" in "".join(told)

    write(tmp_path, broken)
    await until(said)

    assert await version(http) == before
    assert "six" in await ask(http, "another")
