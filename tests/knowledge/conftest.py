"""A knowledge base in a folder of its own, its vectors in the places where they may be kept."""

import gc
import os
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import chromadb
import pytest

from evals.postgres_server import database
from tests.knowledge.fakes import HashEncoder
from tools.knowledge import ChromaKnowledge, open_knowledge

OpenKnowledge = Callable[..., ChromaKnowledge]

_LEFT = r"ignore:Exception ignored in. <socket\.socket:pytest.PytestUnraisableExceptionWarning"
"""Chroma's HTTP client leaves its first connection to the garbage collector, which may come in the middle of a test."""
_SERVER = pytest.param("server", marks=pytest.mark.filterwarnings(_LEFT))
everywhere = pytest.mark.parametrize("place", ["folder", _SERVER, "pgvector"], indirect=True)
"""For tests whose vectors are once in each place."""


@dataclass(frozen=True)
class Place:
    """Where vectors are kept: a setting, and the database for pgvector."""

    setting: str
    database: str | None = None


@pytest.fixture
def encoder() -> HashEncoder:
    return HashEncoder()


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Chroma in a folder, unless the test asks for another place; empty before and after each test."""
    kind = getattr(request, "param", "folder")
    if kind == "folder":
        yield Place(f"chroma:{tmp_path / 'index'}")
    elif kind == "server":
        port = request.getfixturevalue("chroma_port")
        yield Place(f"chroma:http://127.0.0.1:{port}")
        with leaving_connections():
            client = chromadb.HttpClient(host="127.0.0.1", port=port)
            for collection in client.list_collections():
                client.delete_collection(collection.name)
            del client
    else:
        with database(request.getfixturevalue("postgres"), f"knowledge_of_a_test_{os.getpid()}") as url:
            yield Place("pgvector", url)


@pytest.fixture
def open_here(tmp_path: Path, encoder: HashEncoder, place: Place) -> Iterator[OpenKnowledge]:
    """Opens knowledge bases over the same data, as processes that run beside or after each other do."""
    opened: list[ChromaKnowledge] = []

    def open_one(setting: str | None = None, encoder: HashEncoder = encoder) -> ChromaKnowledge:
        knowledge = open_knowledge(
            setting or place.setting, tables=tmp_path / "knowledge.db", encoder=encoder, database=place.database
        )
        opened.append(knowledge)
        return knowledge

    yield open_one
    for knowledge in opened:
        knowledge.close()


@pytest.fixture
def knowledge(open_here: OpenKnowledge) -> ChromaKnowledge:
    return open_here()


@contextmanager
def chroma_server(folder: Path) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """A real Chroma server on loopback: its port and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    chroma = str(Path(sys.executable).with_name("chroma"))
    server = subprocess.Popen(  # noqa: S603  # the program that Chroma's package installs
        [chroma, "run", "--host", "127.0.0.1", "--port", str(port), "--path", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield port, server
    finally:
        server.kill()
        server.wait()


@pytest.fixture(scope="session")
def chroma_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a Chroma server that the tests of a run share."""
    with chroma_server(tmp_path_factory.mktemp("served")) as (port, _):
        yield port


@contextmanager
def leaving_connections() -> Iterator[None]:
    """Chroma's HTTP client leaves its first connection to the garbage collector."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < deadline
        time.sleep(0.05)
