"""The HTTP client under the chat model: it sends what we say and nothing from the environment, and reads only so much.

Expected: the client library sends the key and headers it is given. In fact it adds whatever OPENAI_ORG_ID,
OPENAI_PROJECT_ID and OPENAI_CUSTOM_HEADERS hold, to any server; so every request is cut down to a list here.
"""

import re
from collections.abc import AsyncIterator
from typing import Final

import httpx2

from models.failures import AnswerTooLongError, StreamedUnaskedError

_HEADERS: Final = frozenset(
    {
        "accept",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
        "user-agent",
        "x-stainless-raw-response",  # the client library reads it back from the request it has sent
    }
)
MAX_ANSWER_BYTES: Final = 4_000_000
_ASKS_FOR_A_STREAM: Final = re.compile(rb'"stream": ?true')
_MAX_COMPRESSED_BYTES: Final = 100_000
"""Asked for plain; what comes compressed all the same unpacks to at most a thousand times this."""


class _Bounded(httpx2.AsyncByteStream):
    """A response body that may only be so long."""

    def __init__(self, inner: httpx2.AsyncByteStream, limit: int) -> None:
        self._inner = inner
        self._left = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._inner:
            self._left -= len(piece)
            if self._left < 0:
                raise AnswerTooLongError
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()


def open_http_client(*, api_key: str, timeout: float, verify: object) -> httpx2.AsyncClient:
    """A client for one backend; `timeout` bounds connecting and each read, the turn's deadline bounds the whole."""

    async def strip(request: httpx2.Request) -> None:
        for name in [name for name in request.headers if name.lower() not in _HEADERS]:
            del request.headers[name]
        request.headers["Authorization"] = f"Bearer {api_key}"
        request.headers["Accept-Encoding"] = "identity"

    async def bound(response: httpx2.Response) -> None:
        streamed = response.headers.get("content-type", "").startswith("text/event-stream")
        if streamed and response.is_success and not _ASKS_FOR_A_STREAM.search(response.request.content):
            await response.aclose()
            raise StreamedUnaskedError
        limit = _MAX_COMPRESSED_BYTES if response.headers.get("content-encoding") else MAX_ANSWER_BYTES
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _Bounded(response.stream, limit)

    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(timeout, connect=min(5.0, timeout)),
        follow_redirects=False,
        verify=verify,  # type: ignore[arg-type]
        event_hooks={"request": [strip], "response": [bound]},
    )
