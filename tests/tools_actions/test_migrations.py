"""Files of an older release are brought up to date, files of a newer one refused."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tools.migrations import Schema, SchemaTooNewError, add_column, migrate, statements

FIRST = statements("CREATE TABLE IF NOT EXISTS t (n INTEGER); CREATE INDEX IF NOT EXISTS t_n ON t (n)")
SCHEMA: Schema = (FIRST, add_column("t", "name", "TEXT NOT NULL DEFAULT 'nobody'"))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as opened:
        yield opened


def version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_a_new_file_gets_the_whole_schema(connection: sqlite3.Connection) -> None:
    migrate(connection, SCHEMA, file="x.db")
    connection.execute("INSERT INTO t (n) VALUES (1)")

    assert connection.execute("SELECT n, name FROM t").fetchall() == [(1, "nobody")]
    assert version_of(connection) == 2


@pytest.mark.parametrize("columns", ["n INTEGER", "n INTEGER, name TEXT NOT NULL DEFAULT 'nobody'"])
def test_a_file_from_before_there_were_versions_keeps_its_rows(connection: sqlite3.Connection, columns: str) -> None:
    connection.execute(f"CREATE TABLE t ({columns})")
    connection.execute("INSERT INTO t (n) VALUES (7)")
    migrate(connection, SCHEMA, file="x.db")

    assert connection.execute("SELECT n, name FROM t").fetchall() == [(7, "nobody")]


def test_only_the_missing_steps_are_taken(connection: sqlite3.Connection) -> None:
    taken: list[int] = []
    schema = (FIRST, lambda _: taken.append(2), lambda _: taken.append(3))
    migrate(connection, schema[:2], file="x.db")
    migrate(connection, schema, file="x.db")
    migrate(connection, schema, file="x.db")

    assert taken == [2, 3]


def test_a_step_that_fails_leaves_the_file_as_it_was(connection: sqlite3.Connection) -> None:
    migrate(connection, (FIRST,), file="x.db")
    broken = (FIRST, statements("CREATE TABLE u (n INTEGER)"), statements("DROP TABLE nowhere"))
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, broken, file="x.db")

    assert version_of(connection) == 1
    assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'u'").fetchall() == []


def test_a_newer_file_is_refused_by_name_and_left_alone(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA user_version = 3")
    with pytest.raises(SchemaTooNewError, match=r"x\.db has schema 3 and this release knows 2"):
        migrate(connection, SCHEMA, file="x.db")

    assert version_of(connection) == 3


def test_many_at_once_take_each_step_once(tmp_path: Path) -> None:
    taken: list[int] = []
    schema = (FIRST, lambda _: taken.append(2))

    def one() -> None:
        with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as connection:
            migrate(connection, schema, file="x.db")

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert taken == [2]
