"""Services that say what a test tells them to: the ports of the HTTP side, without a graph."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from config.catalog import build_catalog
from config.project import Project
from config.versions import Version
from dialogue.audience import EVERYBODY, Audience
from graph.calls import Delta, Failed, Final, TurnCall, TurnEvent, TurnRefusedError
from graph.forking import TurnPage
from graph.publishing import DraftState
from graph.releases import PublishRefusedError, Released, RollbackRefusedError
from graph.session_lists import SessionQuery
from graph.turn_log import LoggedTurn

Script = Callable[[TurnCall], Sequence[TurnEvent | float | Exception]]
"""What a turn does: events, pauses in seconds, and errors to raise."""


def make_version(name: str, tenant: str = "demo", **more: object) -> Version:
    """A project with nothing in it."""
    project = Project.model_validate({"name": name, "tenant": tenant, "locales": ["tr", "en"], **more})
    return Version(name="draft-1", project=project, folder=Path(), catalog=build_catalog({}), prompts={})


class FakeVersions:
    """Versions from a list."""

    def __init__(self, versions: Sequence[Version]) -> None:
        self._versions = sorted(versions, key=lambda version: (version.project.tenant, version.project.name))

    def all(self) -> list[Version]:
        return list(self._versions)

    def current(self, tenant: str, project: str) -> Version:
        return next(v for v in self._versions if (v.project.tenant, v.project.name) == (tenant, project))

    def get(self, tenant: str, project: str, version: str) -> Version:
        return self.current(tenant, project)


def answer(call: TurnCall, reply: str, **more: JsonValue) -> dict[str, JsonValue]:
    """A whole answer, as the contract has it."""
    return {
        "reply": reply,
        "confidence": 0.9,
        "should_transfer": False,
        "transfer_reason": None,
        "outcome": "answered",
        "intent": None,
        "slots": {},
        "asks": [],
        "citations": [],
        "session_id": call.session_id,
        "message_id": call.message_id or "made-up",
        "version": "draft-1",
        "locale": "tr",
        "metadata": {"diagnostics": {"engine": "embedded"}},
        **more,
    }


def echo(call: TurnCall) -> Sequence[TurnEvent | float | Exception]:
    """Says the message back in two pieces."""
    half = len(call.message) // 2
    return [Delta(call.message[:half]), Delta(call.message[half:]), Final(answer(call, call.message))]


@dataclass
class FakeTurns:
    """Turns that follow a script, once for each message id, in tasks of their own as the real ones."""

    script: Script = echo
    calls: list[TurnCall] = field(default_factory=list)
    said: dict[tuple[str, str, str], list[dict[str, JsonValue]]] = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=lambda: {"database": "ok"})
    languages: dict[str, str] = field(default_factory=dict)
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    drained: bool = False
    _done: dict[tuple[str, str, str], tuple[str, "asyncio.Task[list[TurnEvent]]"]] = field(default_factory=dict)

    async def run(self, call: TurnCall) -> Final | Failed:
        async for event in self.stream(call):
            if not isinstance(event, Delta):
                return event
        raise AssertionError("the script has no end")

    async def stream(self, call: TurnCall) -> AsyncIterator[TurnEvent]:
        key = (call.tenant, call.session_id, call.message_id or "")
        if key not in self._done:
            self.calls.append(call)
            queue: asyncio.Queue[TurnEvent | Exception | None] = asyncio.Queue()
            self._done[key] = (call.message, asyncio.create_task(self._play(call, queue)))
            while (event := await queue.get()) is not None:
                if isinstance(event, Exception):
                    raise event
                yield event
            return
        message, task = self._done[key]
        if message != call.message:
            raise TurnRefusedError("validation", "message_id: used for another message", status=409)
        skipped = 0
        for event in await asyncio.shield(task):
            if not isinstance(event, Delta):
                yield event
                continue
            rest = event.text[max(0, call.heard - skipped) :]
            skipped += len(event.text)
            if rest:
                yield Delta(rest)

    async def _play(self, call: TurnCall, queue: "asyncio.Queue[TurnEvent | Exception | None]") -> list[TurnEvent]:
        events: list[TurnEvent] = []
        for step in self.script(call):
            if isinstance(step, int | float):
                await asyncio.sleep(step)
                continue
            queue.put_nowait(step)
            if not isinstance(step, Exception):
                events.append(step)
        queue.put_nowait(None)
        self.said.setdefault((call.tenant, call.project, call.session_id), []).append(
            {"role": "user", "content": call.message}
        )
        self.finished.set()
        return events

    async def sessions(self, wanted: SessionQuery) -> tuple[list[dict[str, JsonValue]], int]:
        found: list[dict[str, JsonValue]] = [
            {"tenant": tenant, "project": project, "session_id": session_id}
            for tenant, project, session_id in self.said
            if tenant in wanted.tenants
            and wanted.project in (None, project)
            and wanted.session_id in (None, session_id)
            and wanted.owner in (None, "bot")
            and wanted.contains in session_id
        ]
        return found[wanted.offset : wanted.offset + wanted.limit], len(found)

    async def session(self, tenant: str, project: str, session_id: str) -> dict[str, JsonValue] | None:
        found = self.said.get((tenant, project, session_id))
        return None if found is None else {"session_id": session_id, "owner": "bot", "slots": {}}

    async def language(self, tenant: str, project: str, session_id: str) -> str | None:
        return self.languages.get(session_id)

    async def transcript(self, tenant: str, project: str, session_id: str) -> tuple[list[dict[str, str]], int] | None:
        found = self.said.get((tenant, project, session_id))
        if found is None:
            return None
        return [{"role": str(line["role"]), "content": str(line["content"])} for line in found], 0

    async def erase(self, tenant: str, project: str, session_id: str) -> bool:
        return self.said.pop((tenant, project, session_id), None) is not None

    async def desk_message(
        self, tenant: str, project: str, session_id: str, *, text: str, agent: str, message_id: str | None = None
    ) -> bool:
        found = self.said.get((tenant, project, session_id))
        if found is not None:
            found.append({"role": "assistant", "content": text, "agent": agent})
        return found is not None

    async def desk_take(self, tenant: str, project: str, session_id: str) -> bool:
        return await self.session(tenant, project, session_id) is not None

    async def desk_release(self, tenant: str, project: str, session_id: str) -> bool:
        return (tenant, project, session_id) in self.said

    def statistics(self) -> dict[str, JsonValue]:
        return {"active_sessions": len(self.said), "active_turns": 0}

    async def backlog(self) -> dict[str, dict[str, int]]:
        return {"turns": {"running": 0, "waiting": 0}}

    async def ready(self) -> dict[str, str]:
        return self.state

    async def drain(self, seconds: float) -> None:
        self.drained = True


@dataclass
class FakePast:
    """What the fake turns' sessions said, once a turn."""

    turns_of: FakeTurns

    async def turns(self, tenant: str, project: str, session_id: str) -> list[LoggedTurn]:
        said = self.turns_of.said.get((tenant, project, session_id), [])
        return [
            LoggedTurn(
                message_id=f"m{number}",
                fingerprint="f",
                message=str(line["content"]),
                answer=answer(TurnCall(tenant=tenant, project=project, session_id=session_id, message=""), "reply"),
            )
            for number, line in enumerate(said, 1)
        ]

    async def page(
        self, tenant: str, project: str, session_id: str, *, before: int | None, limit: int
    ) -> TurnPage | None:
        every = await self.turns(tenant, project, session_id)
        end = len(every) if before is None else before - 1
        first = max(0, end - limit)
        return TurnPage(first=first + 1, total=len(every), turns=every[first:end]) if every else None

    async def fork(self, tenant: str, project: str, session_id: str, *, after: str) -> str | None:
        known = [turn for turn in await self.turns(tenant, project, session_id) if turn.message_id == after]
        return f"{session_id}~fork-1" if known else None

    async def holding(self, tenant: str, project: str, message_id: str) -> list[tuple[str, LoggedTurn]]:
        return []

    async def forks(self, tenant: str, project: str, session_id: str) -> list[str]:
        return [key[2] for key in self.turns_of.said if key[2].startswith(f"{session_id}~fork-")]


@dataclass
class FakeKnowledge:
    """Documents in a dict."""

    stored: dict[tuple[str, str, str], bytes] = field(default_factory=dict)

    async def documents(self, tenant: str, project: str) -> list[dict[str, JsonValue]]:
        return [{"id": key[2], "name": key[2]} for key in self.stored if key[:2] == (tenant, project)]

    async def add(
        self,
        tenant: str,
        project: str,
        name: str,
        content: bytes,
        *,
        labels: Sequence[str] = (),
        channels: Sequence[str] = (),
    ) -> dict[str, JsonValue]:
        if not content:
            return {"name": name, "status": "refused", "reason": "the file is empty"}
        self.stored[tenant, project, name] = content
        return {"id": name, "name": name, "status": "indexed", "passages": 1}

    async def remove(self, tenant: str, project: str, document_id: str) -> bool:
        return self.stored.pop((tenant, project, document_id), None) is not None

    async def search(
        self,
        tenant: str,
        project: str,
        query: str,
        *,
        locale: str | None = None,
        limit: int = 10,
        audience: Audience = EVERYBODY,
    ) -> list[dict[str, JsonValue]]:
        found: list[dict[str, JsonValue]] = [
            {"source": key[2], "title": key[2], "score": 0.9, "text": content.decode()}
            for key, content in self.stored.items()
            if key[:2] == (tenant, project) and query.encode() in content
        ]
        return found[:limit]


class FakeChatwoot:
    """Nobody's Chatwoot."""

    def signed(self, project: Project, *, body: bytes, timestamp: str, signature: str) -> bool:
        return False

    async def say(self, project: Project, conversation: int, text: str, *, private: bool = False) -> bool:
        return False

    async def set_status(self, project: Project, conversation: int, status: str) -> bool:
        return False


@dataclass
class FakePublishing:
    """Publishes nothing, and lists one version of every project."""

    def drafts(self) -> list[DraftState]:
        return []

    async def listed(self, tenant: str, project: str) -> list[dict[str, JsonValue]]:
        return [{"version": "draft-1", "current": True}]

    async def publish(self, tenant: str, project: str, *, by: str, untested: bool = False) -> Released:
        raise PublishRefusedError("untested", "there is no scenario")

    async def rollback(self, tenant: str, project: str, *, by: str, to: str | None = None) -> Released:
        raise RollbackRefusedError("there is no version")

    async def remove(self, tenant: str, project: str, version: str) -> bool:
        return False


@dataclass
class FakeServices:
    """All of them together."""

    turns: FakeTurns = field(default_factory=FakeTurns)
    versions: FakeVersions = field(default_factory=lambda: FakeVersions([make_version("bank")]))
    knowledge: FakeKnowledge = field(default_factory=FakeKnowledge)
    chatwoot: FakeChatwoot = field(default_factory=FakeChatwoot)
    publishing: FakePublishing = field(default_factory=FakePublishing)

    @property
    def past(self) -> FakePast:
        return FakePast(self.turns)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["FakeServices"]:
        yield self
