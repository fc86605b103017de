"""Where a process keeps what must not be lost: SQLite files in the data folder, or a PostgreSQL database."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import psycopg
from langgraph.checkpoint.base import BaseCheckpointSaver

from config.errors import ConfigError
from config.settings import Settings
from graph.checkpoints import open_sqlite_saver
from graph.postgres_checkpoints import open_postgres_saver
from graph.published import SCHEMA as VERSIONS_SCHEMA
from graph.turn_log import SCHEMA as LOG_SCHEMA
from tools.counters import SCHEMA as USAGE_SCHEMA
from tools.database import Database
from tools.errors import LedgerUnavailableError
from tools.ledger import SCHEMA as LEDGER_SCHEMA
from tools.outbox import SCHEMA as DESK_SCHEMA
from tools.owners import FileOwner, Owner
from tools.postgres import Postgres, PostgresTables
from tools.postgres_locks import PostgresTurnLocks
from tools.postgres_owner import PostgresOwner
from tools.postgres_url import AddressError, PostgresAddress
from tools.sqlite_file import SqliteFile
from tools.turn_locks import FileTurnLocks, TurnLocks

SETTING: Final = "SWITCHBOARD_DATABASE"

Saver = BaseCheckpointSaver[int] | BaseCheckpointSaver[str]


class StartError(ConfigError):
    """The service cannot start: a folder, a file, a database or a setting is wrong."""


class Scrub(Protocol):
    """Leaves nothing of deleted rows in the files."""

    async def __call__(self, *, whole: bool) -> None:
        """`whole` writes the tables anew, for rows that an older release changed or deleted."""


@dataclass(frozen=True, kw_only=True)
class Storage:
    """What is kept, open."""

    owner: Owner
    """This process among those that share the claims."""
    ledger: Database
    desk: Database
    usage: Database
    versions: Database
    log: Database
    """Made when it is first used, as `saver` is: Studio's server brings its own."""
    locks: TurnLocks
    """Who runs the turns of a conversation."""
    saver: Callable[[], AbstractAsyncContextManager[Saver]]
    """Opens the checkpoints and tries the log out; raises StartError."""
    scrub: Scrub
    """Leaves nothing of deleted rows behind; raises LedgerUnavailableError."""
    secrets: tuple[str, ...] = ()
    """What must not be shown."""


@asynccontextmanager
async def open_storage(settings: Settings) -> AsyncIterator[Storage]:
    """Open what the settings name; raises StartError, which names the setting and says what to do."""
    await asyncio.to_thread(make_folders, settings)
    opening = _open_postgres(settings) if settings.uses_postgres else _open_files(settings)
    async with opening as storage:
        yield storage


def written_folders(settings: Settings) -> Mapping[str, Path]:
    """The folders that a process writes to, by the setting that names them."""
    folders = {"SWITCHBOARD_DATA": settings.data}
    return folders if settings.uses_postgres else {**folders, SETTING: _file(settings).parent}


def make_folders(settings: Settings) -> None:
    """Make the data folder, and the database's; raises StartError where they cannot be written to."""
    for name, folder in written_folders(settings).items():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".writable-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise StartError(
                f"{name}: the folder {str(folder)!r} cannot be written to ({error.strerror});"
                " choose another or change its permissions"
            ) from error


# --- files ------------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _open_files(settings: Settings) -> AsyncIterator[Storage]:
    async with AsyncExitStack() as stack:
        owner = await asyncio.to_thread(FileOwner(settings.data / "workers").__enter__)
        stack.push(owner)
        file = _file(settings)
        ledger = SqliteFile(settings.data / "ledger.db", LEDGER_SCHEMA)
        desk = SqliteFile(settings.data / "desk.db", DESK_SCHEMA)
        versions = SqliteFile(settings.data / "versions.db", VERSIONS_SCHEMA)
        log = SqliteFile(file, LOG_SCHEMA, durable=False)
        usage = SqliteFile(settings.data / "usage.db", USAGE_SCHEMA, durable=False)
        for opened in (ledger, desk, usage, versions, log):
            stack.push_async_callback(opened.aclose)
        # A file that holds something else is told at the start, not when a customer's first action fails.
        for opened in (ledger, desk, usage, versions):
            await _tried_file("SWITCHBOARD_DATA", settings.data, opened)

        async def scrub(*, whole: bool) -> None:
            for opened in (ledger, desk, usage, versions, log):
                await opened.scrub(whole=whole)

        @asynccontextmanager
        async def open_saver() -> AsyncIterator[Saver]:
            await _tried_file(SETTING, file, log)
            async with open_sqlite_saver(log, keep=settings.checkpoints) as saver:
                yield saver

        locks = stack.enter_context(FileTurnLocks(file.with_name(f"{file.name}.turns")))
        yield Storage(
            owner=owner,
            ledger=ledger,
            desk=desk,
            usage=usage,
            versions=versions,
            log=log,
            locks=locks,
            saver=open_saver,
            scrub=scrub,
        )


def _file(settings: Settings) -> Path:
    return Path(settings.database_url.removeprefix("sqlite:///"))


async def _tried_file(setting: str, place: Path, database: Database) -> None:
    try:
        await database.read(lambda _: None)
    except LedgerUnavailableError as error:
        raise _unusable_file(setting, place, error) from error


def _unusable_file(setting: str, place: Path, error: Exception) -> StartError:
    return StartError(
        f"{setting}: {str(place)!r} cannot be used ({error}); restore it from a copy, or move it away to begin anew"
    )


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _open_postgres(settings: Settings) -> AsyncIterator[Storage]:
    try:
        address = PostgresAddress(settings.database_url)
    except AddressError as error:
        raise StartError(f"{SETTING}: is not the address of a PostgreSQL database; {error}") from None
    async with AsyncExitStack() as stack:
        await _reached(address)
        try:
            owner = await stack.enter_async_context(PostgresOwner(address))
            locks = await stack.enter_async_context(PostgresTurnLocks(address))
        except psycopg.Error as error:
            raise _unusable_server(address, error) from error
        server = await stack.enter_async_context(Postgres(address))
        ledger, desk = PostgresTables(server, "ledger", LEDGER_SCHEMA), PostgresTables(server, "desk", DESK_SCHEMA)
        usage, log = PostgresTables(server, "usage", USAGE_SCHEMA), PostgresTables(server, "log", LOG_SCHEMA)
        versions = PostgresTables(server, "versions", VERSIONS_SCHEMA)
        for tables in (ledger, desk, usage, versions):
            await _tried_tables(address, tables)

        @asynccontextmanager
        async def open_saver() -> AsyncIterator[Saver]:
            async with AsyncExitStack() as opening:
                try:
                    made = open_postgres_saver(address, server, keep=settings.checkpoints)
                    saver = await opening.enter_async_context(made)
                except psycopg.Error as error:
                    raise _unusable_server(address, error) from error
                await _tried_tables(address, log)
                yield saver

        secrets = (address.password,) if address.password else ()
        yield Storage(
            owner=owner,
            ledger=ledger,
            desk=desk,
            usage=usage,
            versions=versions,
            log=log,
            locks=locks,
            saver=open_saver,
            scrub=server.scrub,
            secrets=secrets,
        )


async def _reached(address: PostgresAddress) -> None:
    """The first connection: what is wrong with the address is told in the words of PostgreSQL's library."""
    try:
        async with await psycopg.AsyncConnection.connect(**address.options) as connection:
            encoding = connection.info.parameter_status("server_encoding")
    except psycopg.Error as error:
        raise _unusable_server(address, error) from error
    if encoding != "UTF8":
        raise StartError(f"{SETTING}: the database keeps text in {encoding}; make one WITH (ENCODING 'UTF8')")


async def _tried_tables(address: PostgresAddress, tables: Database) -> None:
    try:
        await tables.read(lambda _: None)
    except LedgerUnavailableError as error:
        cause = error.__cause__
        if isinstance(cause, psycopg.Error):
            raise _unusable_server(address, cause) from error
        raise StartError(f"{SETTING}: the database cannot be used ({error})") from error


def _unusable_server(address: PostgresAddress, error: psycopg.Error) -> StartError:
    told = address.without_password(error.diag.message_primary or str(error))
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        remedy = "let the role create tables (GRANT CREATE ON SCHEMA … TO …), or give it a database of its own"
    else:
        remedy = "start the server, or correct host, port, user, password and database in the address"
    return StartError(f"{SETTING}: the PostgreSQL database cannot be used ({told}); {remedy}")
