"""Versioned schemas of our SQLite files: an older one is brought up to date when it is opened, a newer one refused.

The version of a file is its `PRAGMA user_version`: how many of the steps it has. A file from before there were versions
has 0, so that a first step must do no harm where its tables are there already.
"""

import sqlite3
from collections.abc import Callable, Sequence

Step = Callable[[sqlite3.Connection], None]
"""Changes the schema within a transaction that is already begun."""

Schema = Sequence[Step]
"""Everything that was ever done to a schema, oldest first; a step that was released is never changed."""


class SchemaTooNewError(Exception):
    """The file was written by a newer release."""

    def __init__(self, file: str, found: int, known: int) -> None:
        super().__init__(
            f"{file} has schema {found} and this release knows {known}; run the release that wrote it, or a newer one"
        )


def statements(script: str) -> Step:
    """A step of SQL statements, none of which has a semicolon of its own."""

    def step(connection: sqlite3.Connection) -> None:
        for statement in filter(None, (part.strip() for part in script.split(";"))):
            connection.execute(statement)

    return step


def add_column(table: str, name: str, definition: str) -> Step:
    """A step that adds a column where it is missing; `definition` needs a default for the rows that are there."""

    def step(connection: sqlite3.Connection) -> None:
        known = {row[0] for row in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))}
        if name not in known:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {definition}")

    return step


def migrate(connection: sqlite3.Connection, schema: Schema, *, file: str) -> None:
    """Take the steps that are missing, all of them or none; raises SchemaTooNewError, which names `file`.

    The connection is in autocommit mode. Another process that does the same is waited for.
    """
    if _version(connection, schema, file) == len(schema):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in schema[_version(connection, schema, file) :]:
            step(connection)
        connection.execute(f"PRAGMA user_version = {len(schema)}")
    except BaseException:  # whatever ends it: a half-made schema is worse than an old one
        connection.rollback()
        raise
    connection.commit()


def _version(connection: sqlite3.Connection, schema: Schema, file: str) -> int:
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found > len(schema):
        raise SchemaTooNewError(file, found, len(schema))
    return found
