"""What is served: of each project the published version, and where nothing is published its working folder's draft.

A published version is kept in the database, for every worker; each worker has copies of the files under its data
folder, named by their content. A copy that is not what its name says is never served.
"""

import shutil
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from re import compile as pattern
from typing import Final
from uuid import uuid4

from config.archive import unpack, write_files
from config.errors import ProjectError, ProjectNotFoundError, VersionNotFoundError
from config.loading import load_version
from config.store import FolderVersions, Key
from config.versions import DRAFT, Version

_PUBLISHED: Final = pattern(r"[0-9a-f]{12}")


class ServedVersions:
    """The versions port over published versions and drafts; `prefer_drafts` turns their order round."""

    def __init__(self, drafts: FolderVersions, copies: Path, *, prefer_drafts: bool = False) -> None:
        self._drafts = drafts
        self._copies = copies
        self._prefer_drafts = prefer_drafts
        self._pointers: Mapping[Key, Version] = {}
        self._loaded: dict[tuple[str, str, str], Version] = {}

    @property
    def drafts(self) -> FolderVersions:
        """The working folders."""
        return self._drafts

    def current(self, tenant: str, project: str) -> Version:
        """The version new sessions take; raises ProjectNotFoundError."""
        published = self._pointers.get((tenant, project))
        if published is not None and not self._prefer_drafts:
            return published
        try:
            return self._drafts.current(tenant, project)
        except ProjectNotFoundError:
            if published is None:
                raise
            return published

    def get(self, tenant: str, project: str, version: str) -> Version:
        """A session's own version; raises VersionNotFoundError. Reads the disk once a version."""
        if version.startswith(DRAFT):
            return self._drafts.get(tenant, project, version)
        known = self._loaded.get((tenant, project, version))
        return known if known is not None else self.load(tenant, project, version)

    def all(self) -> list[Version]:
        """The current version of every project, sorted by tenant and name."""
        keys = {(one.project.tenant, one.project.name) for one in self._drafts.all()} | self._pointers.keys()
        return [self.current(*key) for key in sorted(keys)]

    def published(self, tenant: str, project: str) -> Version | None:
        """The published version that the pointer names."""
        return self._pointers.get((tenant, project))

    def serves_draft(self, version: Version) -> bool:
        """Whether new sessions would take this draft, so that it is worth learning."""
        return self._prefer_drafts or (version.project.tenant, version.project.name) not in self._pointers

    def point(self, pointers: Mapping[Key, Version]) -> None:
        """From now on new sessions take these."""
        self._pointers = dict(pointers)

    def holds(self, tenant: str, project: str, version: str) -> bool:
        """Whether this worker has the version's files."""
        return self._copy_of(tenant, project, version).is_dir()

    def keep(self, tenant: str, project: str, version: str, archive: bytes) -> Version:
        """Write the version's files where `get` finds them; a copy appears whole or not at all. Blocking.

        Raises VersionNotFoundError where the archive is not that version's, and OSError.
        """
        target = self._copy_of(tenant, project, version)
        fresh = target.with_name(f".{version}-{uuid4().hex}")
        try:
            write_files(unpack(archive), fresh)
            _verified(fresh, (tenant, project, version))
            shutil.rmtree(target, ignore_errors=True)
            fresh.rename(target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        self._loaded.pop((tenant, project, version), None)
        return self.load(tenant, project, version)

    def load(self, tenant: str, project: str, version: str) -> Version:
        """A published version from this worker's copy; raises VersionNotFoundError. Blocking."""
        loaded = _verified(self._copy_of(tenant, project, version), (tenant, project, version))
        self._loaded[tenant, project, version] = loaded
        return loaded

    def forget_all_but(self, known: Collection[tuple[str, str, str]]) -> None:
        """Remove the copies of published versions that are not (tenant, project, version) of `known`. Blocking."""
        for copy in self._copies.glob("*/*/*"):
            named = (copy.parent.parent.name, copy.parent.name, copy.name)
            if _PUBLISHED.fullmatch(copy.name) and named not in known:
                self._loaded.pop(named, None)
                shutil.rmtree(copy, ignore_errors=True)

    def _copy_of(self, tenant: str, project: str, version: str) -> Path:
        if not _PUBLISHED.fullmatch(version) or "/" in tenant + project or ".." in (tenant, project):
            raise VersionNotFoundError(tenant, project, version)
        return self._copies / tenant / project / version


def _verified(folder: Path, named: tuple[str, str, str]) -> Version:
    """The version in `folder`, which must be the one that is named."""
    try:
        found = load_version(folder)
    except ProjectError:
        raise VersionNotFoundError(*named) from None
    published = found.name.removeprefix(DRAFT)
    if (found.project.tenant, found.project.name, published) != named:
        raise VersionNotFoundError(*named)
    return replace(found, name=published)
