"""Locks that the workers of one database share: whoever has the lock of a conversation runs its turns.

The system lets go of a lock however its holder ends, so that a killed worker's conversations go on at once elsewhere.
"""

import fcntl
import hashlib
import os
import struct
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

_OFFSETS: Final = 1 << 62
"""Places in the file that can be locked; two conversations practically never share one."""
_OPEN_FILE_LOCK: Final[int | None] = getattr(fcntl, "F_OFD_SETLK", None)
"""Linux: the lock belongs to the open file, not to the whole process."""


class TurnLocks(Protocol):
    """Locks by name. A name is asked for by one task of a process at a time."""

    async def take(self, name: str, *, waited: float = 0.0) -> bool:
        """Have the lock from now on, or be told that another worker has it; raises LedgerUnavailableError.

        `waited` are the seconds since it was asked for first: a holder that is silent for long is not waited for.
        """

    async def release(self, name: str) -> None:
        """Let go of it."""


class FileTurnLocks:
    """Locks among the processes of one machine: places in a file beside the database."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def __enter__(self) -> Self:
        self._descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    async def take(self, name: str, *, waited: float = 0.0) -> bool:  # noqa: ARG002 - a process that lives is waited for
        """See TurnLocks."""
        try:
            self._set(fcntl.F_WRLCK, name)
        except OSError:
            return False
        return True

    async def release(self, name: str) -> None:
        """See TurnLocks."""
        self._set(fcntl.F_UNLCK, name)

    def _set(self, kind: int, name: str) -> None:
        place = lock_number(name) % _OFFSETS
        if _OPEN_FILE_LOCK is not None:
            wanted = struct.pack("hhqqi0q", kind, os.SEEK_SET, place, 1, 0)
            fcntl.fcntl(self._descriptor, _OPEN_FILE_LOCK, wanted)
        else:
            operation = fcntl.LOCK_UN if kind == fcntl.F_UNLCK else fcntl.LOCK_EX | fcntl.LOCK_NB
            fcntl.lockf(self._descriptor, operation, 1, place, os.SEEK_SET)


def lock_number(name: str) -> int:
    """The name as a signed number of 64 bits."""
    return int.from_bytes(hashlib.sha256(f"switchboard turn {name}".encode()).digest()[:8], signed=True)
