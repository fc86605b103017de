"""Where rows are kept, behind one port: SQLite files and PostgreSQL run the same statements.

Statements are written once, with named parameters (`:name`) and in the SQL that both understand. Schemas are written
in SQLite's types; the PostgreSQL adapter translates both (`tools/postgres_sql.py`). Nothing relies on a transaction
being alone: whoever claims a row does it with a conditional `UPDATE` or with `INSERT … ON CONFLICT`, whose row count
says whether it was he.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

T = TypeVar("T")

Row = Mapping[str, Any]
"""Values by the names of their columns."""

Values = Mapping[str, object]

NONE: Final[Values] = {}


class Cursor(Protocol):
    """What a statement found or did."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""

    def fetchone(self) -> Row | None:
        """The next row; None after the last."""

    def fetchall(self) -> Sequence[Row]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[Row]: ...


class Connection(Protocol):
    """A connection within a transaction; used by one thread at a time."""

    def execute(self, statement: str, values: Values = NONE) -> Cursor:
        """Run a statement with its `:name` parameters."""

    def define(self, statement: str) -> None:
        """Change the schema, in SQLite's types; no parameters."""

    def add_column(self, table: str, name: str, definition: str) -> None:
        """Add a column where it is missing."""

    def number_rows(self, table: str) -> None:
        """Give the table a column `rowid` that counts up with every row, where it has none of itself."""


class Database(Protocol):
    """A schema's tables. Every failure is a LedgerUnavailableError, and passes without a restart."""

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Do `work`, which writes nothing, in one transaction off the event loop."""

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in one transaction off the event loop: all of it or nothing."""

    async def check(self) -> str | None:
        """What readiness tells of tables that cannot be used; None where they can."""

    async def scrub(self, *, whole: bool) -> None:
        """Leave nothing of deleted rows in the files, as far as the database lets us; `whole` rewrites them."""

    async def aclose(self) -> None:
        """Let go of what is open."""


def of_scope(*, project: str | None = None, session_id: str | None = None) -> str:
    """The condition for the rows of a session, of a project or of a tenant; only what is given is asked for.

    A condition that also holds for what is not given, such as `:project IS NULL OR project = :project`, is answered
    without the index: every row of the tenant is looked at.
    """
    given = {"tenant": "", "project": project, "session_id": session_id}
    return " AND ".join(f"{name} = :{name}" for name, value in given.items() if value is not None)


def counted(connection: Connection, table: str) -> dict[str, int]:
    """How many rows of a table are in each `state`."""
    found = connection.execute(f"SELECT state, COUNT(*) AS rows_of_it FROM {table} GROUP BY state")  # noqa: S608  # ours
    return {row["state"]: int(row["rows_of_it"]) for row in found.fetchall()}
