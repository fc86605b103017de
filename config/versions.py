"""A version: one immutable reading of a project's folder, named by its content."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from config.catalog import Catalog
from config.project import Project

DRAFT: Final = "draft-"
"""How the name of a working folder's version begins; its published version has the same name without it."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """A project as it was when a session began: its file, its texts, its prompt overrides."""

    name: str
    """`draft-<hash>` of a working tree, `<hash>` of a published one."""
    project: Project
    folder: Path
    catalog: Catalog
    prompts: Mapping[str, str]
    """Prompt overrides by file stem."""

    def text(self, key: str, locale: str, **values: object) -> str:
        """A built-in or overridden text in `locale`, rendered with `values`."""
        return self.catalog.render(key, self.project.locales, locale, values)


class Versions(Protocol):
    """Where versions are looked up."""

    def current(self, tenant: str, project: str) -> Version:
        """The version new sessions take; raises ProjectNotFoundError."""

    def get(self, tenant: str, project: str, version: str) -> Version:
        """A session's own version; raises VersionNotFoundError."""

    def all(self) -> list[Version]:
        """The current version of every project, sorted by tenant and name."""
