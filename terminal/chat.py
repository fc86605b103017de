"""`switchboard chat`: a conversation in the terminal."""

import asyncio
import json
import logging
from dataclasses import dataclass, replace
from functools import partial
from uuid import uuid4

from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.settings import Settings
from config.versions import Version
from graph.calls import Delta, Failed, Final, TurnCall, TurnRefusedError
from graph.services import Services, open_services
from ingest.run import run_ingest
from scenarios.service import FixedVersions
from serving.logs import configure_logs
from serving.text import clean, shown
from tools.knowledge_errors import KnowledgeError

HELP = "Commands: /trace what was understood and decided · /slots what is known · /reset a new session · /quit"


@dataclass(frozen=True, kw_only=True)
class Talk:
    """One conversation with one bot."""

    services: Services
    version: Version
    session: str
    locale: str | None
    console: Console


async def chat(version: Version, settings: Settings, *, locale: str | None, console: Console) -> None:
    """Talk to one project until the input ends; only what went wrong is logged between the lines."""
    configure_logs(settings.log, level=logging.WARNING)
    async with open_services(settings, versions=FixedVersions([version])) as services:
        if version.project.knowledge.enabled:
            base = services.knowledge_base
            try:
                await base.run(partial(run_ingest, version, knowledge=base, console=console))
            except KnowledgeError as error:
                console.print(f"knowledge: {error}", style="red", markup=False, soft_wrap=True)
        with console.status("Learning the project's examples…"):
            await services.understanding.prepare(version)
        console.print(
            f"[bold]{version.project.name}[/] · {', '.join(version.project.locales)} · {HELP}",
            style="dim",
            soft_wrap=True,
        )
        talk = Talk(services=services, version=version, session=_session(), locale=locale, console=console)
        await _converse(talk)


def _session() -> str:
    return f"terminal-{uuid4().hex[:8]}"


async def _converse(talk: Talk) -> None:
    last: Final | None = None
    while (line := await _read(talk.console)) is not None:
        if line == "/reset":
            talk, last = replace(talk, session=_session()), None
            talk.console.print("A new session.", style="dim")
        elif line.startswith("/"):
            if line == "/quit":
                return
            _show(line, last, talk.console)
        else:
            last = await _say(talk, line) or last


async def _read(console: Console) -> str | None:
    try:
        return clean(await asyncio.to_thread(console.input, "[bold cyan]you [/]")).strip()
    except EOFError:
        return None


async def _say(talk: Talk, line: str) -> Final | None:
    console = talk.console
    call = TurnCall(
        tenant=talk.version.project.tenant,
        project=talk.version.project.name,
        session_id=talk.session,
        message=line,
        locale=talk.locale,
        channel="terminal",
    )
    console.print("[bold green]bot [/]", end="")
    try:
        async for event in talk.services.turns.stream(call):
            if isinstance(event, Delta):
                console.print(shown(event.text), end="", markup=False, highlight=False, soft_wrap=True)
            elif isinstance(event, Failed):
                told = f"{shown(event.message)} (error {event.error_id})"
                console.print(told, style="red", markup=False, soft_wrap=True)
            else:
                _foot(event, console)
                return event
    except TurnRefusedError as error:
        console.print(shown(error.detail), style="red", markup=False, soft_wrap=True)
    return None


def _foot(final: Final, console: Console) -> None:
    answer = final.answer
    told = [str(answer["outcome"])]
    if answer["confidence"] is not None:
        told.append(f"confidence {answer['confidence']}")
    if answer["transfer_reason"]:
        told.append(f"transfer: {answer['transfer_reason']}")
    console.print(f"\n    {' · '.join(told)}", style="dim", markup=False, highlight=False, soft_wrap=True)


def _show(command: str, last: Final | None, console: Console) -> None:
    if command not in ("/trace", "/slots"):
        console.print(HELP, style="dim", soft_wrap=True)
    elif last is None:
        console.print("Nothing was said yet.", style="dim")
    elif command == "/slots":
        table = Table("slot", "value")
        slots = last.answer["slots"]
        for name, value in slots.items() if isinstance(slots, dict) else ():
            table.add_row(Text(name), Text(shown(json.dumps(value, ensure_ascii=False))))
        console.print(table)
    else:
        metadata = last.answer["metadata"]
        console.print_json(shown(json.dumps(metadata, ensure_ascii=False)))
