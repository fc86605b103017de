"""`switchboard doctor`: what is wrong with an installation, and how to mend it.

Everything is tried as the service would use it; nothing is changed but folders and tables that a first start would
make. One finding a line; a secret is never in one.
"""

import asyncio
import os
import platform
import shutil
import socket
import stat
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import httpx2
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from config.advisories import outdated
from config.checks import check
from config.errors import ConfigError, ProjectError
from config.loading import FILE, load
from config.settings import Settings
from graph.revival import UnsafeRevivalError, prove_plain
from graph.services import encoder_of, open_base
from graph.storage import make_folders, open_storage, written_folders
from models.embedding_engines import EncoderUnavailableError
from serving.auth import Keys, KeysError, load_keys
from tools.knowledge_errors import KnowledgeError
from tools.ledger import ActionLedger
from tools.outbox import Outbox

State = Literal["ok", "warn", "fail"]

_LEAST_FREE: Final = 1024**3
_MODEL_SECONDS: Final = 5.0
_LOOKS: Final = 4


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    state: State
    what: str
    told: str

    def __str__(self) -> str:
        return f"{self.state:<4}  {self.what}: {self.told}"


async def examine(settings: Settings, *, host: str, port: int) -> AsyncIterator[Finding]:
    """Everything that a service with these settings needs, in the order in which it would fail."""
    for finding in (*_python(), *_packages(), *_keys(settings, host), *_port(host, port), *_disk(settings)):
        yield finding
    async for finding in _storage(settings):
        yield finding
    yield await asyncio.to_thread(_embeddings, settings)
    yield await asyncio.to_thread(_knowledge, settings)
    yield await _model(settings)
    for finding in _projects(settings):
        yield finding


def _python() -> Iterator[Finding]:
    version = platform.python_version()
    enough = sys.version_info >= (3, 11)
    yield Finding("ok" if enough else "fail", "python", version if enough else f"{version}; 3.11 or newer is needed")


def _packages() -> Iterator[Finding]:
    old = [str(advisory) for advisory in outdated()]
    for advisory in old:
        yield Finding("fail", "packages", f"{advisory}; install requirements.lock")
    if not old:
        yield Finding("ok", "packages", "none with a weakness that a release has mended")
    try:
        prove_plain(JsonPlusSerializer(allowed_msgpack_modules=None))
    except UnsafeRevivalError as error:
        yield Finding("fail", "checkpoints", str(error))
    else:
        yield Finding("ok", "checkpoints", "only data is read back from them")


def _keys(settings: Settings, host: str) -> Iterator[Finding]:
    setting = settings.keys.get_secret_value() if settings.keys else None
    try:
        keys = load_keys(setting)
    except KeysError as error:
        yield Finding("fail", "keys", str(error))
        return
    if not keys:
        yield Finding(
            "warn", "keys", f"none: open, and on loopback only ({host}); set SWITCHBOARD_KEYS to serve others"
        )
        return
    yield Finding("ok", "keys", _counted(keys))
    file = Path((setting or "").strip()) if setting and not setting.strip().startswith("[") else None
    if file is not None and stat.S_IMODE(file.stat().st_mode) & stat.S_IWOTH:
        yield Finding("fail", "keys", f"anybody can write {file}; chmod o-w it")


def _counted(keys: Keys) -> str:
    counts: dict[tuple[str, str], int] = {}
    for key in keys:
        counts[key.tenant, key.role] = counts.get((key.tenant, key.role), 0) + 1
    return ", ".join(f"{tenant} {role} {count}" for (tenant, role), count in sorted(counts.items()))


def _port(host: str, port: int) -> Iterator[Finding]:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            yield Finding(
                "warn", "port", f"{host}:{port}: {error.strerror}; a service runs there, or serve --port another"
            )
        else:
            yield Finding("ok", "port", f"{host}:{port} is free")


def _disk(settings: Settings) -> Iterator[Finding]:
    try:
        make_folders(settings)
    except ConfigError as error:
        yield Finding("fail", "disk", str(error))
        return
    for name, folder in written_folders(settings).items():
        free = shutil.disk_usage(folder).free
        told = f"{name}: {folder} can be written, {free / 1024**3:.1f} GiB free"
        low = free < _LEAST_FREE
        yield Finding("warn" if low else "ok", "disk", f"{told}; a gigabyte is little, make room" if low else told)


async def _storage(settings: Settings) -> AsyncIterator[Finding]:
    kind = "PostgreSQL" if settings.uses_postgres else "SQLite"
    try:
        async with open_storage(settings) as storage:
            async with storage.saver():
                yield Finding("ok", "database", f"{kind}: checkpoints and tables can be used")
            async for finding in _waiting(
                ActionLedger(storage.ledger, storage.owner), Outbox(storage.desk, storage.owner)
            ):
                yield finding
    except ConfigError as error:
        yield Finding("fail", "database", str(error))


async def _waiting(ledger: ActionLedger, outbox: Outbox) -> AsyncIterator[Finding]:
    unknown = (await ledger.counts()).get("unknown", 0)
    if unknown:
        told = f"of {unknown} actions nobody knows whether they took effect; their sessions were handed over"
        yield Finding("warn", "ledger", told)
    waiting = (await outbox.counts()).get("waiting", 0)
    if waiting:
        yield Finding("warn", "desk", f"{waiting} letters wait for a desk that does not take them; see its webhook")


def _embeddings(settings: Settings) -> Finding:
    try:
        encoder = encoder_of(settings)
        encoder.encode_now(["ready"], "query")
    except EncoderUnavailableError as error:
        return Finding("fail", "embeddings", f"{error}; see SWITCHBOARD_EMBEDDINGS and OPENAI_BASE_URL")
    simple = encoder.name.startswith("ngrams")
    told = f"{encoder.name}, {encoder.dimension} dimensions"
    return Finding(
        "warn" if simple else "ok", "embeddings", f"{told}; simpler ones, for want of AVX2" if simple else told
    )


def _knowledge(settings: Settings) -> Finding:
    try:
        base = open_base(settings, encoder_of(settings))
    except KnowledgeError as error:
        return Finding("fail", "knowledge", f"{error}; see SWITCHBOARD_KNOWLEDGE")
    try:
        # A busy machine may need longer for the first look than a turn would wait.
        ailment = next((None for _ in range(_LOOKS) if asyncio.run(base.check()) is None), "it cannot be searched")
    finally:
        base.close()
    where = settings.knowledge_index.partition(":")[0]
    if ailment is not None:
        return Finding("fail", "knowledge", f"{where}: {ailment}; see SWITCHBOARD_KNOWLEDGE, or `ingest --rebuild`")
    return Finding("ok", "knowledge", f"{where} can be searched")


async def _model(settings: Settings) -> Finding:
    if not settings.model:
        return Finding("ok", "model", "none: the embedded engine answers")
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
    address = (settings.openai_base_url or "https://api.openai.com/v1").rstrip("/")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        async with httpx2.AsyncClient(timeout=_MODEL_SECONDS, trust_env=False) as client:
            status = (await client.get(f"{address}/models", headers=headers)).status_code
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return Finding("fail", "model", f"{address} cannot be reached ({type(error).__name__}); see OPENAI_BASE_URL")
    if status in (401, 403):
        return Finding("fail", "model", f"{address} refuses the key ({status}); see OPENAI_API_KEY")
    if status >= 500:
        return Finding("fail", "model", f"{address} is not well ({status})")
    return Finding("ok", "model", f"{settings.model} at {address}")


def _projects(settings: Settings) -> Iterator[Finding]:
    folders = sorted(path.parent for path in settings.projects.glob(f"*/{FILE}"))
    if not folders:
        told = (
            f"none in {str(settings.projects)!r}; `switchboard init {settings.projects}/NAME`, or SWITCHBOARD_PROJECTS"
        )
        yield Finding("fail", "projects", told)
    for folder in folders:
        yield _project(folder)


def _project(folder: Path) -> Finding:
    try:
        loaded = load(folder)
    except ProjectError as error:
        return Finding("fail", folder.name, f"{error.problems[0]}; `switchboard check {folder}` tells all")
    problems = check(loaded.version, reading=loaded.reading, environment=os.environ)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        return Finding("fail", folder.name, f"{errors[0]}; `switchboard check {folder}` tells all")
    if problems:
        return Finding("warn", folder.name, f"{problems[0]}; `switchboard check {folder}` tells all {len(problems)}")
    return Finding("ok", folder.name, loaded.version.name)


def worst(findings: Iterable[Finding]) -> State:
    """What they come to."""
    states = {finding.state for finding in findings}
    return "fail" if "fail" in states else "warn" if "warn" in states else "ok"
