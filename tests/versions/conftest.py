"""Published versions over both databases, and a small project to publish."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import JsonValue

from config.loading import load_version
from config.served import ServedVersions
from config.settings import Settings
from config.store import FolderVersions
from graph.following import Following
from graph.published import KeptVersion, PublishedVersion, PublishedVersions
from graph.releases import FailedScenario, KnowledgeState, Releases, Trial
from graph.session_lists import SessionQuery
from graph.storage import Storage, open_storage
from graph.turn_log import DatabaseTurnLog
from tools.calibrations import Calibrations

PROJECT = """\
name: hours
tenant: acme
locales: [en]
intents:
  hours:
    examples: {en: [when are you open, opening hours please]}
    reply: {en: "We are open until six."}
"""
SCENARIO = "- name: tells the hours\n  turns: [{user: when are you open, expect: {reply_contains: six}}]\n"
KEY = ("acme", "hours")


@pytest.fixture(params=["sqlite", "postgres"])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    database = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    async with open_storage(Settings(_env_file=None, data=tmp_path / "data", database=database)) as opened:
        for tenant in ("acme", "globex"):
            await PublishedVersions(opened.versions).erase(tenant=tenant)
            for session in await DatabaseTurnLog(opened.log).sessions(SessionQuery(tenants=[tenant])):
                await DatabaseTurnLog(opened.log).erase(session.thread_id)
        yield opened


@pytest.fixture
def moment() -> list[float]:
    """Seconds since the epoch, for tests to change."""
    return [1_000_000.0]


@pytest.fixture
def published(storage: Storage, moment: list[float]) -> PublishedVersions:
    return PublishedVersions(storage.versions, now=lambda: moment[0])


async def put(published: PublishedVersions, name: str, project: str = "hours", archive: bytes = b"files") -> None:
    """Publish a version without a project behind it."""
    entry = PublishedVersion(
        tenant="acme", project=project, name=name, published_by="Ayşe", scenarios=1, knowledge=None
    )
    await published.add(entry, KeptVersion(archive=archive, calibrations=[]))
    await published.point("acme", project, name, kind="published", by="Ayşe")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The project's working folder."""
    return write(tmp_path / "projects" / "hours")


def write(folder: Path, text: str = PROJECT, scenario: str = SCENARIO) -> Path:
    (folder / "scenarios").mkdir(parents=True, exist_ok=True)
    (folder / "project.yaml").write_text(text, "utf-8")
    (folder / "scenarios" / "all.yaml").write_text(scenario, "utf-8")
    return folder


class Documents:
    """Documents that are always up to date, with a calibration that fits them."""

    def __init__(self) -> None:
        self.updated: list[str] = []
        self.calibrations: list[dict[str, JsonValue]] = []

    async def update(self, version):
        self.updated.append(version.name)
        return ["knowledge/a.pdf: no text"]

    async def state(self, version):
        return KnowledgeState(fingerprint="f1", calibrations=self.calibrations)


@pytest.fixture
def documents() -> Documents:
    return Documents()


@pytest.fixture
def releases(published: PublishedVersions, storage: Storage, documents: Documents) -> Releases:
    return Releases(published, DatabaseTurnLog(storage.log), documents)


async def passes(folder: Path) -> Trial:
    """A gate that lets all through."""
    return Trial(version=load_version(folder).name, played=1)


async def fails(folder: Path) -> Trial:
    """A gate that the folder's scenario does not pass."""
    failed = FailedScenario(file="all.yaml", name="tells the hours", differences=('reply: expected "six"',))
    return Trial(version=load_version(folder).name, played=1, failed=(failed,))


@dataclass
class Worker:
    """One process as far as versions concern it."""

    versions: ServedVersions
    following: Following
    calibrations: Calibrations
    learnt: list[str]


def worker(published: PublishedVersions, data: Path, projects: Path, *, prefer_drafts: bool = False) -> Worker:
    copies = data / "versions"
    versions = ServedVersions(FolderVersions(projects, copies=copies), copies, prefer_drafts=prefer_drafts)
    calibrations = Calibrations(data / "calibrations")
    return Worker(versions, Following(published, versions, calibrations, every=0.02), calibrations, [])
