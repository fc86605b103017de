"""Publishing as the running service offers it: its projects by name, its own folders, its own worker first."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass

from pydantic import JsonValue

from config.errors import ProjectNotFoundError
from config.served import ServedVersions
from config.versions import DRAFT, Version, Versions
from graph.releases import Gate, KnowledgeState, PublishRefusedError, Released, Releases
from ingest.run import ingest_project
from tools.knowledge import ChromaKnowledge


class ProjectKnowledge:
    """The knowledge base as publishing uses it."""

    def __init__(self, base: ChromaKnowledge) -> None:
        self._base = base

    async def update(self, version: Version) -> Sequence[str]:
        """Bring the index up to date with the version's folder; what could not be read. Raises KnowledgeError."""
        summary = await self._base.run(lambda: ingest_project(version, knowledge=self._base))
        return [f"{source}: {why}" for source, why in summary.failed]

    async def state(self, version: Version) -> KnowledgeState:
        """The documents as they are now, and the calibration that fits them; raises KnowledgeError."""
        return await self._base.run(lambda: self._state(version))

    def _state(self, version: Version) -> KnowledgeState:
        fingerprint = self._base.fingerprint(version)
        if fingerprint is None or self._base.calibrations is None:
            return KnowledgeState(fingerprint=fingerprint)
        chosen = self._base.calibrations.chosen(version, knowledge=fingerprint, encoder=self._base.encoder.name)
        return KnowledgeState(fingerprint=fingerprint, calibrations=[asdict(chosen)] if chosen else [])


@dataclass(frozen=True, kw_only=True)
class DraftState:
    """A working folder as its author wants to know it."""

    tenant: str
    project: str
    version: str | None
    problems: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Publishing:
    """Versions of the projects that this process serves."""

    versions: Versions
    releases: Releases
    gate: Gate | None
    """None where this process cannot play scenarios."""
    look: Callable[[], Awaitable[None]]
    """Takes up in this worker what was just written."""

    def drafts(self) -> list[DraftState]:
        """The working folders, of all tenants."""
        if not isinstance(self.versions, ServedVersions):
            return []
        return [
            DraftState(
                tenant=one.tenant,
                project=one.project,
                version=one.version,
                problems=tuple(str(problem) for problem in one.problems),
            )
            for one in self.versions.drafts.drafts()
        ]

    async def listed(self, tenant: str, project: str) -> list[dict[str, JsonValue]]:
        """The published versions, the newest first, and the working folder's draft; each with `version`, `current`."""
        found: list[dict[str, JsonValue]] = [
            {
                "version": one.version.name,
                "current": one.current,
                "published_at": one.version.published_at,
                "published_by": one.version.published_by,
                "scenarios": one.version.scenarios,
                "sessions": one.sessions,
            }
            for one in await self.releases.versions(tenant, project)
        ]
        serving = self._current(tenant, project)
        for one in found:
            # What this worker's new sessions take: drafts may be preferred here.
            one["current"] = one["version"] == serving
        draft = self._draft(tenant, project)
        return found if draft is None else [*found, {"version": draft, "current": draft == serving}]

    async def publish(self, tenant: str, project: str, *, by: str, untested: bool = False) -> Released:
        """Publish the project's working folder; raises PublishRefusedError, ProjectNotFoundError, KnowledgeError."""
        if self.gate is None or not isinstance(self.versions, ServedVersions):
            raise PublishRefusedError("invalid", "this process serves fixed versions and publishes none")
        folder = self.versions.drafts.folder_of(tenant, project)
        if folder is None:
            raise PublishRefusedError(
                "invalid", "this process has no working folder of the project; publish it where the folder is"
            )
        released = await self.releases.publish(folder, self.gate, by=by, untested=untested)
        await self.look()
        return released

    async def rollback(self, tenant: str, project: str, *, by: str, to: str | None = None) -> Released:
        """Let new sessions take an earlier version again; raises RollbackRefusedError."""
        released = await self.releases.rollback(tenant, project, by=by, to=to)
        await self.look()
        return released

    async def remove(self, tenant: str, project: str, version: str) -> bool:
        """Remove a version that nobody needs; False where there is none. Raises VersionKeptError."""
        gone = await self.releases.remove(tenant, project, version)
        await self.look()
        return gone

    def _current(self, tenant: str, project: str) -> str | None:
        try:
            return self.versions.current(tenant, project).name
        except ProjectNotFoundError:
            return None

    def _draft(self, tenant: str, project: str) -> str | None:
        if isinstance(self.versions, ServedVersions):
            try:
                return self.versions.drafts.current(tenant, project).name
            except ProjectNotFoundError:
                return None
        current = self._current(tenant, project)
        return current if current is not None and current.startswith(DRAFT) else None
