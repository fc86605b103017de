"""The command line: `switchboard`. Each command reads its options, calls one thing, and says how it went.

Heavy parts are imported by the command that needs them, so that `--help` and `check` answer at once.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from config.errors import ConfigError, ProjectError
from terminal.options import (
    DemoOption,
    ProjectArgument,
    ProjectsOption,
    counted,
    fail,
    nothing_in,
    one_line,
    project_folder,
    settings_of,
    tell,
)
from terminal.version_commands import erase, publish, rollback, versions

if TYPE_CHECKING:
    from config.versions import Version

app = typer.Typer(
    name="switchboard",
    help="Customer-service conversations as a LangGraph graph service.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

importers = typer.Typer(help="Bring in actions, intents and examples that are written elsewhere.", no_args_is_help=True)
app.add_typer(importers, name="import")


@app.command()
def check(
    project: ProjectArgument,
    projects: ProjectsOption = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
) -> None:
    """Validate all of a project; every problem with its file, line, column and remedy."""
    from config.checks import check as check_version
    from config.checks import check_namesakes
    from config.loading import load

    folder = project_folder(project, projects)
    try:
        loaded = load(folder)
    except ProjectError as error:
        errors = tell(error.problems)
        raise fail(f"{folder}: {counted(errors, 'error')}") from None
    problems = [*check_version(loaded.version, reading=loaded.reading), *check_namesakes(loaded.version)]
    errors = tell(problems)
    warnings = len(problems) - errors
    if errors or (strict and warnings):
        raise fail(f"{folder}: {counted(errors, 'error')}, {counted(warnings, 'warning')}")
    typer.echo(f"{folder}: no errors, {counted(warnings, 'warning')} ({loaded.version.name})")


@app.command()
def schema() -> None:
    """Print the JSON Schema of project.yaml, for editors."""
    from config.json_schema import project_schema

    typer.echo(json.dumps(project_schema(), indent=2, ensure_ascii=False))


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The new project's folder; its name becomes the project's.")],
) -> None:
    """Write a new working project: two intents, two actions, documents, scenarios, in two languages."""
    from config.starting import StartError, start_project

    try:
        written = start_project(folder)
    except StartError as error:
        raise fail(error) from None
    for path in written:
        typer.echo(f"wrote {path}")
    steps = (f"check {folder}", f"test {folder}", f"chat {folder} --stubs")
    typer.echo("\nNext: " + " · ".join(f"switchboard {step}" for step in steps))


@app.command()
def serve(
    projects: ProjectsOption = None,
    *,
    host: Annotated[str, typer.Option(help="Without keys only loopback is allowed.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that share the port.")] = 1,
    demo: DemoOption = False,
    drafts: Annotated[
        bool, typer.Option("--drafts", help="New sessions take the working folders, also of published projects.")
    ] = False,
) -> None:
    """Serve the projects over HTTP."""
    from serving.auth import KeysError, OpenBindError
    from terminal.serve import serve as serve_projects

    if demo:
        os.environ.setdefault("SWITCHBOARD_DEBUG", "1")
    settings = settings_of(projects)
    settings = settings.model_copy(update={"drafts": True}) if drafts else settings
    if missing := nothing_in(settings.projects):
        typer.echo(one_line(f"{missing}; only published versions are served"), err=True)
    try:
        serve_projects(settings, host=host, port=port, demo=demo, workers=workers)
    except (KeysError, OpenBindError, OSError) as error:
        raise fail(error) from None


@app.command()
def doctor(
    projects: ProjectsOption = None,
    *,
    host: Annotated[str, typer.Option(help="Where the service is to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
) -> None:
    """Say what is wrong with this installation and how to mend it."""
    from terminal.doctor import Finding, examine, worst

    async def told() -> list[Finding]:
        found = []
        async for finding in examine(settings_of(projects), host=host, port=port):
            typer.echo(one_line(finding))
            found.append(finding)
        return found

    if worst(asyncio.run(told())) == "fail":
        raise typer.Exit(1)


@app.command()
def chat(
    project: ProjectArgument,
    projects: ProjectsOption = None,
    *,
    locale: Annotated[str | None, typer.Option(help="The language to begin in.")] = None,
    demo: DemoOption = False,
    stubs: Annotated[
        bool, typer.Option("--stubs", help="Its scenarios answer for its APIs; nothing real is called.")
    ] = False,
) -> None:
    """Talk to a bot in the terminal."""
    from rich.console import Console

    from config.loading import load_version
    from terminal.businesses import demo_businesses
    from terminal.chat import chat as converse

    version = load_version(project_folder(project, projects))
    if locale not in (None, *version.project.locales):
        raise fail(f"--locale {locale}: {version.project.name} speaks {', '.join(version.project.locales)}")
    try:
        with demo_businesses() if demo else contextlib.nullcontext():
            converse(version, settings_of(projects), locale=locale, console=Console(), stubs=stubs)
    except OSError as error:
        raise fail(error) from None


@app.command()
def ingest(
    project: ProjectArgument,
    paths: Annotated[list[Path] | None, typer.Argument(help="Only these files; all of the project's without.")] = None,
    projects: ProjectsOption = None,
    *,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Embed everything anew.")] = False,
) -> None:
    """Bring documents into the knowledge base: unchanged ones are skipped, gone ones removed."""
    from rich.console import Console

    from config.loading import load_version
    from terminal.ingest import ingest_documents
    from tools.knowledge_errors import KnowledgeError

    version = load_version(project_folder(project, projects))
    try:
        summary = ingest_documents(
            version, settings_of(projects), paths=paths or [], rebuild=rebuild, console=Console(stderr=True)
        )
    except KnowledgeError as error:
        raise fail(error) from None
    if summary.failed:
        raise fail(f"{counted(len(summary.failed), 'document')} could not be read")


@app.command()
def test(
    project: ProjectArgument,
    files: Annotated[list[Path] | None, typer.Argument(help="Only these files; all of the project's without.")] = None,
    projects: ProjectsOption = None,
    *,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML here.")] = None,
    chosen: Annotated[
        str | None, typer.Option("-k", help="Only scenarios with all these words in name, tags or file.")
    ] = None,
    record: Annotated[str | None, typer.Option("--record", help="Print this stored session as a scenario.")] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show every conversation, not only those that fail.")
    ] = False,
    count: Annotated[bool, typer.Option("--counts", help="Count by tag and language at the end.")] = False,
) -> None:
    """Play a project's scenarios against the real service with its APIs stubbed."""
    from rich.console import Console

    from config.loading import load_version
    from scenarios.report import counts
    from terminal.scenario_run import gather, recorded, run_scenarios

    version = load_version(project_folder(project, projects))
    if record is not None:
        kept = asyncio.run(recorded(version, record, settings_of(projects)))
        if kept is None:
            raise fail(f"{project}: no stored session {record!r}")
        typer.echo(kept, nl=False)
        return
    jobs = gather(version, files or [], chosen)
    if not jobs:
        raise fail(f"{project}: {_no_scenario(version, chosen)}")
    played = run_scenarios(version, jobs, settings_of(projects), junit=junit, console=Console(), whole=verbose)
    results = asyncio.run(played)
    if count:
        typer.echo(counts(results))
    failed = sum(not played.passed for played in results)
    typer.echo(f"{len(results) - failed} passed, {failed} failed")
    if failed:
        raise typer.Exit(1)


def _no_scenario(version: "Version", chosen: str | None) -> str:
    if chosen is not None:
        return f"no scenario has the words {chosen!r} in its name, tags or file"
    return f"no scenario to play; expected one in {version.folder / 'scenarios'}, such as `switchboard init` writes"


for command in (publish, versions, rollback, erase):
    app.command()(command)


@importers.command()
def openapi(
    file: Annotated[Path, typer.Argument(help="An OpenAPI 3.0 or 3.1 document, JSON or YAML.")],
    *,
    project: Annotated[
        Path | None, typer.Option("--project", help="Add to this project; a new one called after the document without.")
    ] = None,
    only: Annotated[
        str | None, typer.Option("--only", help="Only operations with these words in path, operationId or tags.")
    ] = None,
) -> None:
    """Actions, slots and intents from an API's description; says what it left out and why."""
    from importing.notes import ImportRefusedError
    from terminal.importing import import_openapi_file

    try:
        import_openapi_file(file, project, only=only, say=typer.echo)
    except ImportRefusedError as error:
        raise fail(*str(error).splitlines()) from None
    except ProjectError as error:
        errors = tell(error.problems)
        raise fail(f"{file}: nothing is written: the project would have {errors} errors") from None


@app.command()
def calibrate(
    project: ProjectArgument,
    projects: ProjectsOption = None,
    *,
    data: Annotated[
        Path | None, typer.Option("--data", help="Labelled questions (as for evaluate), which count in full.")
    ] = None,
    diagram: Annotated[
        Path | None, typer.Option("--png", help="The reliability diagram; in the data folder without.")
    ] = None,
    report: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
) -> None:
    """Fit the confidence to the project's own knowledge and examples, and say how good it is."""
    from rich.console import Console

    from config.loading import load_version
    from measuring.rows import read_rows
    from terminal.calibrate import calibrate_project
    from tools.knowledge_errors import KnowledgeError

    version = load_version(project_folder(project, projects))
    rows = read_rows(data) if data is not None else []
    work = calibrate_project(
        version, settings_of(projects), rows=rows, diagram=diagram, report=report, console=Console()
    )
    try:
        asyncio.run(work)
    except (KnowledgeError, OSError) as error:
        raise fail(error) from None


@app.command()
def evaluate(
    project: ProjectArgument,
    data: Annotated[Path, typer.Option("--data", help="Labelled messages: YAML, CSV or JSON lines.")],
    projects: ProjectsOption = None,
    *,
    report: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
    against: Annotated[
        Path | None, typer.Option("--against", help="Figures of an earlier run to compare with.")
    ] = None,
    diagrams: Annotated[Path | None, typer.Option("--png", help="Folder for the diagrams.")] = None,
    curve: Annotated[
        bool, typer.Option(help="Let a model read every row, to draw accuracy against its calls; else only the unsure.")
    ] = True,
) -> None:
    """Intent, slot, retrieval and confidence figures on labelled messages."""
    from rich.console import Console

    from config.loading import load_version
    from measuring.rows import read_rows
    from terminal.evaluate import evaluate_project, read_figures, tell_difference
    from tools.knowledge_errors import KnowledgeError

    version = load_version(project_folder(project, projects))
    rows, before = read_rows(data), read_figures(against) if against is not None else None
    console = Console()
    try:
        work = evaluate_project(
            version, settings_of(projects), rows, diagrams=diagrams, console=console, compare_engines=curve
        )
        done = asyncio.run(work)
        if report is not None:
            report.write_text(json.dumps(done.figures, ensure_ascii=False, indent=2) + "\n", "utf-8")
    except (KnowledgeError, OSError) as error:
        raise fail(error) from None
    if before is not None:
        tell_difference(before, done.figures, console)


@importers.command()
def rasa(
    folder: Annotated[Path, typer.Argument(help="A Rasa assistant: nlu.yml, domain.yml, rules and stories.")],
    *,
    project: Annotated[
        Path | None, typer.Option("--project", help="Add to this project; a new one called after the folder without.")
    ] = None,
) -> None:
    """Intents, examples, slots and replies from Rasa's files; says what it left out and why."""
    from importing.notes import ImportRefusedError
    from terminal.importing import import_rasa_folder

    try:
        import_rasa_folder(folder, project, say=typer.echo)
    except ImportRefusedError as error:
        raise fail(error) from None
    except ProjectError as error:
        errors = tell(error.problems)
        raise fail(f"{folder}: nothing is written: the project would have {errors} errors") from None


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; the process ends with its status."""
    from dotenv import load_dotenv

    from tools.errors import ActionError
    from tools.knowledge_errors import KnowledgeError

    # LangGraph reads it when it is first imported; projects read theirs from the environment at use.
    os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")
    load_dotenv(".env", override=False)
    try:
        app(args=None if arguments is None else list(arguments), prog_name="switchboard")
    except ProjectError as error:
        tell(error.problems)
        sys.exit(1)
    except (ConfigError, ActionError, KnowledgeError) as error:
        typer.echo(one_line(error), err=True)
        sys.exit(1)
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False):
            typer.echo(f"setting {'.'.join(map(str, fault['loc']))}: {fault['msg']}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
