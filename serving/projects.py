"""The projects a caller can talk to, and their versions."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from config.project import LocalizedText
from config.versions import Version
from serving.auth import Admin
from serving.chat import problems
from serving.reach import Open, project_of, projects_of

router = APIRouter(prefix="/projects", tags=["projects"], responses=problems(401, 403, 404))


class ProjectSummary(BaseModel):
    """One bot."""

    name: str = Field(examples=["bank"])
    tenant: str = Field(examples=["demo"])
    version: str = Field(examples=["draft-1f0c2ab9"])
    locales: list[str] = Field(description="The first is the default.", examples=[["tr", "en"]])
    understanding: str = Field(examples=["hybrid"])
    intents: dict[str, LocalizedText | None] = Field(description="What it can do: names and titles.")


class ProjectList(BaseModel):
    """The bots of the caller's tenant."""

    projects: list[ProjectSummary]


class VersionSummary(BaseModel):
    """One version of a project."""

    version: str
    current: bool


class VersionList(BaseModel):
    """The versions of a project."""

    project: str
    versions: list[VersionSummary]


@router.get("")
async def list_projects(caller: Admin, services: Open) -> ProjectList:
    """The projects of the caller's tenant."""
    return ProjectList(projects=[_summary(version) for version in projects_of(caller, services.versions)])


@router.get("/{project}/versions")
async def list_versions(project: str, caller: Admin, services: Open) -> VersionList:
    """The version that new sessions take."""
    version = project_of(caller, services.versions, project)
    return VersionList(project=project, versions=[VersionSummary(version=version.name, current=True)])


def _summary(version: Version) -> ProjectSummary:
    project = version.project
    return ProjectSummary(
        name=project.name,
        tenant=project.tenant,
        version=version.name,
        locales=project.locales,
        understanding=project.understanding,
        intents={name: intent.title for name, intent in project.intents.items()},
    )
