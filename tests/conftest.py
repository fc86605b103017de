"""What holds for every test: strict checkpoints, and no network beyond this machine."""

import hashlib
import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import hypothesis
import pytest
import structlog

from evals.postgres_server import database, postgres_server

# LangGraph reads it when it is imported, so it cannot be a fixture.
os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"

# The suite says the same each time; `--hypothesis-profile=explore` looks for what it has not seen yet.
hypothesis.settings.register_profile("suite", derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", max_examples=2000, deadline=None)
hypothesis.settings.load_profile("suite")


class NetworkUsedError(RuntimeError):
    """A test tried to reach another machine."""


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse_other_machines(event: str, arguments: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    address = arguments[1]
    if isinstance(address, tuple) and not _is_local(str(address[0])):
        raise NetworkUsedError(f"a test tried to connect to {address[0]!r}")


sys.addaudithook(_refuse_other_machines)


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """What a command set about logs ends with its test."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    # structlog's own renderer draws each frame with all it holds, which takes seconds where that is a whole project.
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])
    yield
    structlog.reset_defaults()
    root.handlers, root.level = before[0], before[1]


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server's URL; the processes of a run share the server.

    Its folder is not in pytest's: every run that begins closes those to other users, and root's server is another's.
    """
    base = tmp_path_factory.getbasetemp()
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    name = f"switchboard-postgres-{hashlib.sha256(str(run.resolve()).encode()).hexdigest()[:12]}"
    with postgres_server(Path(tempfile.gettempdir()) / name, durable=False) as url:
        yield url


@pytest.fixture(scope="module")
def postgres_url(postgres: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of the module's own."""
    with database(postgres, re.sub(r"\W", "_", request.node.nodeid)[-60:]) as url:
        yield url


@pytest.fixture(scope="session", autouse=True)
def database_of_the_run(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """`SWITCHBOARD_TEST_DATABASE=postgres`: what names no database of its own has one on a real server."""
    if os.environ.get("SWITCHBOARD_TEST_DATABASE") != "postgres":
        yield None
        return
    server: str = request.getfixturevalue("postgres")
    with database(server, f"run_{os.getpid()}") as url, pytest.MonkeyPatch.context() as environment:
        environment.setenv("SWITCHBOARD_DATABASE", url)
        yield server


@pytest.fixture(autouse=True)
def database_of_the_test(
    request: pytest.FixtureRequest, database_of_the_run: str | None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Each test its own; one that looks into SQLite's files is marked `sqlite` and keeps them."""
    if database_of_the_run is None:
        yield
    elif request.node.get_closest_marker("sqlite"):
        monkeypatch.delenv("SWITCHBOARD_DATABASE", raising=False)
        yield
    else:
        with database(database_of_the_run, f"test_{os.getpid()}") as url:
            monkeypatch.setenv("SWITCHBOARD_DATABASE", url)
            yield
