"""Publishing: a project's folder is checked, its scenarios are played, and then new sessions take it as a version.

A version is what its name is a hash of: project.yaml and the prompts. Its scenarios and the question tables that it
learnt from are kept with it. Documents are not part of a version: they have an index of their own, which publishing
brings up to date with the folder, and which all versions answer from.
"""

import asyncio
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, Protocol

from pydantic import JsonValue

from config.archive import pack, unpack
from config.checks import check
from config.errors import Problem, ProjectError
from config.loading import FILE, content_hash, load
from config.reading import read_text
from config.versions import DRAFT, Version
from graph.published import KeptVersion, PublishedVersion, PublishedVersions, VersionKeptError
from graph.turn_log import SessionCounts
from understanding.known_questions import question_tables

DIFF_LINES: Final = 400
"""Of a longer difference only the beginning is told."""

Reason = Literal["invalid", "untested", "scenarios", "changed", "busy"]


@dataclass(frozen=True, kw_only=True)
class FailedScenario:
    """A scenario that came to something else than it says."""

    file: str
    name: str
    differences: tuple[str, ...]
    """What differs, one line each."""
    conversation: tuple[str, ...] = ()
    """What was said up to there."""
    passed_before: bool = False
    """It stands in the current version, too, which did not get there without passing it."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of a folder's scenarios."""

    version: str
    """The version that was tried."""
    played: int
    failed: tuple[FailedScenario, ...] = ()


class Gate(Protocol):
    """Plays a folder's scenarios against the real service with its APIs stubbed; raises GateBrokenError."""

    async def __call__(self, folder: Path) -> Trial:
        """What comes of all of them; raises ProjectError where one of them cannot be read."""


@dataclass(frozen=True, kw_only=True)
class KnowledgeState:
    """The documents as they are now."""

    fingerprint: str | None = None
    """None where the project has none."""
    calibrations: Sequence[Mapping[str, JsonValue]] = ()
    """What is fitted to them, in plain data."""


class Store(Protocol):
    """The documents and what is fitted to them, as far as publishing concerns them."""

    async def update(self, version: Version) -> Sequence[str]:
        """Bring the index up to date with the version's folder; what could not be read. Raises KnowledgeError."""

    async def state(self, version: Version) -> KnowledgeState:
        """The documents as they are now, and the calibration that fits them; raises KnowledgeError."""


class GateBrokenError(Exception):
    """The scenarios could not be played at all; the message says why, without a secret or a path."""


class PublishRefusedError(Exception):
    """Nothing was published, and why."""

    def __init__(
        self,
        reason: Reason,
        detail: str,
        *,
        problems: Sequence[Problem] = (),
        failed: Sequence[FailedScenario] = (),
        diff: str = "",
    ) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.problems = tuple(problems)
        self.failed = tuple(failed)
        self.diff = diff
        """The folder's files against those of the current version."""


class PinnedError(Exception):
    """Sessions go on with the version: it may not be removed."""


class RollbackRefusedError(Exception):
    """There is no such version to go back to."""


@dataclass(frozen=True, kw_only=True)
class Released:
    """What became current, and what was current before."""

    version: str
    before: str | None
    scenarios: int = 0
    """How many were played."""
    dropped: tuple[str, ...] = ()
    """Scenarios of the version before that are no longer there."""
    unread: tuple[str, ...] = ()
    """Documents that could not be read, and why; their older versions stay."""
    diff: str = ""
    """The folder's files against those of the version before."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A published version as lists show it."""

    version: PublishedVersion
    current: bool
    sessions: int
    """How many go on with it."""


class Releases:
    """Publishes, rolls back, lists and removes versions; without a `store` documents are left as they are."""

    def __init__(self, published: PublishedVersions, sessions: SessionCounts, store: Store | None) -> None:
        self._published = published
        self._sessions = sessions
        self._store = store
        self._busy: set[tuple[str, str]] = set()

    @property
    def busy(self) -> bool:
        """Whether something is being published."""
        return bool(self._busy)

    async def publish(self, folder: Path, gate: Gate, *, by: str, untested: bool = False) -> Released:
        """Check and try the folder's project, then let new sessions take it; raises PublishRefusedError.

        `untested` allows a project that has no scenarios, never one whose scenarios fail.
        """
        draft = await asyncio.to_thread(_checked, folder)
        key = draft.project.tenant, draft.project.name
        if key in self._busy:
            raise PublishRefusedError("busy", f"{draft.project.name} is being published already")
        self._busy.add(key)
        try:
            return await self._publish(draft, gate, by=by, untested=untested)
        finally:
            self._busy.discard(key)

    async def _publish(self, draft: Version, gate: Gate, *, by: str, untested: bool) -> Released:
        tenant, project = draft.project.tenant, draft.project.name
        files = await asyncio.to_thread(_files_of, draft)
        before = (await self._published.board()).pointers.get((tenant, project))
        known = await self._files(tenant, project, before)
        diff = difference(known, files, before or "nothing", draft.name) if before else ""
        await _tried(draft, gate, known, diff, untested=untested)
        # Documents first: what is asked of the new version is answered from what it was tried with.
        store = self._store if draft.project.knowledge.enabled else None
        unread = await store.update(draft) if store is not None else ()
        state = await store.state(draft) if store is not None else KnowledgeState()
        entry = PublishedVersion(
            tenant=tenant,
            project=project,
            name=draft.name.removeprefix(DRAFT),
            published_by=by,
            scenarios=len(_scenarios(files)),
            knowledge=state.fingerprint,
        )
        await self._published.add(entry, KeptVersion(archive=pack(files), calibrations=state.calibrations))
        await self._published.point(tenant, project, entry.name, kind="published", by=by)
        return Released(
            version=entry.name,
            before=before,
            scenarios=entry.scenarios,
            dropped=tuple(f"{file}: {name}" for file, name in sorted(_scenarios(known) - _scenarios(files))),
            unread=tuple(unread),
            diff=diff,
        )

    async def rollback(self, tenant: str, project: str, *, by: str, to: str | None = None) -> Released:
        """Let new sessions take an earlier version again; raises RollbackRefusedError.

        Without `to` that is the one that was published before the current one. Sessions keep theirs.
        """
        before = (await self._published.board()).pointers.get((tenant, project))
        if before is None:
            raise RollbackRefusedError(f"{project} has no published version")
        target = to.removeprefix(DRAFT) if to is not None else await self._published.before(tenant, project)
        if target is None:
            raise RollbackRefusedError(f"{project} has no version that was published before {before}")
        if target == before:
            raise RollbackRefusedError(f"{target} is current already")
        if not await self._published.point(tenant, project, target, kind="rolled back", by=by):
            raise RollbackRefusedError(f"{project} has no published version {target[:24]!r}")
        return Released(version=target, before=before)

    async def versions(self, tenant: str, project: str) -> list[Listed]:
        """The published versions, the newest first, each with how many sessions go on with it."""
        current = (await self._published.board()).pointers.get((tenant, project))
        counts = await self._sessions.by_version(tenant, project)
        return [
            Listed(version=one, current=one.name == current, sessions=counts.get(one.name, 0))
            for one in await self._published.versions(tenant, project)
        ]

    async def remove(self, tenant: str, project: str, version: str) -> bool:
        """Remove a version; False where there is none. Raises VersionKeptError where it is current or needed."""
        name = version.removeprefix(DRAFT)
        pinned = (await self._sessions.by_version(tenant, project)).get(name, 0)
        if pinned:
            told = "1 session goes on with it" if pinned == 1 else f"{pinned} sessions go on with it"
            raise VersionKeptError(f"{name} is needed: {told}; erase them first, or keep it")
        return await self._published.remove(tenant, project, name)

    async def _files(self, tenant: str, project: str, version: str | None) -> Mapping[str, bytes]:
        kept = await self._published.fetch(tenant, project, version) if version is not None else None
        return await asyncio.to_thread(unpack, kept.archive) if kept is not None else {}


def difference(before: Mapping[str, bytes], after: Mapping[str, bytes], old: str, new: str) -> str:
    """What changed in the files, as `diff -u` shows it; the beginning of a long one."""
    lines: list[str] = []
    for name in sorted(before.keys() | after.keys()):
        ours, theirs = _lines(before.get(name)), _lines(after.get(name))
        lines += difflib.unified_diff(ours, theirs, f"{old}/{name}", f"{new}/{name}", lineterm="", n=2)
    if len(lines) > DIFF_LINES:
        lines = [*lines[:DIFF_LINES], f"… and {len(lines) - DIFF_LINES} lines more"]
    return "\n".join(lines)


def _lines(content: bytes | None) -> list[str]:
    return (content or b"").decode("utf-8-sig", "replace").splitlines()


def _checked(folder: Path) -> Version:
    """The folder's version; raises PublishRefusedError with every mistake."""
    try:
        loaded = load(folder)
    except ProjectError as error:
        raise _invalid(error.problems) from None
    problems = [problem for problem in check(loaded.version, reading=loaded.reading) if problem.severity == "error"]
    if problems:
        raise _invalid(problems)
    return loaded.version


def _invalid(problems: Sequence[Problem]) -> PublishRefusedError:
    return PublishRefusedError("invalid", f"the project has mistakes: {len(problems)}", problems=problems)


async def _tried(draft: Version, gate: Gate, known: Mapping[str, bytes], diff: str, *, untested: bool) -> None:
    """Raise PublishRefusedError where the scenarios do not come to what they say."""
    try:
        trial = await gate(draft.folder)
    except ProjectError as error:
        raise _invalid(error.problems) from None
    if trial.version != draft.name:
        raise PublishRefusedError("changed", "the project was edited while it was tried; publish it again")
    if not trial.played and not untested:
        raise PublishRefusedError(
            "untested", "the project has no scenario that could show that it works; write one, or publish it untested"
        )
    if trial.failed:
        passed = _scenarios(known)
        failed = [replace(one, passed_before=(one.file, one.name) in passed) for one in trial.failed]
        detail = f"{len(failed)} of {trial.played} scenarios fail"
        raise PublishRefusedError("scenarios", detail, failed=failed, diff=diff)


def _files_of(draft: Version) -> dict[str, bytes]:
    """What is kept of a version: what its name is a hash of, its scenarios, and the tables that it learns from."""
    folder = draft.folder.resolve()
    kept = [folder / FILE, *(folder / "prompts").glob("*.md")]
    kept += [path for path in (folder / "scenarios").glob("*.y*ml") if path.is_file()]
    kept += question_tables(draft)
    try:
        files = {_within(path, folder): path.read_bytes() for path in kept}
    except OSError as error:
        raise PublishRefusedError("changed", f"a file of the project cannot be read ({error.strerror})") from None
    prompts = {name: files[f"prompts/{name}.md"].decode("utf-8-sig", "replace") for name in draft.prompts}
    if draft.name != f"{DRAFT}{content_hash(files[FILE], prompts)}":
        raise PublishRefusedError("changed", "the project was edited while it was read; publish it again")
    return files


def _within(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _scenarios(files: Mapping[str, bytes]) -> set[tuple[str, str]]:
    """File and name of every scenario."""
    found = set()
    for name, content in files.items():
        if name.startswith("scenarios/"):
            file = name.removeprefix("scenarios/")
            read = read_text(content.decode("utf-8-sig", "replace"), file).data
            listed = read if isinstance(read, list) else []
            found |= {(file, str(one.get("name"))) for one in listed if isinstance(one, dict)}
    return found
