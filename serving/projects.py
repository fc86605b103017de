"""The projects a caller can talk to, and their versions: listed, published, rolled back, removed."""

from typing import cast

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from config.project import LocalizedText
from config.versions import Version
from graph.published import VersionKeptError
from graph.releases import (
    FailedScenario,
    GateBrokenError,
    PublishRefusedError,
    Released,
    RollbackRefusedError,
)
from serving.auditing import audit
from serving.auth import Admin, Caller
from serving.chat import problems
from serving.contract import Done
from serving.ports import DraftState
from serving.problems import ProblemError
from serving.reach import Open, project_of, projects_of
from serving.strict import StrictRoute

router = APIRouter(
    prefix="/projects", route_class=StrictRoute, tags=["projects"], responses=problems(401, 403, 404, 503)
)


class ProjectSummary(BaseModel):
    """One bot."""

    name: str = Field(examples=["bank"])
    tenant: str = Field(examples=["demo"])
    version: str = Field(description="What new sessions take.", examples=["draft-1f0c2ab9"])
    draft: str | None = Field(description="The working folder's last valid version.", examples=["draft-1f0c2ab9"])
    problems: list[str] = Field(description="What is wrong with the working folder as it is now; nothing is empty.")
    locales: list[str] = Field(description="The first is the default.", examples=[["tr", "en"]])
    understanding: str = Field(examples=["hybrid"])
    intents: dict[str, LocalizedText | None] = Field(description="What it can do: names and titles.")


class BrokenProject(BaseModel):
    """A working folder that never was a valid project since the service started."""

    name: str
    tenant: str
    problems: list[str]


class ProjectList(BaseModel):
    """The bots of the caller's tenant."""

    projects: list[ProjectSummary]
    broken: list[BrokenProject] = []


class VersionSummary(BaseModel):
    """One version of a project."""

    version: str
    current: bool = Field(description="Whether new sessions take it.")
    published_at: str | None = Field(None, description="Missing for the working folder's draft.")
    published_by: str | None = None
    scenarios: int | None = Field(None, description="How many it passed before it was published.")
    sessions: int | None = Field(None, description="How many go on with it.")


class VersionList(BaseModel):
    """The versions of a project."""

    project: str
    versions: list[VersionSummary]


class PublishRequest(BaseModel):
    """How to publish; `{}` is enough. A body is asked for, because no foreign page can send one unasked."""

    model_config = ConfigDict(extra="forbid")

    untested: bool = Field(default=False, description="Publish a project that has no scenarios at all.")


class RollbackRequest(BaseModel):
    """What to go back to."""

    model_config = ConfigDict(extra="forbid")

    version: str | None = Field(
        None, max_length=64, description="The one that was published before the current one, if not given."
    )


class ReleasedVersion(BaseModel):
    """What new sessions take now."""

    project: str
    version: str
    before: str | None = Field(description="What was current until now.")
    scenarios: int = Field(description="How many were played and passed.")
    dropped: list[str] = Field(description="Scenarios of the version before that are no longer there.")
    unread: list[str] = Field(description="Documents that could not be read.")


@router.get("")
async def list_projects(caller: Admin, services: Open) -> ProjectList:
    """The projects of the caller's tenant."""
    drafts = {(one.tenant, one.project): one for one in services.publishing.drafts() if caller.may_see(one.tenant)}
    served = projects_of(caller, services.versions)
    names = {(version.project.tenant, version.project.name) for version in served}
    return ProjectList(
        projects=[_summary(one, drafts.get((one.project.tenant, one.project.name))) for one in served],
        broken=[
            BrokenProject(name=one.project, tenant=one.tenant, problems=list(one.problems))
            for key, one in drafts.items()
            if key not in names
        ],
    )


@router.get("/{project}/versions", response_model_exclude_none=True)
async def list_versions(project: str, caller: Admin, services: Open) -> VersionList:
    """The published versions, the newest first, and the working folder's draft."""
    version = project_of(caller, services.versions, project)
    found = await services.publishing.listed(version.project.tenant, project)
    return VersionList(project=project, versions=[VersionSummary.model_validate(one) for one in found])


@router.post("/{project}/publish", responses=problems(409, 415, 422))
async def publish(project: str, caller: Admin, services: Open, body: PublishRequest) -> ReleasedVersion:
    """Check the working folder, play its scenarios, and let new sessions take it; answers when all that is done."""
    version = project_of(caller, services.versions, project)
    try:
        released = await services.publishing.publish(
            version.project.tenant, project, by=_name(caller), untested=body.untested
        )
    except PublishRefusedError as error:
        raise _refused(error) from None
    except GateBrokenError as error:
        raise ProblemError(503, "internal_error", f"Nothing was published: {error}.") from None
    audit(caller, "published", version.project.tenant, project, version=released.version)
    return _released(project, released)


@router.post("/{project}/rollback", responses=problems(409, 415, 422))
async def rollback(project: str, caller: Admin, services: Open, body: RollbackRequest) -> ReleasedVersion:
    """Let new sessions take an earlier version again; sessions under way keep theirs."""
    version = project_of(caller, services.versions, project)
    try:
        released = await services.publishing.rollback(
            version.project.tenant, project, by=_name(caller), to=body.version
        )
    except RollbackRefusedError as error:
        raise ProblemError(409, "validation", f"Nothing was changed: {error}.") from None
    audit(caller, "rolled back", version.project.tenant, project, version=released.version)
    return _released(project, released)


@router.delete("/{project}/versions/{version}", responses=problems(409))
async def remove_version(project: str, version: str, caller: Admin, services: Open) -> Done:
    """Remove a published version that is not current and that no session goes on with."""
    known = project_of(caller, services.versions, project)
    try:
        gone = await services.publishing.remove(known.project.tenant, project, version)
    except VersionKeptError as error:
        raise ProblemError(409, "validation", f"Nothing was removed: {error}.") from None
    if not gone:
        raise ProblemError(404, "version_not_found", "There is no such version.")
    audit(caller, "removed", known.project.tenant, project, version=version)
    return Done()


def _refused(error: PublishRefusedError) -> ProblemError:
    lines = [str(problem) for problem in error.problems]
    more: dict[str, JsonValue] = {"reason": error.reason}
    if error.problems:
        more["errors"] = [{"field": problem.key or problem.file, "message": str(problem)} for problem in error.problems]
    if error.failed:
        more["failures"] = [_failure(one) for one in error.failed]
        more["diff"] = error.diff
    detail = f"Nothing was published: {error.detail}" + (f" ({lines[0]})" if lines else "") + "."
    kind = "busy" if error.reason == "busy" else "validation"
    return ProblemError(409 if error.reason in ("busy", "changed") else 422, kind, detail, more=more)


def _failure(failed: FailedScenario) -> JsonValue:
    return cast(
        JsonValue,
        {
            "file": failed.file,
            "name": failed.name,
            "differences": list(failed.differences),
            "conversation": list(failed.conversation),
            "passed_before": failed.passed_before,
        },
    )


def _released(project: str, released: Released) -> ReleasedVersion:
    return ReleasedVersion(
        project=project,
        version=released.version,
        before=released.before,
        scenarios=released.scenarios,
        dropped=list(released.dropped),
        unread=list(released.unread),
    )


def _name(caller: Caller) -> str:
    return caller.name or "a key without a name"


def _summary(version: Version, draft: DraftState | None) -> ProjectSummary:
    project = version.project
    return ProjectSummary(
        name=project.name,
        tenant=project.tenant,
        version=version.name,
        draft=draft.version if draft is not None else None,
        problems=list(draft.problems) if draft is not None else [],
        locales=project.locales,
        understanding=project.understanding,
        intents={name: intent.title for name, intent in project.intents.items()},
    )
