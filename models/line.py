"""One call at a time through a guarded line: a permit, one deadline, one more try where nothing was shown yet."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any, Final, cast

import httpx2
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_random

from models.breaker import Breaker, BreakerOpenError, Passage
from models.failures import Trouble, TroubleError, classify
from models.fragments import gather
from models.requests import Request
from models.streams import ReplyStream

_SHORTEST_TRY: Final = 0.3
"""Seconds that must be left after the pause for another try to make sense."""
_CHARACTERS_A_TOKEN: Final = 12
"""More than any language needs: what bounds a backend that ignores max_tokens."""


class Line:
    """The way to one backend."""

    def __init__(
        self,
        *,
        whole: BaseChatModel,
        streaming: BaseChatModel,
        client: httpx2.AsyncClient,
        breaker: Breaker,
        most: int,
    ) -> None:
        self._whole = whole
        self._streaming = streaming
        self._client = client
        self._breaker = breaker
        self._slots = asyncio.Semaphore(most)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def ask(self, request: Request, until: float, *, whole: bool = True) -> AIMessage:
        """The whole answer, put together from a stream where the backend gives it no other way; raises TroubleError."""
        return await _retrying(until)(self._ask, request, until, whole=whole)

    async def open_stream(
        self, request: Request, until: float, *, usage: bool, max_tokens: int
    ) -> tuple[ReplyStream, str]:
        """A stream and its first piece to show, empty where there is none; raises TroubleError."""
        return await _retrying(until)(self._open, request, until, usage=usage, max_tokens=max_tokens)

    async def _ask(self, request: Request, until: float, *, whole: bool) -> AIMessage:
        async with self._permit(until) as passage:
            try:
                async with asyncio.timeout_at(until):
                    message = await (self._at_once(request) if whole else self._gathered(request, until))
            except TimeoutError as error:
                passage.failed()
                raise TroubleError(Trouble(kind="timeout", detail="deadline")) from error
            except TroubleError as error:
                (passage.failed if error.trouble.backend_down else passage.succeeded)()
                raise
            except Exception as error:  # the client libraries raise from unrelated trees
                trouble = classify(error)
                (passage.failed if trouble.backend_down else passage.succeeded)()
                raise TroubleError(trouble) from error
            passage.succeeded()
            return message

    async def _at_once(self, request: Request) -> AIMessage:
        options: dict[str, Any] = request.options
        return await self._whole.ainvoke(request.messages, None, **options)

    async def _gathered(self, request: Request, until: float) -> AIMessage:
        options: dict[str, Any] = request.options
        chunks = cast(
            "AsyncGenerator[AIMessage]", self._streaming.astream(request.messages, None, stream_usage=False, **options)
        )
        async with aclosing(chunks):
            return await gather(chunks, until)

    async def _open(self, request: Request, until: float, *, usage: bool, max_tokens: int) -> tuple[ReplyStream, str]:
        options: dict[str, Any] = request.options
        async with AsyncExitStack() as stack:
            passage = await stack.enter_async_context(self._permit(until))
            chunks = cast(
                "AsyncGenerator[AIMessage]",  # the library promises an iterator; its end must be called
                self._streaming.astream(request.messages, None, stream_usage=usage, **options),
            )
            longest = max_tokens * _CHARACTERS_A_TOKEN
            permit = AsyncExitStack()
            stream = ReplyStream(chunks, permit=permit, passage=passage, until=until, longest=longest)
            try:
                first = await stream.piece()
            except BaseException:
                await stream.close()
                raise
            permit.push_async_exit(stack.pop_all())
            return stream, first or ""

    @asynccontextmanager
    async def _permit(self, until: float) -> AsyncIterator[Passage]:
        try:
            passage = self._breaker.passage()
        except BreakerOpenError as error:
            raise TroubleError(Trouble(kind="unavailable", detail="circuit_open")) from error
        with passage:
            try:
                async with asyncio.timeout_at(until):
                    await self._slots.acquire()
            except TimeoutError as error:
                raise TroubleError(Trouble(kind="timeout", detail="busy")) from error
            try:
                yield passage
            finally:
                self._slots.release()


def _retrying(until: float) -> AsyncRetrying:
    loop = asyncio.get_running_loop()

    def enough(state: RetryCallState) -> bool:
        return state.attempt_number > 1 or loop.time() + state.upcoming_sleep + _SHORTEST_TRY > until

    return AsyncRetrying(
        stop=enough,
        wait=_pause,
        retry=retry_if_exception(lambda error: isinstance(error, TroubleError) and error.trouble.transient),
        reraise=True,
    )


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, TroubleError) and error.trouble.retry_after is not None:
        return error.trouble.retry_after
    return wait_random(0.05, 0.25)(state)
