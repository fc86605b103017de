"""The file under the ledger: opened by several at once, refused where it is broken."""

import asyncio
import sqlite3

import pytest

from tools import ledger, outbox
from tools.database import of_scope
from tools.errors import LedgerUnavailableError
from tools.migrations import statements
from tools.sqlite_file import SqliteFile

SCHEMA = (statements("CREATE TABLE IF NOT EXISTS t (n INTEGER)"),)


@pytest.mark.parametrize(("table", "schema"), [("action_ledger", ledger.SCHEMA), ("desk_outbox", outbox.SCHEMA)])
async def test_a_session_s_rows_are_found_without_looking_at_any_other(tmp_path, table, schema):
    file = SqliteFile(tmp_path / "x.sqlite3", schema)
    query = f"EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE {of_scope(project='shop', session_id='s')}"  # noqa: S608
    values = {"tenant": "acme", "project": "shop", "session_id": "s"}
    plan = await file.read(lambda c: [row["detail"] for row in c.execute(query, values).fetchall()])
    await file.aclose()

    assert [step for step in plan if "tenant=? AND project=? AND session_id=?" in step] == plan


async def test_many_open_a_new_file_at_once(tmp_path):
    for number in range(10):
        files = [SqliteFile(tmp_path / f"{number}.sqlite3", SCHEMA) for _ in range(4)]
        await asyncio.gather(*(file.write(lambda c: c.execute("INSERT INTO t VALUES (1)").rowcount) for file in files))
        for file in files:
            await file.aclose()


async def test_it_writes_through_to_the_disk(tmp_path):
    file = SqliteFile(tmp_path / "x.sqlite3", SCHEMA)
    mode = await file.write(lambda c: (c.execute("PRAGMA journal_mode").fetchone()[0], _synchronous(c)))
    await file.aclose()

    assert mode == ("wal", 2)


def _synchronous(connection):
    return connection.execute("PRAGMA synchronous").fetchone()[0]


async def test_a_failed_piece_of_work_leaves_nothing(tmp_path):
    file = SqliteFile(tmp_path / "x.sqlite3", SCHEMA)

    def work(connection):
        connection.execute("INSERT INTO t VALUES (1)")
        raise sqlite3.IntegrityError("no")

    with pytest.raises(LedgerUnavailableError):
        await file.write(work)
    count = await file.write(lambda c: c.execute("SELECT COUNT(*) FROM t").fetchone()[0])
    await file.aclose()

    assert count == 0


@pytest.mark.parametrize("content", [b"not a database" * 100, None])
async def test_a_broken_or_impossible_file_is_named(tmp_path, content):
    path = tmp_path / "x.sqlite3"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    file = SqliteFile(path, SCHEMA, busy_seconds=0.2)
    with pytest.raises(LedgerUnavailableError, match=r"x\.sqlite3"):
        await file.write(lambda c: None)
    await file.aclose()


async def test_a_locked_file_is_waited_for_and_then_given_up(tmp_path):
    path = tmp_path / "x.sqlite3"
    file = SqliteFile(path, SCHEMA, busy_seconds=0.1)
    await file.write(lambda c: None)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerUnavailableError):
        await file.write(lambda c: None)
    other.execute("COMMIT")
    other.close()
    await file.write(lambda c: None)
    await file.aclose()
