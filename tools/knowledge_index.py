"""Vector indexes over the knowledge tables: Chroma, embedded or a server, and an exact search without any index.

An index holds ids and vectors only, nothing that is not also in the tables, so that losing it costs a rebuild.
"""

import fcntl
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import numpy as np
from numpy.typing import NDArray

from models.ports import Vectors
from tools.knowledge_errors import KnowledgeUnavailableError
from tools.knowledge_records import Base
from tools.knowledge_tables import SECOND, KnowledgeTables

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

_REMEDY = (
    "it holds copies only: where it cannot be mended, stop the service, move its folder away, and it is made again"
)
_POINTER = "current"
_FIRST = "store"
_BATCH = 500
"""Vectors sent to Chroma at once."""
_SERVER_SECONDS = 30.0
"""For one request to a server; a search is given up on sooner."""


class VectorIndex(Protocol):
    """Nearest vectors by cosine; a collection is made when first added to. Blocking, safe between threads."""

    def add(self, collection: str, ids: Sequence[str], vectors: Vectors) -> None:
        """Add vectors under new ids; an id already there is left as it is."""

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove vectors."""

    def nearest(self, collection: str, vector: Vectors, count: int) -> list[str]:
        """Ids of the `count` vectors nearest to `vector`, nearest first."""

    def ids(self, collection: str) -> set[str]:
        """All ids; empty where there is no such collection."""

    def count(self, collection: str) -> int:
        """How many there are; 0 where there is no such collection."""

    def drop(self, collection: str) -> None:
        """Remove a collection, if there is one."""

    def renew(self) -> bool:
        """Begin anew in other files and delete the old ones, which keep what was removed; False where that is not ours.

        Every collection is empty afterwards.
        """

    def check(self) -> None:
        """Raise KnowledgeUnavailableError where the index does not answer."""

    def close(self) -> None:
        """Let go of files and connections."""


class ChromaIndex:
    """Chroma behind our own port: vectors are always passed, so that it never loads an embedding function."""

    def __init__(
        self, connect: Callable[[], "ClientAPI"], *, owner: IO[bytes] | None = None, folder: Path | None = None
    ) -> None:
        self._connect = connect
        self._owner = owner
        self._folder = folder
        self._guard = threading.Lock()
        self._connected: ClientAPI | None = None
        self._collections: dict[str, Collection] = {}

    def add(self, collection: str, ids: Sequence[str], vectors: Vectors) -> None:
        """Add vectors under new ids, in batches."""
        with _named_errors():
            found = self._client().get_or_create_collection(
                collection, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
            )
            for start in range(0, len(ids), _BATCH):
                found.add(ids=list(ids[start : start + _BATCH]), embeddings=vectors[start : start + _BATCH])

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove vectors, in batches."""
        with _named_errors():
            found = self._open(collection)
            if found is not None:
                for start in range(0, len(ids), _BATCH):
                    found.delete(ids=list(ids[start : start + _BATCH]))

    def nearest(self, collection: str, vector: Vectors, count: int) -> list[str]:
        """The nearest ids by Chroma's cosine index."""
        with _named_errors():
            found = self._open(collection)
            if found is None:
                raise KnowledgeUnavailableError(f"the vector index has no collection {collection!r}")
            return found.query(query_embeddings=[vector.tolist()], n_results=count, include=[])["ids"][0]

    def ids(self, collection: str) -> set[str]:
        """All ids of a collection."""
        with _named_errors():
            found = self._open(collection)
            return set(found.get(include=[])["ids"]) if found else set()

    def count(self, collection: str) -> int:
        """How many vectors Chroma counts."""
        with _named_errors():
            found = self._open(collection)
            return found.count() if found else 0

    def drop(self, collection: str) -> None:
        """Remove a collection."""
        from chromadb.errors import NotFoundError

        self._collections.pop(collection, None)
        with _named_errors():
            try:
                self._client().delete_collection(collection)
            except NotFoundError:
                return

    def renew(self) -> bool:
        """Begin in a new folder and delete the old one; a server's files are not ours to delete."""
        if self._folder is None:
            return False
        with self._guard, _named_errors():
            self._collections.clear()
            client, self._connected = self._connected, None
            if client is not None:
                _close(client)
            old = _store(self._folder)
            _point(self._folder, uuid4().hex)
            shutil.rmtree(old, ignore_errors=True)
        return True

    def check(self) -> None:
        """Ask for something that is read from the store: a heartbeat comes from one that is broken, too."""
        with _named_errors():
            self._client().count_collections()

    def close(self) -> None:
        """Release the folder for another process."""
        self._collections.clear()
        client, self._connected = self._connected, None
        with _named_errors():
            if client is not None:
                _close(client)
        if self._owner is not None:
            self._owner.close()

    def _client(self) -> "ClientAPI":
        """The connection, made at first use and again where that failed: the service starts without the index."""
        with self._guard:
            if self._connected is None:
                self._connected = self._connect()
            return self._connected

    def _open(self, collection: str) -> "Collection | None":
        from chromadb.errors import NotFoundError

        found = self._collections.get(collection)
        if found is None:
            try:
                found = self._client().get_collection(collection, embedding_function=None)
            except NotFoundError:
                return None
            self._collections[collection] = found
        return found


class ExactIndex:
    """Every vector compared, read from the tables: for a process that does not own Chroma's folder."""

    def __init__(self, tables: KnowledgeTables) -> None:
        self._tables = tables
        self._held: dict[tuple[int, str], _Held] = {}

    def nearest(
        self,
        base: Base,
        generation: int,
        locale: str,
        vector: Vectors,
        *,
        count: int,
        without: frozenset[str] = frozenset(),
    ) -> list[str]:
        """The nearest ids of a language, but those of the documents `without`; vectors are kept for a generation."""
        held = self._held.get((base.id, locale))
        if held is None or held.generation != generation:
            held = self._read(base, generation, locale)
            self._held[base.id, locale] = held
        ids, vectors = held.ids, held.vectors
        if not ids:
            return []
        if vectors.shape[1] != vector.shape[0]:
            raise KnowledgeUnavailableError(
                f"the knowledge's vectors have {vectors.shape[1]} dimensions, the question's {vector.shape[0]}"
            )
        cosines = vectors @ vector
        open_to = np.array([name not in without for name in held.documents])[held.document_of]
        best = np.argsort(-np.where(open_to, cosines, -np.inf), kind="stable")[:count]
        return [ids[at] for at in best if open_to[at]]

    def _read(self, base: Base, generation: int, locale: str) -> "_Held":
        ids, vectors = self._tables.vectors(base, self._tables.vector_ids(base, generation, locale))
        of = self._tables.documents_of(base, generation, locale)
        numbers: dict[str, int] = {}
        document_of = [numbers.setdefault(of[name.removesuffix(SECOND)], len(numbers)) for name in ids]
        return _Held(generation, ids, vectors, list(numbers), np.array(document_of, np.intp))


@dataclass(frozen=True)
class _Held:
    """The vectors of one language, each with its document."""

    generation: int
    ids: list[str]
    vectors: Vectors
    documents: list[str]
    document_of: NDArray[np.intp]


def open_chroma(location: str) -> ChromaIndex | None:
    """Chroma at a folder or at http://host:port; None where another process owns the folder."""
    if location.startswith(("http://", "https://")):
        if urlsplit(location).hostname is None:
            raise KnowledgeUnavailableError(f"no host in {location!r}; expected chroma:http://host:port")
        return ChromaIndex(partial(_connect_to_server, location))
    folder = Path(location)
    owner = _take(folder)
    return None if owner is None else ChromaIndex(partial(_open_folder, folder), owner=owner, folder=folder)


def _connect_to_server(url: str) -> "ClientAPI":
    import chromadb
    from chromadb.config import Settings

    parts = urlsplit(url)
    secure = parts.scheme == "https"
    client = chromadb.HttpClient(
        host=parts.hostname or "",
        port=parts.port or (443 if secure else 8000),
        ssl=secure,
        settings=Settings(anonymized_telemetry=False),
    )
    session = _session(client)
    if session is not None:
        session.timeout = httpx.Timeout(_SERVER_SECONDS)
    return client


def _open_folder(folder: Path) -> "ClientAPI":
    import chromadb
    from chromadb.config import Settings

    store = _store(folder)
    store.mkdir(parents=True, exist_ok=True)
    opened = False
    try:
        client = chromadb.PersistentClient(path=str(store), settings=Settings(anonymized_telemetry=False))
        opened = True
    finally:
        if not opened:
            _forget_broken(str(store))
    return client


def _forget_broken(path: str) -> None:
    """Let the next try open the files anew.

    Chroma 1.5 keeps a system whose start failed under its path, and hands it out from then on as if it ran:
    https://github.com/chroma-core/chroma/blob/1.5.9/chromadb/api/shared_system_client.py
    """
    from chromadb.api.shared_system_client import SharedSystemClient

    SharedSystemClient._identifier_to_system.pop(path, None)  # noqa: SLF001 - nothing public forgets one path alone


def _store(folder: Path) -> Path:
    """The folder within that holds the files now."""
    try:
        name = (folder / _POINTER).read_text("ascii").strip()
    except FileNotFoundError:
        name = _FIRST
    return folder / name


def _point(folder: Path, name: str) -> None:
    fresh = folder / f".{_POINTER}"
    fresh.write_text(name, "ascii")
    fresh.replace(folder / _POINTER)


def _session(client: "ClientAPI") -> httpx.Client | None:
    """The HTTP session of a client of a server: Chroma 1.5 gives it no timeout and never closes it."""
    session = getattr(getattr(client, "_server", None), "_session", None)
    return session if isinstance(session, httpx.Client) else None


def _close(client: "ClientAPI") -> None:
    session = _session(client)
    # The client's declared type lacks `close`, which both kinds of client have.
    close = getattr(client, "close", None)
    if callable(close):
        close()
    if session is not None:
        session.close()


def _take(folder: Path) -> IO[bytes] | None:
    """Lock the folder for this process: Chroma loses vectors where two processes use one folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / ".owner").open("ab")
    except OSError as error:
        raise KnowledgeUnavailableError(f"the knowledge folder {folder} cannot be used: {error}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    file.truncate(0)
    file.write(str(os.getpid()).encode())
    file.flush()
    return file


@contextmanager
def _named_errors() -> Iterator[None]:
    from chromadb.errors import ChromaError

    try:
        yield
    # An AttributeError is Chroma's word for a client that another thread has closed.
    except (ChromaError, httpx.HTTPError, OSError, ValueError, RuntimeError, AttributeError) as error:
        raise KnowledgeUnavailableError(f"the vector index fails ({error}); {_REMEDY}") from error
