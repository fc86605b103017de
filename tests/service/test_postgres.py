"""The whole service over PostgreSQL: conversations outlive processes and folders, and an outage only interrupts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from config.versions import Version
from graph.services import open_services
from graph.storage import StartError
from scenarios.service import FixedVersions, run_app
from serving.auth import Keys
from tests.service.business import Business
from tests.service.house import IBAN, SECRETS, House, serve, settings_for, wires, write_project
from tests.service.warmth import Warmth
from tools.postgres_url import PostgresAddress

URL = "postgresql://switchboard:planted@127.0.0.1:1/x"


@dataclass(frozen=True)
class Town:
    """A business and a bot whose services come and go."""

    folder: Path
    warmth: Warmth
    version: Version
    business: Business
    database: str

    @asynccontextmanager
    async def open(self) -> AsyncIterator[House]:
        """A service in a data folder that no other had."""
        data = self.folder / uuid4().hex
        data.mkdir()
        self.warmth.lend(data)
        settings = settings_for(data).model_copy(update={"database": self.database})
        versions = FixedVersions([self.version])
        async with open_services(
            settings, versions=versions, environment=SECRETS, vectors=self.warmth.vectors
        ) as opened:
            await opened.understanding.prepare(self.version)
            self.warmth.keep(data)
            async with (
                serve(opened, keys=Keys([])) as url,
                httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http,
            ):
                yield House(http=http, address=url, services=opened, business=self.business, session="s")


@pytest.fixture
async def town(tmp_path: Path, warmth: Warmth, postgres_url: str) -> AsyncIterator[Town]:
    business = Business()
    async with run_app(business.app) as address:
        described = wires(address, locales=["en"])
        described["intents"].pop("order_status")
        version = await asyncio.to_thread(write_project, tmp_path / "projects", described)
        yield Town(tmp_path, warmth, version, business, f"{postgres_url}&connect_timeout=1")


async def test_a_conversation_goes_on_where_another_process_left_it_and_is_erased_whole(
    town: Town, postgres_url: str
) -> None:
    async with town.open() as house:
        asked = await house.says("send 500 lira", message_id="m1")
    async with town.open() as house:
        confirming = await house.says(IBAN, message_id="m2")
    async with town.open() as house:
        acted = await house.says("yes", message_id="m3")
    async with town.open() as house:
        again = [
            await house.says(said, message_id=f"m{n + 1}") for n, said in enumerate(("send 500 lira", IBAN, "yes"))
        ]
        handed_over = await house.says("I want to talk to a person")
        await house.business.letters_of("s", 1)
        session = (await house.http.get("/sessions/s")).json()
        lines = (await house.http.get("/sessions/s/messages")).json()["messages"]
        before = await _everything(postgres_url)
        erased = await house.http.delete("/sessions/s")
        after = await _everything(postgres_url)

    assert [turn["outcome"] for turn in (asked, confirming, acted)] == ["asked", "confirming", "acted"]
    assert again == [asked, confirming, acted]
    assert len(town.business.transfers) == 1
    assert handed_over["outcome"] == "transferred"
    assert [deed["status"] for deed in session["actions"]] == ["succeeded"]
    assert len(lines) == 8
    assert erased.status_code == 200
    assert IBAN in before
    assert not any(trace in after for trace in (IBAN, "send_money", "'s'"))


async def _everything(url: str) -> str:
    """Every row of every table."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        found = await connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = [name for (name,) in await found.fetchall()]
        rows = [await (await connection.execute(f"SELECT * FROM {name}".encode())).fetchall() for name in names]  # noqa: S608
    return repr(rows)


async def test_an_outage_is_told_and_the_session_goes_on_after_it(town: Town, postgres: str) -> None:
    name = PostgresAddress(town.database).options["dbname"]
    async with (
        town.open() as house,
        await psycopg.AsyncConnection.connect(postgres, autocommit=True) as server,
    ):
        await house.says("send 500 lira")
        await server.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false'.encode())
        await server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        refused = await house.http.post("/chat", json={"message": IBAN, "session_id": house.session})
        ready = await house.http.get("/readyz")
        await server.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true'.encode())
        async with asyncio.timeout(20):
            while (await house.http.get("/readyz")).status_code != 200:  # noqa: ASYNC110 - nor has it news
                await asyncio.sleep(0.1)
        after = await house.says(IBAN)

    problem = refused.json()
    assert (refused.status_code, problem["kind"], problem["should_transfer"]) == (500, "internal_error", True)
    assert problem["reply"] == town.version.text("internal_error", "en")
    assert ready.status_code == 503
    assert ready.json()["dependencies"]["database"] == "cannot be read or written"
    assert not any(word in refused.text + ready.text for word in ("psycopg", "Pool", "postgres", "Traceback"))
    assert after["outcome"] == "confirming"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (URL, "start the server, or correct host, port, user, password"),
        ("postgresql://switchboard:pla@nted@127.0.0.1:1/x", "expected postgresql://USER:PASSWORD@HOST"),
    ],
)
async def test_a_database_that_cannot_be_used_stops_the_start_and_says_what_to_do(
    tmp_path: Path, url: str, told: str
) -> None:
    version = write_project(tmp_path / "projects", wires("http://127.0.0.1:9"))
    settings = settings_for(tmp_path / "data").model_copy(update={"database": url})
    with pytest.raises(StartError) as refused:
        async with open_services(settings, versions=FixedVersions([version]), environment=SECRETS):
            pass

    assert str(refused.value).startswith("SWITCHBOARD_DATABASE: ")
    assert told in str(refused.value)
    assert "nted" not in str(refused.value)


async def test_a_role_that_may_not_make_tables_is_told_and_serves_once_they_are_there(
    town: Town, postgres: str, postgres_url: str
) -> None:
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as server:
        await server.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await server.execute("DROP ROLE IF EXISTS poor; CREATE ROLE poor LOGIN; GRANT USAGE ON SCHEMA public TO poor")
    poor = Town(town.folder, town.warmth, town.version, town.business, town.database.replace("postgres:@", "poor@"))
    with pytest.raises(StartError, match="GRANT CREATE ON SCHEMA"):
        async with poor.open():
            pass
    async with town.open():
        pass
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as server:
        await server.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO poor")
    async with poor.open() as house:
        answer = await house.says("send 500 lira")
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as server:
        await server.execute("DROP OWNED BY poor; DROP ROLE poor")

    assert answer["outcome"] == "asked"
