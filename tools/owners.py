"""Who works on a claim, and whether that process still lives.

A worker holds a lock of its own for as long as it runs: on a file beside the SQLite files, in PostgreSQL
(`tools/postgres_owner.py`) an advisory lock. The system lets go of it however the process ends, so a restarted service
need not wait for the leases of the one that was killed.
"""

import fcntl
import os
import uuid
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from tools.database import Connection


class Owner(Protocol):
    """This process among the workers that share a database."""

    @property
    def name(self) -> str:
        """What it signs its claims with."""

    def lives(self, name: str, connection: Connection) -> bool:
        """Whether the worker of that name still runs; asked within a transaction of the claims' database."""


class FileOwner:
    """This process's name among the workers of one machine that share a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = uuid.uuid4().hex
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(self._path(self.name), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        for path in self._folder.glob("*.worker"):
            if not self._locked(path.stem):
                path.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            self._path(self.name).unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None

    def lives(self, name: str, connection: Connection) -> bool:  # noqa: ARG002 - the port's signature
        """Whether the worker of that name still runs; the folder tells."""
        return self._locked(name)

    def _locked(self, name: str) -> bool:
        if name == self.name:
            return self._descriptor is not None
        try:
            descriptor = os.open(self._path(name), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        except OSError:
            return True  # not known: nobody takes over what may still be worked on
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        else:
            return False
        finally:
            os.close(descriptor)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.worker"
