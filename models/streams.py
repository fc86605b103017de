"""A reply while it arrives: cleaned pieces, one deadline, and what the stream said of itself at its end."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Final

from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata

from models.breaker import Passage
from models.failures import Trouble, TroubleError, classify
from models.replies import ReplyCleaner

_GRACE: Final = 1.0
"""Seconds a stream may take to close after it said that it is finished: only the usage is still to come."""


class ReplyStream:
    """One streamed answer; holds its permit until it is closed."""

    def __init__(
        self, chunks: AsyncGenerator[AIMessage], *, permit: AsyncExitStack, passage: Passage, until: float, longest: int
    ) -> None:
        self.text = ""
        """What was shown, all of it."""
        self.usage: UsageMetadata | None = None
        self.finish_reason: str | None = None
        self._chunks = chunks
        self._permit = permit
        self._passage = passage
        self._until = until
        self._longest = longest
        self._cleaner = ReplyCleaner()
        self._ended = False

    async def piece(self) -> str | None:
        """The next piece to show, None at the end; raises TroubleError."""
        while not self._ended:
            chunk = await self._next()
            if chunk is None:
                self._ended = True
                shown = self._cleaner.finish()
            else:
                self._note(chunk)
                shown = self._cleaner.feed(chunk.text)
            if len(self.text) + len(shown) > self._longest:
                raise TroubleError(Trouble(kind="incomplete", detail="too_long"))
            if shown:
                self.text += shown
                return shown
        return None

    async def close(self) -> None:
        """Let the connection and the permit go."""
        try:
            await self._chunks.aclose()
        finally:
            await self._permit.aclose()

    async def _next(self) -> AIMessage | None:
        loop = asyncio.get_running_loop()
        until = self._until if self.finish_reason is None else min(self._until, loop.time() + _GRACE)
        try:
            # Also checked here: a stream that always has something buffered never lets the timeout's callback run.
            if loop.time() > self._until:
                raise TimeoutError  # noqa: TRY301 -- the same outcome as the timeout below
            async with asyncio.timeout_at(until):
                chunk = await anext(self._chunks)
        except StopAsyncIteration:
            self._passage.succeeded()
            return None
        except TimeoutError as error:
            if self.finish_reason is not None:
                self._passage.succeeded()
                return None
            self._passage.failed()
            raise TroubleError(Trouble(kind="timeout", detail="deadline")) from error
        except Exception as error:  # the client libraries raise from unrelated trees
            trouble = classify(error)
            (self._passage.failed if trouble.backend_down else self._passage.succeeded)()
            raise TroubleError(trouble) from error
        return chunk

    def _note(self, chunk: AIMessage) -> None:
        if chunk.usage_metadata is not None:
            self.usage = chunk.usage_metadata
        reason = chunk.response_metadata.get("finish_reason")
        if isinstance(reason, str) and reason:
            self.finish_reason = reason
