"""What commands share: how a project is named, and how it is said that something went wrong."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.errors import Problem
from serving.text import shown

if TYPE_CHECKING:
    from config.settings import Settings


def _known_projects(incomplete: str) -> list[str]:
    """Names and folders of projects that begin so, for the shell's completion; nothing is said of what is wrong."""
    under = Path(os.environ.get("SWITCHBOARD_PROJECTS", "projects"))
    names = [file.parent.name for file in under.glob("*/project.yaml")]
    begun = Path(incomplete) if incomplete.endswith("/") else Path(incomplete).parent
    folders = [str(file.parent) for depth in ("*", "*/*") for file in begun.glob(f"{depth}/project.yaml")]
    return sorted(each for each in {*names, *folders} if each.startswith(incomplete))


ProjectArgument = Annotated[
    str,
    typer.Argument(help="A project's folder, or its name under --projects.", autocompletion=_known_projects),
]
ProjectsOption = Annotated[
    Path | None, typer.Option("--projects", help="The folder of projects; SWITCHBOARD_PROJECTS if not given.")
]
TenantOption = Annotated[
    str | None, typer.Option("--tenant", help="PROJECT is a name of this tenant's; its folder need not be here.")
]
DemoOption = Annotated[bool, typer.Option("--demo", help="Start the demo bots' businesses too.")]


def fail(*lines: object, status: int = 1) -> typer.Exit:
    """Say what went wrong, one line each on stderr; raise what is returned."""
    for line in lines:
        typer.echo(one_line(line), err=True)
    return typer.Exit(status)


def one_line(told: object) -> str:
    """What is told, on one line and without what would act on the terminal: a file or a customer may have worded it."""
    return " ".join(shown(str(told)).split())


def projects_folder(given: Path | None) -> Path:
    """Where projects are looked for."""
    from config.settings import Settings

    return given or Settings().projects


def project_folder(project: str, projects: Path | None) -> Path:
    """The folder that PROJECT means."""
    here = Path(project)
    if (here / "project.yaml").is_file():
        return here
    named = projects_folder(projects) / project
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", project) and (named / "project.yaml").is_file():
        return named
    known = sorted(file.parent.name for file in projects_folder(projects).glob("*/project.yaml"))
    there = f"there are: {', '.join(known)}" if known else "`switchboard init FOLDER` writes one"
    raise fail(f"{project}: no project.yaml there, nor in {named}; {there}")


def nothing_in(projects: Path) -> str:
    """What is missing where no project is in a folder of projects; empty where there is one."""
    if not projects.is_dir():
        return f"{projects}: there is no such folder; expected --projects or SWITCHBOARD_PROJECTS to name one"
    if not any(projects.glob("*/project.yaml")):
        return f"{projects}: no project in it; expected FOLDER/project.yaml, such as `switchboard init` writes"
    return ""


def tell(problems: Sequence[Problem]) -> int:
    """Say what is wrong with a project, one line each on stderr; how many of them are errors."""
    for problem in problems:
        typer.echo(shown(str(problem)), err=True)
    return sum(problem.severity == "error" for problem in problems)


def counted(number: int, word: str) -> str:
    """A number of things in words."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def settings_of(projects: Path | None) -> "Settings":
    """The process's settings, with the folder of projects that was given."""
    from config.settings import Settings

    settings = Settings()
    return settings.model_copy(update={"projects": projects}) if projects is not None else settings
