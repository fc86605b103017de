"""`/v1`: projects as models and turns as chat completions, so that any chat page for OpenAI's API is a front end.

The same turn as behind /chat, with the same keys, limits and locks; errors are problems that also have OpenAI's
`error`.
"""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Annotated, Final, cast

from fastapi import APIRouter, Header, Request, Response
from fastapi.sse import format_sse_event
from pydantic import JsonValue

from config.clock import utc_now
from graph.calls import Delta, Failed, TurnCall, TurnEvent
from graph.calls import Final as End
from serving.auth import Chatter
from serving.chat import EVENTS, Counted, PatientResponse, problems
from serving.completion_shapes import (
    Choice,
    Completion,
    CompletionRequest,
    Model,
    Models,
    ReplyMessage,
    usage_of,
)
from serving.continuing import Continued, Said, by_what_was_said, in_session
from serving.contract import ChatRequest, HistoryMessage, Identifier
from serving.figures import Figures
from serving.openai_errors import openai_error
from serving.problems import ProblemError, broken
from serving.reach import Open, project_of, projects_of, turn_in_its_language
from serving.streams import paced
from serving.strict import StrictRoute
from serving.text import to_json

CHANNEL: Final = "openai"

_ROLES: Final = {"user": "user", "assistant": "assistant"}
_HOUSEKEEPING: Final = re.compile(r"\s*### Task:.*<chat_history>", re.DOTALL)
_STREAM_EXAMPLE: Final = (
    'data: {"id":"chatcmpl-m-7","object":"chat.completion.chunk","created":1893456000,"model":"bank",'
    '"choices":[{"index":0,"delta":{"content":"Paranın "},"finish_reason":null}]}\n\ndata: [DONE]\n\n'
)

router = APIRouter(
    prefix="/v1", route_class=StrictRoute, tags=["openai"], responses=problems(400, 401, 403, 404, 429, 500, 503)
)

Session = Annotated[Identifier | None, Header(description="The conversation.")]
ChatId = Annotated[
    Identifier | None,
    Header(alias="X-OpenWebUI-Chat-Id", description="The conversation, as Open WebUI names it."),
]
Once = Annotated[
    Identifier | None, Header(description="The message's id: sent again, the first answer comes and nothing is done.")
]
Retry = Annotated[int, Header(alias="X-Stainless-Retry-Count", include_in_schema=False, ge=0)]


@router.get("/models")
async def models(caller: Chatter, services: Open, request: Request) -> Models:
    """The projects that the key reaches, as models."""
    began = int(cast(Figures, request.app.state.figures).started)
    found = [version.project for version in projects_of(caller, services.versions)]
    return Models(data=[Model(id=each.name, created=began, owned_by=each.tenant) for each in found])


@router.get("/models/{model}")
async def model(model: str, caller: Chatter, services: Open, request: Request) -> Model:
    """One project, as a model."""
    project = project_of(caller, services.versions, model).project
    began = int(cast(Figures, request.app.state.figures).started)
    return Model(id=project.name, created=began, owned_by=project.tenant)


@router.post(
    "/chat/completions",
    response_model=Completion,
    responses={
        200: {
            "description": "The answer; with `stream` pieces of it, then `[DONE]`.",
            "content": {"text/event-stream": {**EVENTS, "example": _STREAM_EXAMPLE}},
        },
        **problems(409, 413, 415),
    },
)
async def completions(
    body: CompletionRequest,
    request: Request,
    caller: Chatter,
    services: Open,
    *,
    x_session_id: Session = None,
    chat_id: ChatId = None,
    idempotency_key: Once = None,
    retry: Retry = 0,
) -> Response:
    """The last message as a turn.

    The conversation is named by `metadata.session_id`, a header or `user`; without any it is found by what was said.
    """
    said = _said(body, retried=retry > 0)
    if _HOUSEKEEPING.match(said.lines[-1][1]):
        return _not_a_turn(body)
    project = project_of(caller, services.versions, body.model).project
    named = (body.metadata and body.metadata.session_id) or x_session_id or chat_id or body.user
    at = (
        await in_session(services.past, project.tenant, project.name, named, said)
        if named
        else await by_what_was_said(services.past, project.tenant, project.name, said)
    )
    call = await turn_in_its_language(_as_chat(body, said, at, idempotency_key), caller, services)
    turns = Counted(services, cast(Figures, request.app.state.figures))
    if body.stream:
        seconds = cast(float, request.app.state.heartbeat_seconds)
        return await _streamed(turns.stream(call), _Pieces(call, body), seconds)
    return _json(_completion(call, cast(Mapping[str, JsonValue], await turns.answer(call))))


def _said(body: CompletionRequest, *, retried: bool) -> Said:
    lines = [(_ROLES[each.role], each.text) for each in body.messages if each.role in _ROLES]
    if body.messages[-1].role != "user":
        raise ProblemError(
            422,
            "validation",
            "messages: the last one must be the customer's, of role user",
            more={"errors": [{"field": "messages", "message": "the last one must be of role user"}]},
        )
    return Said(lines=lines, sent_again=retried)


def _as_chat(body: CompletionRequest, said: Said, at: Continued, message_id: str | None) -> ChatRequest:
    given = body.metadata
    kept = given.model_dump(exclude={"session_id", "locale"}) if given else {}
    return ChatRequest(
        message=said.lines[-1][1],
        session_id=at.session_id,
        project=body.model,
        channel_type=CHANNEL,
        locale=given.locale if given else None,
        history=[HistoryMessage(role=role, content=text) for role, text in said.lines[:-1]],
        metadata=kept,
        message_id=message_id or at.message_id,
    )


def _completion(call: TurnCall, answer: Mapping[str, JsonValue]) -> Completion:
    return Completion(
        id=f"chatcmpl-{answer.get('message_id') or call.message_id}",
        created=int(utc_now().timestamp()),
        model=call.project,
        choices=[Choice(message=ReplyMessage(content=str(answer.get("reply") or "")))],
        usage=usage_of(answer),
        system_fingerprint=str(answer["version"]) if answer.get("version") else None,
        switchboard=dict(answer),
    )


def _not_a_turn(body: CompletionRequest) -> Response:
    """Nothing, for what a chat page asks a model about the conversation (a title, tags): no customer said it."""
    call = TurnCall(tenant="", project=body.model, session_id="", message="", message_id="none")
    if not body.stream:
        return _json(_completion(call, {}))
    pieces = _Pieces(call, body)

    async def nothing() -> AsyncGenerator[bytes]:
        for piece in (pieces.first(), *pieces.last({})):
            yield piece

    return PatientResponse(nothing())


class _Pieces:
    """An answer in pieces."""

    def __init__(self, call: TurnCall, body: CompletionRequest) -> None:
        self._usage = body.wants_usage
        self._frame: dict[str, JsonValue] = {
            "id": f"chatcmpl-{call.message_id}",
            "object": "chat.completion.chunk",
            "created": int(utc_now().timestamp()),
            "model": call.project,
        }

    def of(self, event: TurnEvent) -> list[bytes]:
        """An event of the turn."""
        if isinstance(event, Delta):
            return [self._piece({"content": event.text})]
        if isinstance(event, Failed):
            return [_sse({"error": openai_error(event.kind, event.message, 500), "error_id": event.error_id}), _DONE]
        return self.last(event.answer)

    def first(self) -> bytes:
        """Who speaks."""
        return self._piece({"role": "assistant", "content": ""})

    def last(self, answer: Mapping[str, JsonValue]) -> list[bytes]:
        """The end, with the whole answer."""
        end = self._piece({}, finish="stop", more={"switchboard": dict(answer)})
        tokens = _sse({**self._frame, "choices": [], "usage": usage_of(answer).model_dump()})
        return [end, tokens, _DONE] if self._usage else [end, _DONE]

    def _piece(
        self, delta: JsonValue, *, finish: str | None = None, more: Mapping[str, JsonValue] | None = None
    ) -> bytes:
        choice: JsonValue = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _sse({**self._frame, "choices": [choice], **(more or {})})


async def _streamed(source: AsyncGenerator[TurnEvent], pieces: _Pieces, seconds: float) -> Response:
    # What is refused or broken before the first word is answered with its status.
    events = paced(source, seconds)
    first = await anext(events)
    if isinstance(first, Failed):
        await events.aclose()
        raise broken(first)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return PatientResponse(_encoded(first, events, pieces), headers=headers)


async def _encoded(
    first: TurnEvent | None, rest: AsyncGenerator[TurnEvent | None], pieces: _Pieces
) -> AsyncGenerator[bytes]:
    async with aclosing(rest):
        yield pieces.first()
        event: TurnEvent | None = first
        while True:
            for piece in [format_sse_event(comment="waiting")] if event is None else pieces.of(event):
                yield piece
            if isinstance(event, End | Failed):
                return
            event = await anext(rest)


def _sse(data: JsonValue) -> bytes:
    return format_sse_event(data_str=to_json(data))


_DONE: Final = format_sse_event(data_str="[DONE]")


def _json(completion: Completion) -> Response:
    return Response(to_json(completion.model_dump(mode="json")), media_type="application/json")
