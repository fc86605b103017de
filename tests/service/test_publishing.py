"""Publishing over the whole real service: two workers on one database, their sessions and their folders."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from rich.console import Console

from config.settings import Settings
from graph.releases import Trial
from graph.services import open_services
from scenarios.alone import try_folder
from serving.auth import Keys
from tests.service.house import serve, settings_for
from tests.service.test_reloading import PROJECT, write
from tests.service.warmth import Warmth

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCENARIO = "- name: tells the hours\n  turns: [{user: when are you open, expect: {reply_contains: %s}}]\n"


async def try_here(folder: Path, settings: Settings) -> Trial:
    """The gate without a process of its own."""
    return await try_folder(folder, settings, Console(quiet=True))


@dataclass
class Town:
    """Two workers, the first beside the working folder."""

    folder: Path
    first: httpx.AsyncClient
    second: httpx.AsyncClient

    def edit(self, until: str, expected: str) -> None:
        (self.folder / "projects" / "hours" / "scenarios").mkdir(parents=True, exist_ok=True)
        scenario = self.folder / "projects" / "hours" / "scenarios" / "all.yaml"
        scenario.write_text(SCENARIO % expected, "utf-8")
        write(self.folder, PROJECT.replace("REPLY", until))

    async def publish(self) -> httpx.Response:
        return await self.first.post("/projects/hours/publish", json={})


async def ask(http: httpx.AsyncClient, session: str) -> str:
    """The reply, and the version it comes from."""
    answer = (await http.post("/chat", json={"message": "when are you open", "session_id": session})).json()
    return f"{answer['version'][:6]} {answer['reply']}"


async def current(http: httpx.AsyncClient) -> str:
    answer = await http.get("/projects/hours/versions")
    if answer.status_code != 200:
        return ""
    return str(next(each["version"] for each in answer.json()["versions"] if each["current"]))


async def until_current(town: Town, version: str) -> None:
    async with asyncio.timeout(30):
        while {await current(http) for http in (town.first, town.second)} != {version}:  # noqa: ASYNC110 - another worker's news
            await asyncio.sleep(0.05)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(postgres_url: str, warmth: Warmth, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    town = Town(folder, *(None, None))  # type: ignore[arg-type]
    town.edit("six", "six")
    async with AsyncExitStack() as stack:
        for name, projects in (("first", folder / "projects"), ("second", folder / "none")):
            # The database is all that they share.
            data = folder / f"data-{name}"
            warmth.lend(data)
            settings = settings_for(data).model_copy(update={"projects": projects, "database": postgres_url})
            opening = open_services(settings, vectors=warmth.vectors, gate=partial(try_here, settings=settings))
            services = await stack.enter_async_context(opening)
            url = await stack.enter_async_context(serve(services, keys=Keys()))
            http = httpx.AsyncClient(base_url=url, timeout=90, trust_env=False)
            setattr(town, name, await stack.enter_async_context(http))
            await services.training.finished()
            warmth.keep(data)
        yield town


async def test_new_sessions_take_what_is_published_in_every_worker_and_old_ones_keep_theirs(town: Town) -> None:
    assert (await ask(town.first, "draft")).startswith("draft-")
    missing = await town.second.get("/projects/hours/versions")
    one = (await town.publish()).json()
    await until_current(town, one["version"])
    begun = await ask(town.second, "old")

    town.edit("eight", "six")
    refused = await town.publish()
    after_refusal = await current(town.first)
    town.edit("eight", "eight")
    two = (await town.publish()).json()
    on_the_other_worker_at_once = await ask(town.second, "soon")
    await until_current(town, two["version"])
    old, new = await ask(town.first, "old"), await ask(town.second, "new")

    back = (await town.first.post("/projects/hours/rollback", json={})).json()
    await until_current(town, one["version"])
    newest, still_new = await ask(town.second, "newest"), await ask(town.first, "new")
    kept = await town.first.delete(f"/projects/hours/versions/{two['version']}")
    again = await town.second.post("/projects/hours/rollback", json={"version": "0" * 12})
    listed = (await town.first.get("/projects/hours/versions")).json()["versions"]
    summary = (await town.first.get("/projects")).json()["projects"][0]

    assert missing.status_code == 404
    assert (one["before"], one["scenarios"]) == (None, 1)
    assert "six" in begun
    problem = refused.json()
    assert (refused.status_code, problem["kind"], problem["reason"]) == (422, "validation", "scenarios")
    assert "1 of 1 scenarios fail" in problem["detail"]
    assert problem["failures"][0]["passed_before"] is True
    assert "six" in problem["failures"][0]["differences"][0]
    assert "eight" in problem["diff"]
    assert after_refusal == one["version"]
    assert on_the_other_worker_at_once.split()[0] in (one["version"][:6], two["version"][:6])
    assert ("six" in old, "eight" in new) == (True, True)
    assert (two["before"], back["version"]) == (one["version"], one["version"])
    assert ("six" in newest, "eight" in still_new) == (True, True)
    assert (kept.status_code, "sessions go on with it" in kept.text or "session goes on" in kept.text) == (409, True)
    assert again.status_code == 409
    assert [(each["version"], each["current"]) for each in listed] == [
        (two["version"], False),
        (one["version"], True),
        (f"draft-{two['version']}", False),
    ]
    assert (summary["version"], summary["draft"], summary["problems"]) == (
        one["version"],
        f"draft-{two['version']}",
        [],
    )


async def test_a_broken_folder_is_told_and_not_published_while_the_published_version_serves(town: Town) -> None:
    before = await current(town.first)
    write(town.folder, "name: [")
    async with asyncio.timeout(30):
        while not (found := (await town.first.get("/projects")).json()["projects"][0]["problems"]):  # noqa: ASYNC110 - a file watcher's news
            await asyncio.sleep(0.05)
    refused = await town.publish()
    elsewhere = await town.second.post("/projects/hours/publish", json={})

    assert "project.yaml:1:" in found[0]
    assert (refused.status_code, refused.json()["reason"]) == (422, "invalid")
    assert "project.yaml:1:" in refused.json()["detail"]
    assert (elsewhere.status_code, "no working folder" in elsewhere.text) == (422, True)
    assert str(town.folder) not in refused.text + elsewhere.text
    assert await current(town.first) == before
    assert (await town.first.get("/readyz")).status_code == 200
