"""Chatwoot's agent-bot webhook: its customers' messages become turns, its people's words enter the history.

A conversation that is pending is the bot's. A transfer opens it, which is how Chatwoot hands over; a person who opens
it takes it; resolved or set back to pending it is the bot's again. The webhook is answered at once and worked on after.

No customer is left without an answer: an event that cannot be stored is refused with 500, which Chatwoot 4 sends three
times before it opens the conversation to people (a 503 it does not repeat); one that fails later is opened by us.
https://github.com/chatwoot/chatwoot/blob/develop/app/jobs/agent_bots/webhook_job.rb
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal, cast

import structlog
from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, ConfigDict, ValidationError

from config.project import Project
from graph.calls import Failed, TurnCall, TurnRefusedError
from serving.chat import problems
from serving.contract import Done
from serving.ports import Services
from serving.problems import ProblemError
from serving.reach import Open
from serving.text import clean

CHANNEL: Final = "chatwoot"
REMEMBERED: Final = 10_000
"""Messages that are known to have come, so that one delivered twice is answered once."""
_MOST_CHARS: Final = 100_000

log = structlog.get_logger("serving")

router = APIRouter(prefix="/channels/chatwoot", tags=["channels"], responses=problems(400, 401, 413, 422))


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Account(_Part):
    """The account an event belongs to."""

    id: int | None = None


class Conversation(_Part):
    """The conversation a message stands in."""

    id: int
    status: str | None = None


class Sender(_Part):
    """Who wrote a message."""

    name: str | None = None
    type: str | None = None


class Event(_Part):
    """As much of a webhook's body as is read."""

    event: str
    id: int | None = None
    content: str | None = None
    message_type: str | int | None = None
    private: bool = False
    status: str | None = None
    account: Account | None = None
    conversation: Conversation | None = None
    sender: Sender | None = None

    @property
    def conversation_id(self) -> int | None:
        """The conversation: named by a message, itself the thing of every other event."""
        return self.conversation.id if self.conversation else self.id

    @property
    def direction(self) -> Literal["incoming", "outgoing", "other"]:
        """Whether a customer or the other side wrote; Chatwoot says it in words or in figures."""
        match self.message_type:
            case "incoming" | 0:
                return "incoming"
            case "outgoing" | 1:
                return "outgoing"
            case _:
                return "other"


@router.post("")
async def receive(
    request: Request,
    services: Open,
    x_chatwoot_signature: Annotated[str, Header()] = "",
    x_chatwoot_timestamp: Annotated[str, Header()] = "",
) -> Done:
    """Take an event of an agent bot; its signature says whose it is."""
    body = await request.body()
    project = _signed_by(services, body, x_chatwoot_timestamp, x_chatwoot_signature)
    try:
        event = Event.model_validate_json(body)
    except ValidationError:
        raise ProblemError(422, "validation", "The body is not an event of Chatwoot.") from None
    inbox = cast(Inbox, request.app.state.chatwoot)
    place = place_of(project, event)
    if place is not None:
        # Reads the session for the error alone: where the storage is down, Chatwoot is to send it again.
        await services.turns.session(*place.key)
        inbox.take(place, event)
    return Done()


def _signed_by(services: Services, body: bytes, timestamp: str, signature: str) -> Project:
    for version in services.versions.all():
        if services.chatwoot.signed(version.project, body=body, timestamp=timestamp, signature=signature):
            return version.project
    raise ProblemError(401, "unauthorized", "The signature is missing, old, or of no project here.")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A conversation of one project's Chatwoot."""

    project: Project
    conversation: int

    @property
    def session_id(self) -> str:
        """Its session's name."""
        account = self.project.transfer.chatwoot.account if self.project.transfer.chatwoot else 0
        return f"{CHANNEL}-{account}-{self.conversation}"

    @property
    def key(self) -> tuple[str, str, str]:
        """Tenant, project and session."""
        return self.project.tenant, self.project.name, self.session_id


def place_of(project: Project, event: Event) -> Place | None:
    """The conversation an event is about; None where it is none of this project's account."""
    chatwoot, conversation = project.transfer.chatwoot, event.conversation_id
    account = event.account.id if event.account else None
    elsewhere = account is not None and chatwoot is not None and account != chatwoot.account
    return None if conversation is None or elsewhere else Place(project=project, conversation=conversation)


class Inbox:
    """Works on events in the order of their arrival, one at a time in each conversation."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._tails: dict[tuple[str, str, str], asyncio.Task[None]] = {}
        self._seen: OrderedDict[tuple[str, str, int], None] = OrderedDict()

    def take(self, place: Place, event: Event) -> None:
        """Begin to work on an event, after those of its conversation before it."""
        if event.event == "message_created" and self._is_known(place.project, event):
            return
        task = asyncio.create_task(self._after(self._tails.get(place.key), place, event), name="chatwoot")
        self._tails[place.key] = task
        task.add_done_callback(lambda done: self._forget(place, done))

    async def drain(self, seconds: float) -> None:
        """Let what was taken be finished, `seconds` at most."""
        if self._tails:
            await asyncio.wait(self._tails.values(), timeout=seconds)

    def _forget(self, place: Place, done: "asyncio.Task[None]") -> None:
        if self._tails.get(place.key) is done:
            del self._tails[place.key]
        if not done.cancelled() and (error := done.exception()) is not None:
            log.error("chatwoot event failed", session_id=place.session_id, exc_info=error)

    def _is_known(self, project: Project, event: Event) -> bool:
        if event.id is None:
            return False
        key = (project.tenant, project.name, event.id)
        known = key in self._seen
        self._seen[key] = None
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return known

    async def _after(self, before: "asyncio.Task[None] | None", place: Place, event: Event) -> None:
        if before is not None:
            await asyncio.wait([before])
        if event.event == "message_created":
            await self._message(place, event)
        elif _gives_back(event):
            await self._services.turns.desk_release(*place.key)

    async def _message(self, place: Place, event: Event) -> None:
        if event.direction == "incoming" and not event.private:
            done = False
            try:
                await self._turn(place, event)
                done = True
            finally:
                if not done:
                    await self._answer(place, {"should_transfer": True}, came_back=False)
        elif event.direction == "outgoing" and not event.private and event.sender and event.sender.type == "user":
            await self._services.turns.desk_message(
                *place.key,
                text=clean(event.content or "")[:_MOST_CHARS] or "…",
                agent=clean(event.sender.name or "person")[:200],
                message_id=_message_id(event),
            )

    async def _turn(self, place: Place, event: Event) -> None:
        turns = self._services.turns
        status = event.conversation.status if event.conversation else None
        before = await turns.session(*place.key)
        muted_before = before is not None and before.get("owner") == "person"
        if status == "open" and not muted_before:
            # A person opened the conversation in Chatwoot, without any transfer of ours.
            if not await turns.desk_take(*place.key):
                return
            muted_before = True
        call = TurnCall(
            tenant=place.project.tenant,
            project=place.project.name,
            session_id=place.session_id,
            message=clean(event.content or "")[:_MOST_CHARS],
            message_id=_message_id(event),
            channel=CHANNEL,
        )
        try:
            end = await turns.run(call)
        except TurnRefusedError as error:
            log.warning("chatwoot turn refused", session_id=place.session_id, kind=error.kind)
            if error.kind != "busy":
                await self._answer(place, {"should_transfer": True, "transfer_reason": error.kind}, came_back=False)
            return
        if isinstance(end, Failed):
            await self._answer(place, {"reply": end.message, "should_transfer": True}, came_back=False)
            return
        came_back = muted_before and end.answer.get("outcome") not in ("muted", "transferred")
        await self._answer(place, end.answer, came_back=came_back)

    async def _answer(self, place: Place, answer: Mapping[str, object], *, came_back: bool) -> None:
        """Say the reply, then hand over where a person is wanted, or take back what nobody took."""
        chatwoot = self._services.chatwoot
        if answer.get("reply"):
            await chatwoot.say(place.project, place.conversation, str(answer["reply"]))
        if answer.get("should_transfer"):
            reason = str(answer.get("transfer_reason") or "service_error")
            await chatwoot.say(place.project, place.conversation, f"transfer: {reason}", private=True)
            await chatwoot.set_status(place.project, place.conversation, "open")
        elif came_back:
            await chatwoot.set_status(place.project, place.conversation, "pending")


def _gives_back(event: Event) -> bool:
    """Whether people are done with a conversation."""
    if event.event == "conversation_status_changed":
        return event.status in ("resolved", "pending")
    return event.event == "conversation_resolved"


def _message_id(event: Event) -> str | None:
    return None if event.id is None else f"{CHANNEL}-{event.id}"
