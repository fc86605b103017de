"""The commands about versions: each reads its options, calls one thing, and says how it went."""

import asyncio
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from terminal.options import (
    ProjectArgument,
    ProjectsOption,
    TenantOption,
    counted,
    fail,
    one_line,
    project_folder,
    settings_of,
    tell,
)


def publish(
    project: ProjectArgument,
    projects: ProjectsOption = None,
    *,
    untested: Annotated[
        bool, typer.Option("--untested", help="Publish a project that has no scenarios at all.")
    ] = False,
) -> None:
    """Check a project, play its scenarios, and let new sessions take it as a new version."""
    from rich.console import Console

    from graph.releases import PublishRefusedError
    from terminal.releases import publish_project

    folder = project_folder(project, projects)
    console = Console()
    try:
        released = asyncio.run(publish_project(folder, settings_of(projects), untested=untested, console=console))
    except PublishRefusedError as error:
        tell(error.problems)
        raise fail(f"{project}: nothing was published: {error.detail}") from None
    for unread in released.unread:
        typer.echo(one_line(f"not read: {unread}"), err=True)
    for dropped in released.dropped:
        typer.echo(one_line(f"no longer tested: {dropped}"), err=True)
    before = f", before it {released.before}" if released.before else ""
    played = counted(released.scenarios, "scenario")
    typer.echo(f"Published {released.version} ({played} passed{before}). New sessions take it; others keep theirs.")


def versions(
    project: ProjectArgument,
    projects: ProjectsOption = None,
    *,
    tenant: TenantOption = None,
    delete: Annotated[
        str | None, typer.Option("--delete", help="Remove this version, if it is not current and no session needs it.")
    ] = None,
) -> None:
    """List the published versions of a project: which is current, and how many sessions go on with each."""
    from rich.console import Console

    from graph.published import VersionKeptError
    from terminal.releases import remove_version, show_versions

    owner, name = _whose(project, projects, tenant)
    if delete is None:
        asyncio.run(show_versions(owner, name, settings_of(projects), Console()))
        return
    try:
        gone = asyncio.run(remove_version(owner, name, delete, settings_of(projects)))
    except VersionKeptError as error:
        raise fail(f"{name}: nothing was removed: {error}") from None
    if not gone:
        raise fail(f"{name}: there is no published version {delete}")
    typer.echo(f"Removed {delete}.")


def rollback(
    project: ProjectArgument,
    version: Annotated[
        str | None, typer.Argument(help="The one published before the current one, if not given.")
    ] = None,
    projects: ProjectsOption = None,
    *,
    tenant: TenantOption = None,
) -> None:
    """Let new sessions take an earlier version again; sessions under way keep theirs."""
    from graph.releases import RollbackRefusedError
    from terminal.releases import rollback_project

    owner, name = _whose(project, projects, tenant)
    try:
        released = asyncio.run(rollback_project(owner, name, settings_of(projects), to=version))
    except RollbackRefusedError as error:
        raise fail(f"{name}: nothing was changed: {error}") from None
    typer.echo(f"New sessions take {released.version} again, not {released.before}. Others keep theirs.")


def _whose(project: str, projects: Path | None, tenant: str | None) -> tuple[str, str]:
    """Tenant and name of PROJECT; a folder need not be valid, and with --tenant there need not be one."""
    from config.loading import claimed

    return (tenant, project) if tenant is not None else claimed(project_folder(project, projects))


def erase(
    tenant: Annotated[str, typer.Option("--tenant", help="Whose things.")],
    project: Annotated[str | None, typer.Option("--project", help="Only of this project; its name.")] = None,
    session: Annotated[str | None, typer.Option("--session", help="Only this session.")] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase everything of a tenant, a project or a session: checkpoints, ledger, logs, versions, knowledge."""
    from config.settings import Settings
    from graph.calls import TurnRefusedError
    from graph.erasing import Scope
    from terminal.erase import erase_scope
    from tools.errors import LedgerUnavailableError

    what = ", ".join(f"{kind} {name}" for kind, name in _named(tenant, project, session) if name)
    if session is not None and project is None:
        raise fail("--session: name its --project, too")
    for kind, name in _named(tenant, project, None):
        if name is not None and not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
            raise fail(f"--{kind}: {name} is no name of a {kind}")
    if sys.stdin.isatty() and not yes:
        typer.confirm(one_line(f"Erase everything of {what}?"), abort=True)
    try:
        erased = erase_scope(Scope(tenant=tenant, project=project, session_id=session), Settings())
    except (LedgerUnavailableError, TurnRefusedError) as error:
        raise fail(f"not all is erased ({error}); erase again") from None
    typer.echo(one_line(f"Erased of {what}: {erased}"))


def _named(tenant: str, project: str | None, session: str | None) -> list[tuple[str, str | None]]:
    return [("tenant", tenant), ("project", project), ("session", session)]
