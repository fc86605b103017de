"""`switchboard chat`: a conversation in the terminal.

Lines are read in the main thread, so that Ctrl-C and the line editor work as everywhere; the service runs in a loop
beside it.
"""

import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from uuid import uuid4

from anyio.from_thread import BlockingPortal, start_blocking_portal
from pydantic import JsonValue
from rich.console import Console
from rich.table import Table

from config.settings import Settings
from config.versions import Version
from graph.calls import Delta, Failed, TurnCall, TurnRefusedError
from graph.services import Services, open_services
from ingest.run import run_ingest
from scenarios.alone import scenarios_of
from scenarios.model import Scenario
from scenarios.service import FixedVersions, run_app
from scenarios.stubs import Stubs, merged, stub_environment, stubbed
from serving.logs import configure_logs
from serving.text import clean, shown
from terminal.turn_shown import deeds_of, foot, slots_table, stack_table, trace, whole
from tools.knowledge_errors import KnowledgeError

COMMANDS = {
    "/trace": "what was understood and decided",
    "/json": "all of it",
    "/slots": "what is known",
    "/stack": "what is under way",
    "/undo": "take the last message back",
    "/release": "a person gives the conversation back",
    "/reset": "a new conversation",
    "/help": "this",
    "/quit": "the end, as Ctrl-D",
}
HELP = f"Commands: {' '.join(COMMANDS)}"

Answer = dict[str, JsonValue]


@dataclass(kw_only=True)
class Talk:
    """One conversation with one bot."""

    services: Services
    version: Version
    locale: str | None
    console: Console
    stubs: Stubs | None = None
    scenario: Scenario | None = None
    """What the stubs answer."""
    session: str = ""
    last: Answer | None = field(default=None)
    """The newest answer."""

    @property
    def place(self) -> tuple[str, str, str]:
        """Tenant, project and session."""
        return self.version.project.tenant, self.version.project.name, self.session

    def go_on(self, session: str, last: Answer | None = None) -> None:
        """Take a session up."""
        self.session, self.last = session, last
        if self.stubs is not None and self.scenario is not None:
            self.stubs.play(session, self.scenario)

    def tell(self, text: str, style: str = "dim") -> None:
        """One line that is not the bot's."""
        self.console.print(shown(text), style=style, markup=False, highlight=False, soft_wrap=True)


def chat(version: Version, settings: Settings, *, locale: str | None, console: Console, stubs: bool = False) -> None:
    """Talk to one project until the input ends; only what went wrong is logged between the lines.

    With `stubs` its scenarios answer for its APIs, and nothing real is called.
    """
    configure_logs(settings.log, level=logging.WARNING)
    _edit_lines()
    opening = _opened(version, settings, locale=locale, console=console, stubs=stubs)
    with (
        suppress(KeyboardInterrupt),
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(opening) as talk,
    ):
        _converse(talk, portal)


@asynccontextmanager
async def _opened(
    version: Version, settings: Settings, *, locale: str | None, console: Console, stubs: bool
) -> AsyncIterator[Talk]:
    talk = partial(Talk, locale=locale, console=console)
    if not stubs:
        async with open_services(settings, versions=FixedVersions([version])) as services:
            yield await _ready(talk(services=services, version=version))
        return
    answering = Stubs()
    scenario = merged([scenario for _, _, scenario in scenarios_of(version)])
    async with run_app(answering.app) as url:
        played, environment = stubbed(version, url), stub_environment(version.project, os.environ)
        async with open_services(settings, versions=FixedVersions([played]), environment=environment) as services:
            yield await _ready(talk(services=services, version=played, stubs=answering, scenario=scenario))


async def _ready(talk: Talk) -> Talk:
    """Bring its documents in, learn, and say what can be said."""
    services, version, console = talk.services, talk.version, talk.console
    if version.project.knowledge.enabled:
        base = services.knowledge_base
        try:
            await base.run(partial(run_ingest, version, knowledge=base, console=console))
        except KnowledgeError as error:
            talk.tell(f"knowledge: {error}", "red")
    with console.status("Learning the project's examples…"):
        await services.understanding.prepare(version)
    talk.tell(f"{version.project.name} · {', '.join(version.project.locales)} · {HELP}")
    if talk.scenario is not None:
        named = ", ".join(sorted(talk.scenario.api)) or "none"
        talk.tell(f"Nothing real is called: its scenarios answer for its actions ({named}).")
    talk.go_on(_new_session())
    return talk


def _new_session() -> str:
    return f"terminal-{uuid4().hex[:8]}"


def _edit_lines() -> None:
    """Arrow keys, earlier lines, and Tab for the commands, where this Python can."""
    if not sys.stdin.isatty():
        return
    with suppress(ImportError):
        import readline

        def matching(text: str, number: int) -> str | None:
            found = [name for name in COMMANDS if name.startswith(text)] if text.startswith("/") else []
            return found[number] if number < len(found) else None

        readline.set_completer_delims(" ")
        readline.set_completer(matching)
        readline.parse_and_bind("tab: complete")


def _converse(talk: Talk, portal: BlockingPortal) -> None:
    while (line := _read(talk.console)) is not None:
        if line == "/quit":
            return
        if line.startswith("/"):
            portal.call(_command, talk, line)
        else:
            portal.call(_say, talk, line)


def _read(console: Console) -> str | None:
    try:
        return clean(console.input("[bold cyan]you [/]")).strip()
    except EOFError:
        return None


async def _say(talk: Talk, line: str) -> None:
    tenant, project, session = talk.place
    call = TurnCall(
        tenant=tenant, project=project, session_id=session, message=line, locale=talk.locale, channel="terminal"
    )
    begun = False
    try:
        async for event in talk.services.turns.stream(call):
            if isinstance(event, Delta):
                _piece(event.text, talk.console, first=not begun)
                begun = True
            elif isinstance(event, Failed):
                talk.tell(f"{event.message} (error {event.error_id})", "red")
            else:
                talk.last = dict(event.answer)
                if begun:
                    talk.console.print()
                for told in foot(talk.last):
                    talk.tell(f"    {told}")
                _tell_unanswered(talk)
    except TurnRefusedError as error:
        talk.tell(error.detail, "red")


def _tell_unanswered(talk: Talk) -> None:
    for action in talk.stubs.unanswered.pop(talk.session, []) if talk.stubs else []:
        talk.tell(f"    No scenario answers for {action}: give it an answer under `api`.", "yellow")


def _piece(text: str, console: Console, *, first: bool) -> None:
    """A piece of the reply; its lines stand below each other."""
    if first:
        console.print("[bold green]bot [/]", end="")
    console.print(shown(text).replace("\n", "\n    "), end="", markup=False, highlight=False, soft_wrap=True)


async def _command(talk: Talk, line: str) -> None:
    if line == "/reset":
        talk.go_on(_new_session())
        talk.tell("A new session.")
    elif line == "/release":
        given = await talk.services.turns.desk_release(*talk.place)
        talk.tell("The bot has the conversation." if given else "Nothing was said yet.")
    elif line == "/undo":
        await _undo(talk)
    elif line == "/help":
        for name, told in COMMANDS.items():
            talk.tell(f"    {name:<9} {told}")
    elif line in COMMANDS:
        await _show(talk, line)
    else:
        talk.tell(f"There is no {line.split(maxsplit=1)[0]}. {HELP}")


async def _show(talk: Talk, line: str) -> None:
    if talk.last is None:
        talk.tell("Nothing was said yet.")
        return
    state = await talk.services.turns.session(*talk.place) or {}
    if line == "/trace":
        for name, told in trace(talk.last):
            talk.console.print(f"    [bold]{name:<11}[/]", end="")
            talk.tell(told, "none")
    elif line == "/slots":
        _tabled(talk, slots_table(talk.last, state), "Nothing is known yet.")
    elif line == "/stack":
        _tabled(talk, stack_table(state), "Nothing is under way.")
    else:
        talk.console.print_json(whole(talk.last))


def _tabled(talk: Talk, table: Table, empty: str) -> None:
    if table.row_count:
        talk.console.print(table)
    else:
        talk.tell(empty)


async def _undo(talk: Talk) -> None:
    """Go on where the conversation stood before the last message; a copy, for the past stays as it was."""
    page = await talk.services.past.page(*talk.place, before=None, limit=2)
    if page is None or not page.turns:
        talk.tell("Nothing was said yet.")
        return
    taken, before = page.turns[-1], page.turns[:-1]
    if not before:
        talk.go_on(_new_session())
    else:
        copied = await talk.services.past.fork(*talk.place, after=before[-1].message_id)
        if copied is None:
            talk.tell("That is too long ago: /reset begins anew.")
            return
        talk.go_on(copied, before[-1].answer)
    talk.tell(f"Taken back: {taken.message}")
    if done := deeds_of(taken.answer, talk.version.project):
        talk.tell(f"What was done stays done: {', '.join(done)}", "yellow")
