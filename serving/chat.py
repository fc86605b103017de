"""POST /chat: one turn, as one JSON answer or as server-sent events; the Accept header says which."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Annotated, cast

from fastapi import APIRouter, Header, Request, Response
from fastapi.sse import EventSourceResponse, format_sse_event
from pydantic import JsonValue
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from graph.calls import Delta, Failed, Final, TurnCall, TurnEvent, TurnRefusedError
from serving.auth import Visitor
from serving.contract import ChatAnswer, ChatRequest
from serving.cross_origin import for_visitor, from_visitor, refuse_guessable
from serving.figures import Figures
from serving.ports import Services
from serving.problems import broken, internal
from serving.reach import Open, apology, turn_in_its_language
from serving.resuming import Place, named_by, place_in
from serving.streams import in_order, paced
from serving.strict import StrictRoute
from serving.text import to_json

SEND_SECONDS = 30.0
"""A reader who takes nothing for so long is taken to be gone."""

HEARTBEAT_SECONDS = 10.0
"""Silence after which a comment keeps proxies from cutting the stream."""

_STREAM_EXAMPLE = (
    'event: message\ndata: {"type":"message","delta":"500 TL\'yi "}\nid: m-7:1.10\n\n'
    'event: final\ndata: {"type":"final","reply":"…","outcome":"asked"}\nid: m-7:2.10\n\n'
)
EVENTS = {
    "itemSchema": {
        "type": "object",
        "properties": {"event": {"type": "string"}, "data": {"type": "string"}, "id": {"type": "string"}},
        "required": ["data"],
    },
}
"""What OpenAPI says of a stream: what an event of it is, in the word of its version 3.2 that FastAPI uses too."""

_PROBLEMS = {
    400: "Not JSON, not UTF-8, or more than one key.",
    401: "No valid key.",
    403: "The key's role does not reach this.",
    404: "No such project, session or document, or not yours.",
    409: "The same message_id with another text, or the session is busy.",
    408: "The body did not come in time.",
    413: "Too large.",
    415: "Not application/json.",
    422: "A field is missing or wrong; `errors` names it.",
    429: "Too many turns; `Retry-After` says when to come back.",
    500: "The turn broke; `reply` is an apology to show.",
    503: "A dependency is not ready.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, object]]:
    """What OpenAPI says of these errors."""
    return {
        status: {
            "description": _PROBLEMS[status],
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


router = APIRouter(route_class=StrictRoute, tags=["chat"])


@router.post(
    "/chat",
    response_model=ChatAnswer,
    responses={
        200: {
            "description": "The answer; with `Accept: text/event-stream` pieces of it, then one `final` or `error`.",
            "content": {"text/event-stream": {**EVENTS, "example": _STREAM_EXAMPLE}},
        },
        **problems(400, 401, 404, 409, 413, 415, 422, 429, 500, 503),
    },
)
async def chat(
    body: ChatRequest,
    request: Request,
    caller: Visitor,
    services: Open,
    *,
    accept: Annotated[str, Header(include_in_schema=False)] = "*/*",
    last_event_id: Annotated[str, Header(description="Go on with a stream that broke off behind this event.")] = "",
) -> Response:
    """Say something to a bot."""
    refuse_guessable(caller, body.session_id)
    body = named_by(body, last_event_id)
    call = await turn_in_its_language(from_visitor(body) if caller.public else body, caller, services)
    turns = Counted(services, cast(Figures, request.app.state.figures), to=for_visitor if caller.public else dict)
    if wants_stream(accept):
        seconds = cast(float, request.app.state.heartbeat_seconds)
        place = place_in(call, last_event_id)
        return await _streamed(turns.stream(replace(call, heard=place.heard)), place, seconds)
    async with listening(request) as left:
        return Response(to_json(await turns.answer(replace(call, left=left))), media_type="application/json")


@asynccontextmanager
async def listening(request: Request) -> AsyncIterator[Callable[[], bool]]:
    """Says whether the caller of a request, whose body has been read, has hung up meanwhile."""
    leaving = asyncio.ensure_future(_leaving(request))
    try:
        yield lambda: leaving.done() and not leaving.cancelled()
    finally:
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)


async def _leaving(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


Shape = Callable[[Mapping[str, JsonValue]], dict[str, JsonValue]]
"""What of an answer its caller gets."""


class Counted:
    """Runs turns and counts what became of them."""

    def __init__(self, services: Services, figures: Figures, *, to: Shape = dict) -> None:
        self._to = to
        self._turns = services.turns
        self._services = services
        self._figures = figures

    async def answer(self, call: TurnCall) -> JsonValue:
        """The whole answer; a turn that broke is raised as a problem, one that was not begun as it is."""
        try:
            event = await self._turns.run(call)
        except TurnRefusedError as error:
            self._figures.refused(error.kind)
            raise
        except Exception as error:  # noqa: BLE001 - the server's edge: one turn's fault is one turn's answer
            problem = internal(error, where="turn")
            event = Failed(
                kind="internal_error",
                message=await apology(self._services, call, "internal_error"),
                error_id=problem.error_id,
            )
        self._count(event)
        if isinstance(event, Failed):
            raise broken(event)
        return self._to(event.answer)

    async def stream(self, call: TurnCall) -> AsyncGenerator[TurnEvent]:
        """The pieces and one end."""
        try:
            async for event in in_order(
                self._turns.stream(call), partial(apology, self._services, call), heard=call.heard
            ):
                self._count(event)
                yield Final(self._to(event.answer)) if isinstance(event, Final) else event
        except TurnRefusedError as error:
            self._figures.refused(error.kind)
            raise

    def _count(self, event: TurnEvent) -> None:
        if isinstance(event, Final):
            self._figures.answered(event.answer)
        elif isinstance(event, Failed):
            self._figures.refused(event.kind)


class PatientResponse(EventSourceResponse):
    """A stream that does not wait for ever for a reader who takes nothing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; raises ClientDisconnect where the reader stopped reading."""

        async def soon(message: Message) -> None:
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await send(message)
            except TimeoutError:
                raise ClientDisconnect from None

        await super().__call__(scope, receive, soon)


async def _streamed(source: AsyncGenerator[TurnEvent], place: Place, seconds: float) -> Response:
    # The first event is waited for, so that a turn that is refused is answered with its status; a slow one begins
    # the stream with a heartbeat.
    events = paced(source, seconds)
    first = await anext(events)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return PatientResponse(_encoded(first, events, place=place), headers=headers)


async def _encoded(
    first: TurnEvent | None, rest: AsyncGenerator[TurnEvent | None], *, place: Place
) -> AsyncGenerator[bytes]:
    # Each event has an id, and its own name in its data.
    event: TurnEvent | _End | None = first
    async with aclosing(rest):
        while not isinstance(event, _End):
            place = place if event is None else place.after(event)
            yield _encode(event, str(place))
            event = await anext(rest, _END)


class _End:
    pass


_END = _End()


def _encode(event: TurnEvent | None, name: str) -> bytes:
    if event is None:
        return format_sse_event(comment="waiting")
    kind, data = sse_data(event)
    return format_sse_event(data_str=to_json({"type": kind, **data}), event=kind, id=name)


def sse_data(event: TurnEvent) -> tuple[str, dict[str, JsonValue]]:
    """An event's name and data, as the contract has them."""
    if isinstance(event, Delta):
        return "message", {"delta": event.text}
    if isinstance(event, Final):
        return "final", dict(event.answer)
    return "error", failure_data(event)


def failure_data(event: Failed) -> dict[str, JsonValue]:
    """What a caller is told of a turn that broke."""
    return {
        "code": event.kind,
        "message": event.message,
        "error_id": event.error_id,
        "should_transfer": event.should_transfer,
    }


def wants_stream(accept: str) -> bool:
    """Whether a stream is named, and named before or above JSON."""
    ranks = {"text/event-stream": 0.0, "application/json": 0.0}
    first = ""
    for item in accept.split(","):
        media, *parameters = [part.strip().lower() for part in item.split(";")]
        if media in ranks:
            first = first or media
            ranks[media] = _quality(parameters)
    stream, plain = ranks["text/event-stream"], ranks["application/json"]
    return stream > plain or (stream == plain > 0 and first == "text/event-stream")


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0
