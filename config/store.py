"""Versions of the projects in one folder: read again when they change, the last valid one kept when they break.

Every version that was valid once is copied under the data folder, so that a session that began with it can go on after
a restart. A copy holds what the version's name is a hash of; documents are found in the project's own folder.
"""

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from re import compile as pattern
from typing import Final
from uuid import uuid4

import structlog

from config.checks import check
from config.errors import Problem, ProjectError, ProjectNotFoundError, VersionNotFoundError
from config.loading import FILE, Loaded, claimed, content_hash, load, load_version
from config.project import DEFAULT_TENANT
from config.versions import Version

_VERSION_NAME: Final = pattern(r"(draft-)?[0-9a-f]{12}")

Key = tuple[str, str]
"""Tenant and project."""

Check = Callable[[Loaded], Sequence[Problem]]


@dataclass(frozen=True, kw_only=True)
class _Known:
    """A project folder as it was last read."""

    digest: str
    version: Version | None
    """The last valid one."""
    problems: tuple[Problem, ...] = ()
    claimed: Key | None = None
    """Whose it would be, where it never was valid."""


@dataclass(frozen=True, kw_only=True)
class _Catalogue:
    """All folders at one moment; replaced whole, so that readers need no lock."""

    folders: Mapping[Path, _Known] = field(default_factory=dict)
    current: Mapping[Key, Version] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A working folder as its author would want to know it."""

    tenant: str
    project: str
    version: str | None
    """The last valid one; None where it never was valid."""
    problems: tuple[Problem, ...]
    """Of the files as they are now; with an error among them, they are not what is served."""


@dataclass(frozen=True)
class Look:
    """What the folders hold now, and which versions of it were never current."""

    found: _Catalogue
    fresh: Sequence[Version]


def _default_check(loaded: Loaded) -> Sequence[Problem]:
    return check(loaded.version, reading=loaded.reading)


class FolderVersions:
    """The projects under `root`: every folder with a `project.yaml`, or `root` itself where it has one."""

    def __init__(self, root: Path, *, copies: Path | None = None, check: Check = _default_check) -> None:
        self._root = root
        self._copies = copies
        self._check = check
        self._catalogue = _Catalogue()
        self._seen: dict[tuple[str, str, str], Version] = {}
        self._lock = threading.Lock()
        self.refresh()

    def current(self, tenant: str, project: str) -> Version:
        """The version new sessions take; raises ProjectNotFoundError."""
        try:
            return self._catalogue.current[tenant, project]
        except KeyError:
            raise ProjectNotFoundError(tenant, project) from None

    def get(self, tenant: str, project: str, version: str) -> Version:
        """A session's own version; raises VersionNotFoundError. Reads the disk only after a restart."""
        known = self._seen.get((tenant, project, version))
        if known is None:
            known = self._restored(tenant, project, version)
            self._seen[tenant, project, version] = known
        return known

    def all(self) -> list[Version]:
        """The current version of every project, sorted by tenant and name."""
        return [version for _, version in sorted(self._catalogue.current.items())]

    def problems(self) -> Mapping[str, Sequence[Problem]]:
        """What was wrong at the last reading, errors and warnings, by folder name."""
        return {folder.name: known.problems for folder, known in self._catalogue.folders.items() if known.problems}

    def drafts(self) -> list[Draft]:
        """Every folder as it is now, also those that are broken."""
        found = []
        for folder, known in self._catalogue.folders.items():
            tenant, project = _owner(folder, known)
            name = known.version.name if known.version is not None else None
            found.append(Draft(tenant=tenant, project=project, version=name, problems=known.problems))
        return found

    def folder_of(self, tenant: str, project: str) -> Path | None:
        """The working folder of a project; None where there is none."""
        theirs = [one for one in self._catalogue.folders.items() if _owner(*one) == (tenant, project)]
        valid = [one for one in theirs if one[1].version is not None]
        return (valid or theirs)[0][0] if theirs else None

    @property
    def root(self) -> Path:
        """The folder of project folders."""
        return self._root

    def look(self) -> Look:
        """Read what changed on disk; nothing is taken up yet. Blocking: call it in a thread."""
        before = self._catalogue
        folders = {folder: self._read(folder, before.folders.get(folder)) for folder in self._folders()}
        found = _unique(folders)
        return Look(found, [version for _, version in sorted(found.current.items()) if self._is_new(version)])

    def take(self, look: Look) -> None:
        """From now on new sessions take what was found. Blocking: call it in a thread."""
        with self._lock:
            before, self._catalogue = self._catalogue, look.found
            for version in look.fresh:
                self._seen[version.project.tenant, version.project.name, version.name] = version
                self._copy(version)
            self._report(before)

    def refresh(self) -> list[Version]:
        """Look and take at once; returns the versions that became current. Blocking: call it in a thread."""
        look = self.look()
        self.take(look)
        return list(look.fresh)

    def _is_new(self, version: Version) -> bool:
        return (version.project.tenant, version.project.name, version.name) not in self._seen

    def _folders(self) -> Iterator[Path]:
        if (self._root / FILE).is_file():
            yield self._root
        elif self._root.is_dir():
            yield from sorted(path.parent for path in self._root.glob(f"*/{FILE}"))

    def _read(self, folder: Path, before: _Known | None) -> _Known:
        digest = _digest(folder)
        if before is not None and before.digest == digest:
            return before
        kept = before.version if before else None
        try:
            loaded = load(folder)
        except ProjectError as error:
            whose = before.claimed if before and before.claimed else claimed(folder)
            return _Known(digest=digest, version=kept, problems=tuple(error.problems), claimed=whose)
        problems = tuple(self._check(loaded))
        valid = all(problem.severity != "error" for problem in problems)
        project = loaded.version.project
        served = loaded.version if valid else kept
        return _Known(digest=digest, version=served, problems=problems, claimed=(project.tenant, project.name))

    def _report(self, before: _Catalogue) -> None:
        log = structlog.get_logger("switchboard.projects")
        for folder, known in self._catalogue.folders.items():
            old = before.folders.get(folder)
            if old is not None and old.digest == known.digest and old.problems == known.problems:
                continue
            for problem in known.problems:
                told = log.error if problem.severity == "error" else log.info
                told("project problem", folder=folder.name, problem=str(problem))
            if known.version is not None and (old is None or old.version is not known.version):
                log.info("project read", project=known.version.project.name, version=known.version.name)
        for folder in before.folders.keys() - self._catalogue.folders.keys():
            log.warning("project folder gone", folder=folder.name)

    def _copy(self, version: Version) -> None:
        """Keep what the version was made of; a copy appears whole or not at all."""
        if self._copies is None:
            return
        target = self._copies / version.project.tenant / version.project.name / version.name
        if target.exists():
            return
        fresh = target.with_name(f".{version.name}-{uuid4().hex}")
        try:
            fresh.mkdir(parents=True)
            shutil.copyfile(version.folder / FILE, fresh / FILE)
            (fresh / "prompts").mkdir()
            for name, text in version.prompts.items():
                (fresh / "prompts" / f"{name}.md").write_text(text, "utf-8")
            # A folder that was edited since it was read would be kept under the wrong name.
            if load_version(fresh).name == version.name:
                fresh.rename(target)
        except (OSError, ProjectError) as error:
            structlog.get_logger("switchboard.projects").warning(
                "version not kept", version=version.name, cause=type(error).__name__
            )
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _restored(self, tenant: str, project: str, version: str) -> Version:
        if self._copies is None or not _VERSION_NAME.fullmatch(version):
            raise VersionNotFoundError(tenant, project, version)
        copy = self._copies / tenant / project / version
        try:
            restored = load_version(copy)
        except ProjectError:
            raise VersionNotFoundError(tenant, project, version) from None
        named = (restored.project.tenant, restored.project.name, restored.name)
        if named != (tenant, project, version):
            raise VersionNotFoundError(tenant, project, version)
        current = self._catalogue.current.get((tenant, project))
        return replace(restored, folder=current.folder if current else copy)


def _owner(folder: Path, known: _Known) -> Key:
    if known.version is not None:
        return known.version.project.tenant, known.version.project.name
    return known.claimed or (DEFAULT_TENANT, folder.name)


def _digest(folder: Path) -> str:
    """Changes whenever the folder would read differently."""
    try:
        prompts = {path.stem: path.read_bytes().hex() for path in sorted((folder / "prompts").glob("*.md"))}
        return content_hash((folder / FILE).read_bytes(), prompts)
    except OSError as error:
        return f"unreadable: {error.errno}"


def _unique(folders: Mapping[Path, _Known]) -> _Catalogue:
    """Two folders must not give one project: the first by name has it, the other is a problem."""
    kept: dict[Path, _Known] = {}
    owners: dict[Key, Path] = {}
    for folder, known in folders.items():
        kept[folder] = known
        if known.version is None:
            continue
        key = (known.version.project.tenant, known.version.project.name)
        owner = owners.setdefault(key, folder)
        if owner != folder:
            kept[folder] = replace(
                known, version=None, digest="", problems=(*known.problems, _twice(folder, owner, key))
            )
    current = {key: version for key, folder in owners.items() if (version := kept[folder].version) is not None}
    return _Catalogue(folders=kept, current=current)


def _twice(folder: Path, owner: Path, key: Key) -> Problem:
    return Problem(
        file=f"{folder.name}/{FILE}",
        line=1,
        column=1,
        key="name",
        message=f"tenant {key[0]!r} has a project {key[1]!r} already, in the folder {owner.name!r}",
        expected="another name or another tenant",
    )
