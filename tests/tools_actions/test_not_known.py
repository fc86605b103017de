"""What is not known is never told as not done: no time, no ledger, no request, after a deed that may have gone out."""

import asyncio
import sqlite3
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.tools_actions.conftest import make_call, make_version
from tests.tools_actions.places import FilePlace, PostgresPlace
from tests.tools_actions.wire import reply, reset, wire
from tools.actions import HttpActions, entry_of
from tools.errors import LedgerUnavailableError
from tools.findings import Finding
from tools.ledger import SCHEMA, ActionLedger
from tools.owners import FileOwner
from tools.sqlite_connection import SqliteConnection
from tools.sqlite_file import SqliteFile

everywhere = pytest.mark.parametrize("kind", ["sqlite", "postgres"], indirect=True)
MADE = reply(201, {"id": "T-1"})
DONE = Finding(state="succeeded", http_status=201, result={"reference": "T-7"}, reference="T-7")
SEND = {"method": "POST", "effect": "write"}


async def dies(place, call, finding=None):
    """A worker that is killed after the request went out, or after it wrote down what became of it."""
    entry = entry_of(make_version(Path(), actions={}), call)
    async with place.ledger() as theirs:
        await theirs.claim(entry, lease_seconds=1000, again=())
        await theirs.dispatch(entry.key)
        if finding is not None:
            await theirs.finish(entry.key, finding)


HINDERED = {
    "no time is left": ({"seconds": 0.1}, {}),
    "a variable is not set any more": ({}, {"headers": {"X-Key": "${NOT_SET}"}}),
}


@everywhere
@pytest.mark.parametrize("finding", [None, DONE])
@pytest.mark.parametrize("hindrance", HINDERED)
async def test_a_deed_that_went_out_is_not_told_as_failed_because_it_cannot_be_sent_again(
    run, place, hindrance, finding
):
    call, action = HINDERED[hindrance]
    async with wire(MADE) as api:
        await dies(place, make_call(amount=5), finding)
        receipt = await run(api.url, make_call(amount=5, **call), **action)

    expected = ("unknown", None) if finding is None else ("succeeded", "T-7")
    assert (receipt["status"], receipt["reference"], receipt["replayed"]) == (*expected, True)
    assert api.seen == []


@pytest.mark.parametrize("hindrance", HINDERED)
async def test_what_never_went_out_is_told_as_failed(run, hindrance):
    call, action = HINDERED[hindrance]
    async with wire(MADE) as api:
        receipt = await run(api.url, make_call(amount=5, **call), **action)

    assert (receipt["status"], receipt["replayed"], api.seen) == ("failed", False, [])


async def test_an_action_that_the_project_has_no_more_may_have_been_done(actions, place):
    await dies(place, make_call(amount=5))
    version = make_version(Path(), actions={})

    assert (await actions.call(version, make_call(amount=5)))["status"] == "unknown"
    assert (await actions.call(version, make_call(amount=6)))["status"] == "failed"


@pytest.mark.parametrize("status", [409, 422])
async def test_a_key_that_is_in_use_proves_nothing(run, status):
    """409: the first request is still worked on; 422: another one came under this key."""
    async with wire(reset(), reply(status)) as api:
        receipt = await run(api.url, idempotency=True, retries=1)

    assert (receipt["status"], receipt["http_status"]) == ("unknown", status)


async def test_a_key_that_is_in_use_is_asked_again(run):
    async with wire(reset(), reply(409), MADE) as api:
        receipt = await run(api.url, idempotency=True, retries=2, result={"reference": "id"})

    assert (receipt["status"], receipt["reference"], len(api.seen)) == ("succeeded", "T-1", 3)


# --- a ledger that is not there ---------------------------------------------------------------------------------------


class LockedFile(FilePlace):
    """Somebody else's program has the file to himself."""

    def __init__(self, folder):
        super().__init__(folder)
        self.file = folder / "ledger.sqlite3"

    @asynccontextmanager
    async def impatient(self):
        with FileOwner(self.file.parent / "workers") as owner:
            opened = ActionLedger(SqliteFile(self.file, SCHEMA, busy_seconds=0.05), owner)
            yield opened
            await opened.aclose()

    @asynccontextmanager
    async def gone(self):
        thief = sqlite3.connect(self.file, isolation_level=None)
        thief.execute("PRAGMA locking_mode=EXCLUSIVE")
        try:
            thief.execute("BEGIN EXCLUSIVE")
            yield
        finally:
            thief.close()


class LostServer(PostgresPlace):
    """The server lets nobody in."""

    def __init__(self, url, server):
        super().__init__(f"{url}&connect_timeout=1")
        self._server = server

    @asynccontextmanager
    async def impatient(self):
        async with self.ledger() as opened:
            yield opened

    @asynccontextmanager
    async def gone(self):
        name = self.address.options["dbname"]
        async with await psycopg.AsyncConnection.connect(self._server, autocommit=True) as admin:
            await admin.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false'.encode())
            await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            try:
                yield
            finally:
                await admin.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true'.encode())


@pytest.fixture
def unsafe(kind, request, tmp_path):
    """A place that can be taken away."""
    if kind == "sqlite":
        return LockedFile(tmp_path)
    return LostServer(request.getfixturevalue("postgres_url"), request.getfixturevalue("postgres"))


@everywhere
async def test_where_the_ledger_cannot_be_read_nothing_is_sent_and_nothing_is_told(unsafe, line, run):
    await unsafe.empty()
    await dies(unsafe, make_call(amount=5))
    async with unsafe.impatient() as ledger, wire(MADE) as api:
        using = HttpActions(line, ledger)
        version = make_version(Path(), actions={"send": {"url": f"{api.url}/x", **SEND}})
        async with unsafe.gone():
            with pytest.raises(LedgerUnavailableError):
                await run(api.url, make_call(amount=5), using=using)
            with pytest.raises(LedgerUnavailableError):
                await run(api.url, make_call(amount=5, seconds=0.1), using=using)
            with pytest.raises(LedgerUnavailableError):
                await using.begun(version, make_call(amount=5))
            with pytest.raises(LedgerUnavailableError):
                await using.unanswered(version, tenant="acme", session_id="s1", turn=1, flows=())
        receipt = await _patiently(lambda: run(api.url, make_call(amount=5), using=using))

    assert (receipt["status"], api.seen) == ("unknown", [])


async def _patiently(work):
    """The pool of connections takes a moment to see that the server is back."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await work()
            except LedgerUnavailableError:
                await asyncio.sleep(0.1)


@everywhere
async def test_a_receipt_that_cannot_be_written_is_told_now_and_uncertain_to_a_turn_run_again(unsafe, line, run):
    await unsafe.empty()
    async with unsafe.impatient() as ledger:
        using = HttpActions(line, ledger)
        arrived, taken = asyncio.Event(), asyncio.Event()

        async def slow(reader, writer):
            arrived.set()
            await taken.wait()
            await MADE(reader, writer)

        async with wire(slow) as api:
            call = asyncio.create_task(run(api.url, make_call(amount=5), using=using, result={"reference": "id"}))
            await arrived.wait()
            async with _written_no_more(unsafe):
                taken.set()
                first = await call
            again = await _patiently(lambda: run(api.url, make_call(amount=5), using=using))

    assert (first["status"], first["reference"]) == ("succeeded", "T-1")
    assert (again["status"], len(api.seen)) == ("unknown", 1)


@asynccontextmanager
async def _written_no_more(unsafe):
    """A file that is open is only locked against writing; a server is gone altogether."""
    if isinstance(unsafe, LostServer):
        async with unsafe.gone():
            yield
        return
    with _file_locked(unsafe.file):
        yield


@contextmanager
def _file_locked(file):
    """Somebody writes in it, and takes his time."""
    thief = sqlite3.connect(file, isolation_level=None)
    try:
        thief.execute("BEGIN IMMEDIATE")
        yield
    finally:
        thief.close()


async def test_a_bot_that_changes_nothing_does_without_a_ledger(tmp_path, line):
    (tmp_path / "ledger.sqlite3").mkdir()
    async with FilePlace(tmp_path).ledger() as broken:
        using, version = HttpActions(line, broken), make_version(tmp_path, actions={"send": {"url": "http://x/y"}})

        assert await using.begun(version, make_call()) is False
        assert await using.unanswered(version, tenant="acme", session_id="s1", turn=1, flows=()) == []


async def test_a_turn_cancelled_while_it_claims_leaves_no_claim(run, tmp_path):
    async with wire(MADE) as api:
        await run(api.url, make_call(amount=1))
        with _file_locked(tmp_path / "ledger.sqlite3"):
            task = asyncio.create_task(run(api.url, make_call(amount=5)))
            await asyncio.sleep(0.3)
            task.cancel()
            await asyncio.sleep(0.05)
        ended = await asyncio.gather(task, return_exceptions=True)
        receipt = await run(api.url, make_call(amount=5, seconds=5))

    assert isinstance(ended[0], asyncio.CancelledError)
    assert (receipt["status"], receipt["replayed"], len(api.seen)) == ("succeeded", False, 2)


def test_a_worker_that_cannot_be_looked_at_is_taken_for_alive(tmp_path):
    connection = SqliteConnection(sqlite3.connect(":memory:"))
    with FileOwner(tmp_path) as owner:
        (tmp_path / "elsewhere.worker").mkdir()

        alive = [name for name in ("elsewhere", "never", owner.name) if owner.lives(name, connection)]

    assert alive == ["elsewhere", owner.name]
