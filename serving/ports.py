"""What the HTTP side needs of the rest: the turns, the versions, the knowledge."""

from collections.abc import AsyncIterator, Sequence
from typing import Literal, Protocol

from pydantic import JsonValue

from config.project import Project
from config.versions import Versions
from dialogue.audience import EVERYBODY, Audience
from graph.calls import Failed, Final, TurnCall, TurnEvent
from graph.forking import Past
from graph.releases import Released
from graph.session_lists import SessionQuery


class Turns(Protocol):
    """Runs turns, one at a time per session, and knows the sessions."""

    async def run(self, call: TurnCall) -> Final | Failed:
        """One turn, waited for; raises TurnRefusedError where it was not begun."""

    def stream(self, call: TurnCall) -> AsyncIterator[TurnEvent]:
        """One turn in pieces and exactly one end; raises TurnRefusedError before the first event."""

    async def sessions(self, wanted: SessionQuery) -> tuple[list[dict[str, JsonValue]], int]:
        """A page of sessions, each with at least `tenant`, `project` and `session_id`, and how many there are."""

    async def session(self, tenant: str, project: str, session_id: str) -> dict[str, JsonValue] | None:
        """State, slots, open question, stack, owner and counters; None where there is no such session."""

    async def language(self, tenant: str, project: str, session_id: str) -> str | None:
        """The session's language; None where it is not known, for whatever reason."""

    async def transcript(self, tenant: str, project: str, session_id: str) -> tuple[list[dict[str, str]], int] | None:
        """The transcript, oldest first, and how many messages were before it; None where there is no such session."""

    async def erase(self, tenant: str, project: str, session_id: str) -> bool:
        """Forget all of the session; False where there is none."""

    async def desk_message(
        self, tenant: str, project: str, session_id: str, *, text: str, agent: str, message_id: str | None = None
    ) -> bool:
        """Enter a person's words into the history; False where there is no such session."""

    async def desk_take(self, tenant: str, project: str, session_id: str) -> bool:
        """A person has the session, though nothing was said yet; False where there is no such session."""

    async def desk_release(self, tenant: str, project: str, session_id: str) -> bool:
        """Give the session back to the bot; False where there is no such session."""

    def statistics(self) -> dict[str, JsonValue]:
        """Sessions and turns of this process."""

    async def backlog(self) -> dict[str, dict[str, int]]:
        """How many there are at this moment, by kind and state: `turns`, `ledger`, `desk`."""

    async def ready(self) -> dict[str, str]:
        """Every dependency with `ok` or what is wrong with it."""

    async def drain(self, seconds: float) -> None:
        """Let running turns end, `seconds` at most."""


class KnowledgeAdmin(Protocol):
    """A project's documents; a tenant's project reaches only its own."""

    async def documents(self, tenant: str, project: str) -> list[dict[str, JsonValue]]:
        """The documents, each with at least its `id` and `name`."""

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
        """Read and index one document; `status` is `refused` and `reason` says why where it cannot be."""

    async def remove(self, tenant: str, project: str, document_id: str) -> bool:
        """Forget one document; False where there is none."""

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
        """The passages retrieval finds, best first, with their scores."""


class Chatwoot(Protocol):
    """Speaks to the Chatwoot accounts whose agent bots the projects are."""

    def signed(self, project: Project, *, body: bytes, timestamp: str, signature: str) -> bool:
        """Whether this project's Chatwoot signed the body just now."""

    async def say(self, project: Project, conversation: int, text: str, *, private: bool = False) -> bool:
        """Write into a conversation, to people only where `private`; False where Chatwoot did not take it."""

    async def set_status(self, project: Project, conversation: int, status: Literal["open", "pending"]) -> bool:
        """Hand a conversation to people, or to the bot; False where Chatwoot did not take it."""


class DraftState(Protocol):
    """A working folder as its author wants to know it."""

    @property
    def tenant(self) -> str:
        """Whose it is."""

    @property
    def project(self) -> str:
        """Its name."""

    @property
    def version(self) -> str | None:
        """The last valid one; None where it never was valid."""

    @property
    def problems(self) -> Sequence[str]:
        """What is wrong with the files as they are now, one line each."""


class Publishing(Protocol):
    """The projects' versions."""

    def drafts(self) -> Sequence[DraftState]:
        """The working folders, of all tenants."""

    async def listed(self, tenant: str, project: str) -> list[dict[str, JsonValue]]:
        """The versions, each with at least its `version` and whether it is `current`."""

    async def publish(self, tenant: str, project: str, *, by: str, untested: bool = False) -> Released:
        """Publish the working folder; raises PublishRefusedError or GateBrokenError."""

    async def rollback(self, tenant: str, project: str, *, by: str, to: str | None = None) -> Released:
        """Let new sessions take an earlier version again; raises RollbackRefusedError."""

    async def remove(self, tenant: str, project: str, version: str) -> bool:
        """Remove a version that nobody needs; False where there is none. Raises VersionKeptError."""


class Services(Protocol):
    """Everything a request may use; opened once a process."""

    @property
    def turns(self) -> Turns:
        """Runs turns."""

    @property
    def versions(self) -> Versions:
        """The projects served."""

    @property
    def knowledge(self) -> KnowledgeAdmin:
        """Their documents."""

    @property
    def past(self) -> Past:
        """Their finished turns."""

    @property
    def chatwoot(self) -> Chatwoot:
        """Their Chatwoot accounts."""

    @property
    def publishing(self) -> Publishing:
        """Their versions."""
