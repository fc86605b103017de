"""LangServe at /agent: the same turn behind its invoke, batch, stream and schema endpoints.

A thin door that nothing else depends on. The caller comes from the request's credentials; all of LangServe's `config`
is ignored. What happens inside a turn leaves only through `stream_events` and the playground, which are off unless
the service runs in debug mode.
"""

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from typing import Any, cast

from fastapi import APIRouter, Depends, Request
from langchain_core.runnables import Runnable, RunnableConfig
from langserve import add_routes
from langserve.schema import CustomUserType
from langserve.server import EndpointName
from pydantic import BaseModel, GetJsonSchemaHandler, JsonValue
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from graph.calls import Delta, Failed, TurnCall, TurnEvent, TurnRefusedError
from serving.auth import Caller, Chatter
from serving.chat import Counted, failure_data
from serving.contract import ChatAnswer, ChatRequest
from serving.figures import Figures
from serving.ports import Services
from serving.problems import ProblemError, new_error_id
from serving.reach import turn_in_its_language, turn_of
from serving.strict import StrictRoute

BATCH_LIMIT = 32
BATCH_PARALLEL = 4

_ALWAYS: tuple[EndpointName, ...] = ("invoke", "batch", "stream", "input_schema", "output_schema", "config_schema")
_DEBUG: tuple[EndpointName, ...] = ("stream_log", "stream_events", "playground")

Answer = dict[str, Any]
"""An answer, or a piece of one, as LangChain passes it on."""

_caller: ContextVar[Caller] = ContextVar("switchboard_caller")
"""Who sent the request under way; LangServe has no way to hand it to a runnable."""


class AgentRequest(ChatRequest, CustomUserType):
    """The body of /chat."""

    # CustomUserType makes LangServe hand over the model and not a dict.

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Without alternatives: the playground's form stays blank where a field may be null or of two types."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        schema["properties"] = {name: _first_choice(field) for name, field in schema["properties"].items()}
        schema["properties"]["history"]["items"] = _HISTORY_ITEM
        return schema


_HISTORY_ITEM: JsonValue = {
    "type": "object",
    "properties": {"role": {"type": "string", "enum": ["user", "assistant"]}, "content": {"type": "string"}},
    "required": ["role", "content"],
}


def _first_choice(field: JsonSchemaValue) -> JsonSchemaValue:
    choices = field.get("anyOf")
    if not choices:
        return field
    rest = {key: value for key, value in field.items() if key not in ("anyOf", "default")}
    return {**choices[0], **rest}


class ChatRunnable(Runnable[AgentRequest, Answer]):
    """One turn as a Runnable."""

    name = "chat"

    def __init__(self, services: Callable[[], Services], figures: Figures, *, traced: bool) -> None:
        self._services = services
        self._figures = figures
        self._traced = traced

    @property
    def InputType(self) -> type[AgentRequest]:  # noqa: N802 - the name is LangChain's
        """What it takes."""
        return AgentRequest

    @property
    def OutputType(self) -> type[Answer]:  # noqa: N802 - the name is LangChain's
        """What it gives."""
        return Answer

    # The signatures are LangChain's: a runnable is called with a config, and this one ignores it.
    def get_input_schema(self, config: RunnableConfig | None = None) -> type[BaseModel]:  # noqa: ARG002
        """The class itself, so that no model is built per request."""
        return AgentRequest

    def get_output_schema(self, config: RunnableConfig | None = None) -> type[BaseModel]:  # noqa: ARG002
        """The class itself, so that no model is built per request."""
        return ChatAnswer

    def invoke(self, input: AgentRequest, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:  # noqa: A002, ARG002
        """Not offered: a turn is asynchronous, and LangServe calls `ainvoke` only."""
        raise TypeError("a turn is asynchronous: use ainvoke")

    async def ainvoke(self, input: AgentRequest, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:  # noqa: A002, ARG002
        """The whole answer."""
        return cast(Answer, await self._turns().answer(self._call(input)))

    async def abatch(
        self,
        inputs: list[AgentRequest],
        config: RunnableConfig | list[RunnableConfig] | None = None,  # noqa: ARG002
        *,
        return_exceptions: bool = False,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> list[Answer]:
        """Answers in the order of the inputs; a turn that broke answers with outcome `failed`, the others stand."""
        calls = [self._call(item) for item in inputs]
        turns, free = self._turns(), asyncio.Semaphore(BATCH_PARALLEL)
        return list(await asyncio.gather(*(_one_of_batch(turns, call, free) for call in calls)))

    async def astream(
        self,
        input: AgentRequest,  # noqa: A002
        config: RunnableConfig | None = None,
        **kwargs: Any,  # noqa: ARG002
    ) -> AsyncIterator[Answer]:
        """Pieces that add up: deltas, then `final` or `error`."""
        if not self._traced:
            async for chunk in self._chunks(input):
                yield chunk
            return

        async def once() -> AsyncIterator[AgentRequest]:
            yield input

        async def traced(requests: AsyncIterator[AgentRequest]) -> AsyncIterator[Answer]:
            async for request in requests:
                async for chunk in self._chunks(request):
                    yield chunk

        # LangChain's own wrapper: it tells the callbacks of stream_events and the playground.
        async for chunk in self._atransform_stream_with_config(once(), traced, config):
            yield chunk

    async def _chunks(self, request: AgentRequest) -> AsyncIterator[Answer]:
        # An error raised here would cut the connection: it is told in the stream.
        try:
            async for event in self._turns().stream(self._call(request)):
                yield _chunk(event)
        except ProblemError as error:
            yield _error(error.kind, error.detail, error.error_id)
        except TurnRefusedError as error:
            yield _error(error.kind, error.reply or error.detail, new_error_id())

    def _turns(self) -> Counted:
        return Counted(self._services(), self._figures)

    def _call(self, request: AgentRequest) -> TurnCall:
        return turn_of(request, _caller.get(), self._services().versions)


async def _one_of_batch(turns: Counted, call: TurnCall, free: asyncio.Semaphore) -> Answer:
    async with free:
        try:
            return cast(Answer, await turns.answer(call))
        except ProblemError as error:
            return failed_answer(call, error.kind, error.detail, error.error_id)
        except TurnRefusedError as error:
            return failed_answer(call, error.kind, error.reply or error.detail, new_error_id())


def _chunk(event: TurnEvent) -> Answer:
    if isinstance(event, Delta):
        return {"delta": event.text}
    if isinstance(event, Failed):
        return {"error": failure_data(event)}
    return {"final": dict(event.answer)}


def _error(kind: str, message: str, error_id: str) -> Answer:
    return _chunk(Failed(kind=kind, message=message, error_id=error_id, should_transfer=False))


def failed_answer(call: TurnCall, kind: str, message: str, error_id: str) -> Answer:
    """The answer of a turn in a batch that could not be answered."""
    diagnostics: JsonValue = {"error": {"kind": kind, "error_id": error_id}}
    return {
        "reply": message,
        "confidence": 0.0,
        "should_transfer": kind == "internal_error",
        "transfer_reason": "service_error" if kind == "internal_error" else None,
        "outcome": "failed",
        "session_id": call.session_id,
        "message_id": call.message_id or "",
        "metadata": {"diagnostics": diagnostics},
    }


async def _remember_caller(caller: Chatter) -> None:
    _caller.set(caller)


async def _check_input(request: Request) -> None:
    """Refuse what the runnable could not refuse cleanly: once a stream has begun there is no status left to send."""
    if request.method != "POST":
        return
    body = await request.json()
    if not isinstance(body, dict):
        return  # LangServe refuses it by name
    # All of it is ignored, and of some of it LangServe makes a 500. What is read once is read by LangServe too.
    body.pop("config", None)
    _check_batch(body.get("inputs", []))
    if isinstance(body.get("input"), dict):
        services = cast(Services, request.app.state.services)
        await turn_in_its_language(AgentRequest.model_validate(body["input"]), _caller.get(), services)


def _check_batch(inputs: JsonValue) -> None:
    if not isinstance(inputs, list):
        raise ProblemError(422, "validation", "inputs: must be a list")
    if len(inputs) > BATCH_LIMIT:
        raise ProblemError(413, "too_large", f"inputs: at most {BATCH_LIMIT} in one batch, these are {len(inputs)}.")


def agent_router(services: Callable[[], Services], figures: Figures, *, debug: bool) -> APIRouter:
    """The routes; `services` is asked at each request, because they are opened after the routes are made."""
    router = APIRouter(route_class=StrictRoute, tags=["agent"])
    with warnings.catch_warnings():
        # add_routes registers a start-up banner by a deprecated call; the app's lifespan never runs it.
        warnings.simplefilter("ignore", DeprecationWarning)
        add_routes(
            router,
            ChatRunnable(services, figures, traced=debug),
            path="/agent",
            config_keys=(),
            dependencies=[Depends(_remember_caller), Depends(_check_input)],
            enabled_endpoints=[*_ALWAYS, *(_DEBUG if debug else ())],
        )
    return router
