"""What the nodes need from outside, one narrow protocol each."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import JsonValue

from config.versions import Version
from dialogue.audience import EVERYBODY, Audience
from dialogue.citations import Citation
from dialogue.state import ModelUse, Passage, Plan, Receipt, Retrieval

Emit = Callable[[str], None]
"""Sends a piece of the reply to a streaming caller; a no-op where nobody streams."""


@dataclass(frozen=True, kw_only=True)
class ActionCall:
    """One planned action, with all that its templates may read."""

    plan: Plan
    tenant: str
    session_id: str
    flow_id: str
    locale: str
    channel: str
    variables: Mapping[str, JsonValue] = field(default_factory=dict)
    deadline: float | None = None
    """`asyncio` loop time at which the turn must have ended."""


class Actions(Protocol):
    """Calls the business's APIs.

    Where it cannot be known what was done before, LedgerUnavailableError is raised: the turn ends without an answer and
    is run again later. "Not known" is never told as "not done".
    """

    async def call(self, version: Version, call: ActionCall) -> Receipt:
        """Do it, at most once; what went wrong with the API is in the receipt, nothing is raised for it."""

    async def begun(self, version: Version, call: ActionCall) -> bool:
        """Whether a turn that was never answered may have done it already."""

    async def unanswered(
        self, version: Version, *, tenant: str, session_id: str, turn: int, flows: Collection[str]
    ) -> list[Receipt]:
        """What turns that were never answered did or may have done, oldest first.

        Known by flows that are still open (`flows`), though an action ends its flow, or that began in `turn` or later.
        """

    async def reconcile(
        self, version: Version, receipts: Sequence[Receipt], *, flows: Mapping[str, ActionCall], deadline: float | None
    ) -> list[Receipt]:
        """The same receipts, those in doubt with what their `status` action says; without those that had no effect.

        `flows` are the calls that open flows would make now, by flow.
        """


class KnowledgeBase(Protocol):
    """Finds passages; a tenant's project reaches only its own."""

    async def search(self, version: Version, query: str, *, locale: str, audience: Audience = EVERYBODY) -> Retrieval:
        """The best passages for `query` among those for `audience`, best first; a failure is noted, not raised."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An answer drawn from passages."""

    text: str
    citations: tuple[Citation, ...] = ()
    grounded: bool = True
    """False where a number or name of it stands in no passage."""
    fallback: bool = False
    """True for a fixed text: there was no evidence, or no usable answer."""
    models: tuple[ModelUse, ...] = ()
    notices: tuple[str, ...] = ()


class AnswerWriter(Protocol):
    """Words an answer from evidence."""

    async def write(
        self,
        version: Version,
        question: str,
        passages: Sequence[Passage],
        *,
        history: Sequence[Mapping[str, str]],
        locale: str,
        emit: Emit,
        deadline: float | None,
        model_allowed: bool,
    ) -> Draft:
        """Answer `question` from `passages` only; what is emitted joins to a beginning of the draft's text."""

    async def reword(
        self,
        version: Version,
        prompt: str,
        values: Mapping[str, JsonValue],
        *,
        locale: str,
        deadline: float | None,
        model_allowed: bool,
    ) -> Draft | None:
        """Word an action's answer by the author's `reply_prompt`; None where no model was asked.

        A `fallback` where it did not answer usably: no text, and what it cost.
        """


@dataclass(frozen=True, kw_only=True)
class Packet:
    """What a person at the desk is handed."""

    transfer_id: str
    tenant: str
    project: str
    session_id: str
    reason: str
    summary: str
    locale: str
    slots: Mapping[str, JsonValue]
    """Sensitive values masked."""
    open_flow: str | None
    transcript: Sequence[Mapping[str, str]]
    confidence: float | None


class DeskLine(Protocol):
    """Announces transfers to people."""

    async def announce(self, version: Version, packet: Packet) -> None:
        """Hand it over exactly once, retried until taken; returns at once, a failure is retried in the background."""

    async def forward(self, version: Version, *, session_id: str, message: str, message_id: str) -> None:
        """Pass on what a customer says while a person owns the session."""
