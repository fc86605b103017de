"""Fakes on the graph's ports, and a conversation over the real graph, saver and log."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from config.errors import ProjectNotFoundError, VersionNotFoundError
from config.project import Project
from config.settings import Settings
from config.versions import Version
from dialogue.audience import EVERYBODY, Audience
from dialogue.citations import Citation
from dialogue.commands import Command
from dialogue.state import ModelUse, Passage, Receipt, Retrieval
from graph.admission import Admission
from graph.build import build_graph
from graph.calls import Failed, Final, TurnCall
from graph.forking import PastTurns
from graph.mailbox import Mailbox
from graph.parts import Parts
from graph.storage import open_storage
from graph.turn_log import DatabaseTurnLog
from graph.turns import Turns
from models.budget import TokenBudget
from tests.dialogue.talking import NOW, version_of
from tools.ledger import ActionLedger
from tools.ports import ActionCall, Draft, Packet
from understanding.port import Situation, Understood


class OneVersion:
    """One project, in one version."""

    def __init__(self, version: Version) -> None:
        self.version = version

    def current(self, tenant: str, project: str) -> Version:
        if (tenant, project) != (self.version.project.tenant, self.version.project.name):
            raise ProjectNotFoundError(tenant, project)
        return self.version

    def get(self, tenant: str, project: str, version: str) -> Version:
        if version != self.version.name:
            raise VersionNotFoundError(tenant, project, version)
        return self.version

    def all(self) -> list[Version]:
        return [self.version]


class Script:
    """Understands what it was told, and nothing else."""

    def __init__(self, meanings: Mapping[str, Sequence[Command]]) -> None:
        self.meanings = dict(meanings)
        self.heard: list[Situation] = []
        self.pause = 0.0
        self.break_on: str | None = None
        self.certainty = 0.9
        self.models: tuple[ModelUse, ...] = ()

    async def prepare(self, version: Version) -> None:
        """Nothing to train."""

    async def understand(self, version: Version, situation: Situation) -> Understood:
        self.heard.append(situation)
        await asyncio.sleep(self.pause)
        if situation.message == self.break_on:
            raise ZeroDivisionError("secret words of an exception")
        commands = self.meanings.get(situation.message, ({"command": "unclear", "reason": "no_match"},))
        return Understood(commands=tuple(commands), certainty=self.certainty, engine="scripted", models=self.models)


class Business:
    """An API that answers at once and counts."""

    def __init__(self) -> None:
        self.calls: list[ActionCall] = []
        self.status: str = "succeeded"
        self.http_status = 201
        self.pause = 0.0
        self.under_way: set[str] = set()
        """Flows whose action a turn began that was never answered."""
        self.unsaid: list[Receipt] = []
        """What such turns came to."""

    async def begun(self, version: Version, call: ActionCall) -> bool:
        return call.flow_id in self.under_way

    async def unanswered(
        self, version: Version, *, tenant: str, session_id: str, turn: int, flows: Collection[str]
    ) -> list[Receipt]:
        return self.unsaid

    async def reconcile(
        self, version: Version, receipts: Sequence[Receipt], *, flows: Mapping[str, ActionCall], deadline: float | None
    ) -> list[Receipt]:
        return list(receipts)

    async def call(self, version: Version, call: ActionCall) -> Receipt:
        self.calls.append(call)
        await asyncio.sleep(self.pause)
        done = self.status == "succeeded"
        return Receipt(
            action=call.plan["action"],
            flow_id=call.flow_id,
            status="succeeded" if done else "unknown" if self.status == "unknown" else "failed",
            http_status=self.http_status,
            result={"reference": f"T-{len(self.calls)}"} if done else {},
            reference=f"T-{len(self.calls)}" if done else None,
            key="key",
            error=None if done else "api_error",
            ms=1.0,
            replayed=False,
        )


class Library:
    """Finds one passage, as surely as it is told to."""

    def __init__(self) -> None:
        self.queries: list[str] = []
        self.margin = 0.06
        self.failure: str | None = None
        self.knows = True

    async def search(self, version: Version, query: str, *, locale: str, audience: Audience = EVERYBODY) -> Retrieval:
        self.queries.append(query)
        passage = Passage(
            id="1",
            source="fees.md",
            title="Fees",
            heading="",
            text="A transfer costs 5 TL.",
            score=0.9,
            cosine=0.85,
            coverage=0.5,
        )
        found = [passage] if self.knows and not self.failure else []
        return Retrieval(
            query=query,
            passages=found,
            hits=len(found),
            max_score=0.9 if found else 0.0,
            margin=self.margin,
            baseline=0.85,
            crosses_language=False,
            insufficient=not found,
            failure=self.failure,
        )


class Writer:
    """Answers in the passage's words, in two pieces."""

    def __init__(self) -> None:
        self.pause = 0.0

    async def write(self, version: Version, question: str, passages: Sequence[Passage], **rest: object) -> Draft:
        emit = rest["emit"]
        assert callable(emit)
        emit("A transfer ")
        await asyncio.sleep(self.pause)
        emit("costs 5 TL.")
        cited = Citation(source="fees.md", title="Fees", score=0.9, text="A transfer costs 5 TL.")
        return Draft(text="A transfer costs 5 TL.", citations=(cited,))

    async def reword(
        self, version: Version, prompt: str, values: Mapping[str, JsonValue], **rest: object
    ) -> Draft | None:
        return None


class Desk:
    """Takes packets and messages."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.forwarded: list[str] = []

    async def announce(self, version: Version, packet: Packet) -> None:
        self.packets.append(packet)

    async def forward(self, version: Version, *, session_id: str, message: str, message_id: str) -> None:
        self.forwarded.append(message)


class Room:
    """One customer and the bot; everything but the ports is real."""

    def __init__(self, project: Project, script: Script, folder: Path, database: str | None = None) -> None:
        self.versions = OneVersion(version_of(project))
        self.script, self.library, self.desk = script, Library(), Desk()
        self.business: Any = Business()
        self.writer = Writer()
        self.folder, self.database = folder, database
        self.now: datetime = NOW
        self.admission: Admission | None = None
        self.turns: Turns
        self.past: PastTurns
        self.ledger: ActionLedger

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Room"]:
        parts = Parts(
            versions=self.versions,
            understanding=self.script,
            actions=self.business,
            knowledge=self.library,
            writer=self.writer,
            desk=self.desk,
            clock=lambda: self.now,
        )
        settings = Settings(_env_file=None, data=self.folder)
        if self.database:
            settings = settings.model_copy(update={"database": self.database})
        async with open_storage(settings) as storage:
            self.ledger = ledger = ActionLedger(storage.ledger, storage.owner)
            self.storage, self.log = storage, DatabaseTurnLog(storage.log)
            async with storage.saver() as saver:
                self.saver = saver
                graph = build_graph(parts, saver)
                self.past = PastTurns(graph, self.log, lambda: self.now)
                self.turns = Turns(
                    graph=graph,
                    turn_log=self.log,
                    mailbox=Mailbox(storage.log),
                    records=[ledger],
                    deeds=ledger,
                    versions=self.versions,
                    takeovers=parts.takeovers,
                    interruptions=parts.interruptions,
                    departures=parts.departures,
                    locks=storage.locks,
                    budget=TokenBudget(),
                    clock=lambda: self.now,
                    probes={},
                    admission=self.admission,
                )
                yield self

    def call(self, message: str, session: str = "s", **more: object) -> TurnCall:
        project = self.versions.version.project
        return TurnCall(tenant=project.tenant, project=project.name, session_id=session, message=message, **more)  # type: ignore[arg-type]

    async def says(self, message: str, session: str = "s", **more: object) -> Mapping[str, JsonValue]:
        end = await self.turns.run(self.call(message, session, **more))
        assert isinstance(end, Final), end
        return end.answer

    async def breaks(self, message: str) -> Failed:
        end = await self.turns.run(self.call(message))
        assert isinstance(end, Failed), end
        return end

    def later(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)


async def said_in(turns: Turns, tenant: str, project: str, session: str) -> list[dict[str, str]] | None:
    """The transcript's lines, oldest first; None where there is no such session."""
    found = await turns.transcript(tenant, project, session)
    return None if found is None else found[0]
