"""PostgreSQL under the ledger: workers that race, schemas made by several at once, servers that come and go."""

import asyncio
import traceback
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import psycopg
import pytest

from tests.tools_actions.places import PostgresPlace
from tools.errors import LedgerUnavailableError
from tools.ledger import Claim, Entry
from tools.migrations import add_column, number_rows, statements
from tools.outbox import Letter
from tools.postgres import Postgres, PostgresTables
from tools.postgres_owner import PostgresOwner
from tools.postgres_sql import definition, parameters
from tools.postgres_url import AddressError, PostgresAddress

ENTRY = Entry(key="k", tenant="t", project="p", session_id="s", flow_id="1-1", action="send", arguments_hash="h")
FIRST = statements("CREATE TABLE IF NOT EXISTS t (n INTEGER, at REAL); CREATE INDEX IF NOT EXISTS t_n ON t (n)")
WORKERS = 4


@pytest.fixture
def place(postgres_url):
    return PostgresPlace(postgres_url)


@asynccontextmanager
async def workers(opening):
    """Several processes, each with an owner and connections of its own."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(opening()) for _ in range(WORKERS)]


@asynccontextmanager
async def administrator(postgres):
    async with await psycopg.AsyncConnection.connect(postgres, autocommit=True) as connection:
        yield connection


async def end_sessions(administrator, place):
    name = place.address.options["dbname"]
    await administrator.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))


async def test_of_workers_that_claim_at_once_one_is_granted(place):
    async with workers(place.ledger) as ledgers:
        for number in range(60):
            entry = replace(ENTRY, key=f"new-{number}", flow_id=f"{number}-1")
            claims = await asyncio.gather(
                *(one.claim(entry, lease_seconds=60, again=("claimed",)) for one in [*ledgers, *ledgers])
            )

            assert sorted(claim.granted for claim in claims) == [False] * (2 * WORKERS - 1) + [True]
            assert {claim.busy for claim in claims if not claim.granted} == {True}


@pytest.mark.parametrize("dispatched", [True, False])
async def test_what_a_dead_worker_claimed_is_taken_over_by_one(place, dispatched):
    entry = replace(ENTRY, key=f"dead-{dispatched}", session_id=f"dead-{dispatched}")
    async with place.ledger() as dead:
        await dead.claim(entry, lease_seconds=1000, again=())
        if dispatched:
            await dead.dispatch(entry.key)
    async with workers(place.ledger) as ledgers, asyncio.timeout(10):
        claims: list[Claim] = []
        while not any(claim.granted for claim in claims):  # the server may take a moment to miss a session
            claims = await asyncio.gather(
                *(one.claim(entry, lease_seconds=60, again=("claimed", "dispatched")) for one in ledgers)
            )
        dispatches = await asyncio.gather(*(one.dispatch(entry.key) for one in ledgers))

    assert sorted(claim.granted for claim in claims) == [False] * (WORKERS - 1) + [True]
    assert dispatches == [claim.granted for claim in claims]


async def test_a_letter_is_taken_by_one_worker(place):
    async with workers(place.outbox) as outboxes:
        for number in range(12):
            letter = Letter(id=f"l{number}", tenant="t", project="p", session_id=f"s{number}", body="{}")
            await outboxes[0].put(letter, state="waiting")
        taken = await asyncio.gather(*(one.take(12) for one in outboxes))

    assert sorted(letter.id for letters in taken for letter in letters) == sorted(f"l{n}" for n in range(12))


async def test_a_worker_whose_session_the_server_ended_holds_its_lock_again(place, postgres):
    async with PostgresOwner(place.address) as owner, place.ledger() as ledger, administrator(postgres) as server:
        entry = replace(ENTRY, key="lock", session_id="lock")
        await ledger.claim(entry, lease_seconds=60, again=())
        await end_sessions(server, place)
        async with Postgres(place.address) as other, asyncio.timeout(10):
            tables = PostgresTables(other, "probe", ())
            while not await tables.read(lambda connection: _other(place).lives(owner.name, connection)):  # noqa: ASYNC110 - nor it
                await asyncio.sleep(0.05)

        assert (await ledger.get("lock")).state == "claimed"


def _other(place):
    """A worker that asks after another."""
    return PostgresOwner(place.address)


async def test_a_server_that_is_gone_is_told_and_found_again_without_a_restart(place, postgres, postgres_url):
    name, impatient = place.address.options["dbname"], PostgresPlace(f"{postgres_url}&connect_timeout=1")
    async with impatient.ledger() as ledger, administrator(postgres) as server:
        before = await ledger.check()
        await server.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false'.encode())
        await end_sessions(server, place)
        gone = await ledger.check()
        with pytest.raises(LedgerUnavailableError, match="PostgreSQL: PoolTimeout"):
            await ledger.get("k")
        await server.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true'.encode())
        async with asyncio.timeout(10):
            while await ledger.check() is not None:  # noqa: ASYNC110 - the server has no news
                await asyncio.sleep(0.05)

    assert (before, gone) == (None, "cannot be read or written")


async def test_a_restarted_server_is_not_noticed(place, postgres):
    async with place.ledger() as ledger, administrator(postgres) as server:
        for _ in range(3):
            await end_sessions(server, place)

            assert await ledger.get("nothing") is None


async def test_processes_that_start_at_once_take_each_step_once(place):
    taken = []
    schema = (FIRST, add_column("t", "name", "TEXT NOT NULL DEFAULT 'x'"), number_rows("t"), lambda _: taken.append(4))

    async def start():
        async with Postgres(place.address) as server:
            tables = PostgresTables(server, "many", schema)
            await tables.write(
                lambda connection: connection.execute("INSERT INTO t (n) VALUES (:n)", {"n": 1}).rowcount
            )

    await asyncio.gather(*(start() for _ in range(WORKERS)))
    async with Postgres(place.address) as server:
        rows = await PostgresTables(server, "many", schema).read(
            lambda connection: connection.execute("SELECT * FROM t ORDER BY rowid").fetchall()
        )

    assert taken == [4]
    assert [(row["n"], row["name"], row["rowid"]) for row in rows] == [(1, "x", n + 1) for n in range(WORKERS)]


async def test_tables_of_a_newer_release_are_refused_by_name_and_left_alone(place):
    async with Postgres(place.address) as server:
        await PostgresTables(server, "newer", (FIRST, FIRST)).read(lambda _: None)
        with pytest.raises(LedgerUnavailableError, match=r"newer \(PostgreSQL\) has schema 2 and this release knows 1"):
            await PostgresTables(server, "newer", (FIRST,)).read(lambda _: None)


async def test_a_step_or_a_piece_of_work_that_fails_leaves_nothing(place):
    async with Postgres(place.address) as server:
        broken = (statements("CREATE TABLE u (n INTEGER)"), statements("DROP TABLE nowhere"))
        with pytest.raises(LedgerUnavailableError, match="UndefinedTable"):
            await PostgresTables(server, "broken", broken).read(lambda _: None)
        tables = PostgresTables(server, "whole", (statements("CREATE TABLE u (n INTEGER)"),))

        def work(connection):
            connection.execute("INSERT INTO u VALUES (1)")
            raise LookupError

        with pytest.raises(LookupError):
            await tables.write(work)
        count = await tables.read(lambda connection: connection.execute("SELECT count(*) AS n FROM u").fetchone())

    assert count["n"] == 0


async def test_an_error_that_quotes_a_row_is_told_by_its_name_only(place):
    schema = (statements("CREATE TABLE w (words TEXT NOT NULL, n INTEGER NOT NULL)"),)
    insert = "INSERT INTO w (words, n) VALUES (:words, :n)"
    async with Postgres(place.address) as server:
        with pytest.raises(LedgerUnavailableError) as refused:
            await PostgresTables(server, "words", schema).write(
                lambda connection: connection.execute(insert, {"words": "said in confidence", "n": None})
            )

    assert "said" not in "".join(traceback.format_exception(refused.value))
    assert str(refused.value) == "PostgreSQL: NotNullViolation"


def test_statements_are_translated():
    assert parameters("a = :a AND b LIKE '%' AND c = CAST(:c_d AS TEXT)") == (
        "a = %(a)s AND b LIKE '%%' AND c = CAST(%(c_d)s AS TEXT)"
    )
    assert definition("CREATE TABLE t (n INTEGER PRIMARY KEY AUTOINCREMENT, m INTEGER, at REAL) WITHOUT ROWID") == (
        "CREATE TABLE t (n BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m BIGINT, at DOUBLE PRECISION)"
    )


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:pla@nted@h/x",
        "postgresql://u:pla/nted@h/x",
        "postgresql://u:pla?nted@h/x",
        "postgresql://u:pla#nted@h/x",
        "postgresql://u:pla%zznted@h/x",
        "postgresql://u:planted@h/x?no_such_option=1",
        "postgresql://u:planted@h/x?connect_timeout=0",
    ],
)
def test_an_address_that_cannot_be_read_is_refused_without_a_word_of_it(url):
    with pytest.raises(AddressError) as refused:
        PostgresAddress(url)

    assert not any(part in str(refused.value) for part in ("pla", "nted"))
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    ("url", "password"),
    [
        ("postgresql://u:s%40crets@h:1/x", "s@crets"),
        ("postgres://h/x?password=secrets", "secrets"),
        ("postgresql://u@[::1]:5432,other/x", None),
        ("postgresql:///x?host=/run/postgresql", None),
    ],
)
def test_a_password_is_never_shown(url, password):
    address = PostgresAddress(url)

    assert address.password == password
    assert password is None or password not in repr(address) + address.without_password(f"no {password}")
