"""The order of a streamed turn, enforced: pieces, then exactly one end, then nothing.

Every streaming door (server-sent events, LangServe) sends what `Ending` lets through, so that the pieces joined are
the final reply whatever the source does.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing

from graph.calls import Delta, Failed, Final, TurnEvent, TurnRefusedError
from serving.problems import internal, log, new_error_id


class Ending:
    """The state machine of one stream: open, then ended by the first Final or Failed."""

    def __init__(self, heard: int = 0) -> None:
        """Of a reply whose first `heard` characters were sent by an earlier stream."""
        self._heard = heard
        self._said = ""
        self.ended = False

    def take(self, event: TurnEvent) -> list[TurnEvent]:
        """What may be sent for `event`: nothing once ended, nothing for an empty piece."""
        if self.ended:
            return []
        if isinstance(event, Delta):
            self._said += event.text
            return [event] if event.text else []
        self.ended = True
        rest = self._unsaid(event) if isinstance(event, Final) else ""
        return [Delta(rest), event] if rest else [event]

    def _unsaid(self, final: Final) -> str:
        """The part of the reply that was not sent in pieces."""
        reply = str(final.answer.get("reply") or "")[self._heard :]
        if reply.startswith(self._said):
            return reply[len(self._said) :]
        log.error("stream_differs_from_reply", error_id=new_error_id(), said=len(self._said), reply=len(reply))
        return ""


async def in_order(
    source: AsyncIterator[TurnEvent], apologise: Callable[[str], Awaitable[str]], *, heard: int = 0
) -> AsyncGenerator[TurnEvent]:
    """The source's events in order and ended, whatever it does; only a refusal before the first event is raised.

    `apologise` words an end that the source did not give, by its kind.
    """
    ending = Ending(heard)
    begun = False
    try:
        async for event in source:
            begun = True
            for allowed in ending.take(event):
                yield allowed
        error: Exception = _NoEndError()
    except TurnRefusedError as refusal:
        if not begun:
            raise
        error = refusal
    except Exception as other:  # noqa: BLE001 - the server's edge: a caller who listens must hear an end
        error = other
    if not ending.ended:
        yield await _last(error, apologise)


async def _last(error: Exception, apologise: Callable[[str], Awaitable[str]]) -> Failed:
    if isinstance(error, TurnRefusedError):
        log.info("turn_refused", kind=error.kind, error_id=(error_id := new_error_id()))
        message = error.reply or error.detail
        return Failed(kind=error.kind, message=message, error_id=error_id, should_transfer=False)
    error_id = internal(error, where="stream").error_id
    return Failed(kind="internal_error", message=await apologise("internal_error"), error_id=error_id)


class _NoEndError(Exception):
    """A turn ended without saying how."""


async def paced(events: AsyncGenerator[TurnEvent], seconds: float) -> AsyncGenerator[TurnEvent | None]:
    """The events, and None whenever `seconds` passed without one."""
    async with aclosing(events):
        waiting = asyncio.ensure_future(anext(events, _END))
        try:
            while True:
                await asyncio.wait({waiting}, timeout=seconds)
                if not waiting.done():
                    yield None
                    continue
                event = waiting.result()
                if isinstance(event, _End):
                    return
                # Asked for before this one is handed out, so that leaving always finds a task to cancel.
                waiting = asyncio.ensure_future(anext(events, _END))
                yield event
        finally:
            waiting.cancel()
            await asyncio.wait({waiting})


class _End:
    pass


_END = _End()
