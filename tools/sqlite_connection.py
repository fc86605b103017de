"""An SQLite connection as the database port sees it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from tools.database import NONE, Values

Begin = Literal["BEGIN", "BEGIN IMMEDIATE"]
"""How a transaction begins: to read, or to write with nobody else writing meanwhile."""


@contextmanager
def transaction(connection: sqlite3.Connection, begin: Begin = "BEGIN IMMEDIATE") -> Iterator[None]:
    """All of it or nothing, over a connection in autocommit mode that goes on afterwards."""
    connection.execute(begin)
    try:
        yield
    except BaseException:  # whatever ends it, a cancellation too: nothing half-written is left
        connection.rollback()
        raise
    connection.commit()


class SqliteConnection:
    """Statements as they are written: SQLite is the dialect they are written in."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    def execute(self, statement: str, values: Values = NONE) -> sqlite3.Cursor:
        """Run a statement with its `:name` parameters."""
        return self._raw.execute(statement, values)

    def define(self, statement: str) -> None:
        """Change the schema."""
        self._raw.execute(statement)

    def add_column(self, table: str, name: str, definition: str) -> None:
        """Add a column where it is missing."""
        known = {row[0] for row in self._raw.execute("SELECT name FROM pragma_table_info(?)", (table,))}
        if name not in known:
            self._raw.execute(f"ALTER TABLE {table} ADD COLUMN {name} {definition}")

    def number_rows(self, table: str) -> None:
        """Nothing: every table but those WITHOUT ROWID has `rowid`."""
