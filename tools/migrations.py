"""Versioned schemas of our tables: an older one is brought up to date when it is opened, a newer one refused.

The version of a schema is how many of its steps were taken: an SQLite file's `PRAGMA user_version`, in PostgreSQL a row
of `switchboard_schema`. A file from before there were versions has 0, so that a first step must do no harm where its
tables are there already.
"""

import sqlite3
from collections.abc import Callable, Sequence

from tools.database import Connection
from tools.sqlite_connection import SqliteConnection, transaction

Step = Callable[[Connection], None]
"""Changes the schema within a transaction that is already begun."""

Schema = Sequence[Step]
"""Everything that was ever done to a schema, oldest first; a step that was released is never changed."""


class SchemaTooNewError(Exception):
    """The tables were written by a newer release."""

    def __init__(self, name: str, found: int, known: int) -> None:
        super().__init__(
            f"{name} has schema {found} and this release knows {known}; run the release that wrote it, or a newer one"
        )


def statements(script: str) -> Step:
    """A step of SQL statements, none of which has a semicolon of its own."""

    def step(connection: Connection) -> None:
        for statement in filter(None, (part.strip() for part in script.split(";"))):
            connection.define(statement)

    return step


def add_column(table: str, name: str, definition: str) -> Step:
    """A step that adds a column where it is missing; `definition` needs a default for the rows that are there."""

    def step(connection: Connection) -> None:
        connection.add_column(table, name, definition)

    return step


def number_rows(table: str) -> Step:
    """A step after which rows can be ordered by `rowid`, as they came."""

    def step(connection: Connection) -> None:
        connection.number_rows(table)

    return step


def missing_steps(schema: Schema, found: int, *, name: str) -> Schema:
    """The steps that a schema of version `found` lacks; raises SchemaTooNewError, which names it."""
    if found > len(schema):
        raise SchemaTooNewError(name, found, len(schema))
    return schema[found:]


def migrate(connection: sqlite3.Connection, schema: Schema, *, file: str) -> None:
    """Take the steps that an SQLite file lacks, all of them or none; raises SchemaTooNewError, which names `file`.

    The connection is in autocommit mode. Another process that does the same is waited for.
    """
    if not missing_steps(schema, _version(connection), name=file):
        return
    with transaction(connection):
        for step in missing_steps(schema, _version(connection), name=file):
            step(SqliteConnection(connection))
        connection.execute(f"PRAGMA user_version = {len(schema)}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
