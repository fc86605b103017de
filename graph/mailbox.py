"""Messages that wait to be read together: a burst, or what came while a turn could still be stopped.

Kept in the database, so that messages of one session that reach several workers come into one turn, and none is lost
with a worker.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tools.database import Connection, Database
from tools.migrations import statements

WAITING: Final = statements("""
CREATE TABLE IF NOT EXISTS waiting_messages (
    thread_id TEXT NOT NULL, message_id TEXT NOT NULL, message TEXT NOT NULL, arrived_at REAL NOT NULL,
    PRIMARY KEY (thread_id, message_id)
)
""")


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A message that no turn has read yet."""

    message_id: str
    message: str
    arrived_at: float
    """Seconds since the epoch."""


class Mailbox:
    """The messages that wait, by thread; in the database of the turn log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, thread_id: str, letter: Waiting) -> None:
        """Keep a message; one of that id is kept once."""
        statement = (
            "INSERT INTO waiting_messages (thread_id, message_id, message, arrived_at)"
            " VALUES (:thread_id, :message_id, :message, :arrived_at) ON CONFLICT (thread_id, message_id) DO NOTHING"
        )
        values = {
            "thread_id": thread_id,
            "message_id": letter.message_id,
            "message": letter.message,
            "arrived_at": letter.arrived_at,
        }
        await self._database.write(lambda connection: connection.execute(statement, values).rowcount)

    async def waiting(self, thread_id: str) -> list[Waiting]:
        """A thread's messages, oldest first."""
        statement = (
            "SELECT message_id, message, arrived_at FROM waiting_messages WHERE thread_id = :thread_id"
            " ORDER BY arrived_at, message_id"
        )
        rows = await self._database.read(
            lambda connection: list(connection.execute(statement, {"thread_id": thread_id}).fetchall())
        )
        return [Waiting(**dict(row)) for row in rows]

    async def remove(self, thread_id: str, message_ids: Sequence[str]) -> None:
        """Forget messages that were read, or that nobody waits for any more."""
        await self._database.write(lambda connection: remove(connection, thread_id, message_ids))


def remove(connection: Connection, thread_id: str, message_ids: Sequence[str]) -> None:
    """The same within a transaction that is already begun."""
    for message_id in message_ids:
        connection.execute(
            "DELETE FROM waiting_messages WHERE thread_id = :thread_id AND message_id = :message_id",
            {"thread_id": thread_id, "message_id": message_id},
        )
