"""The one way out to businesses' APIs: a pooled client that checks where it goes and bounds what comes back.

It knows nothing of projects' actions; `tools.actions` decides what may be tried again.
"""

import asyncio
import json
import ssl
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from math import isfinite
from typing import Final, NoReturn

import httpcore2
import httpx2
from pydantic import JsonValue

from tools.egress import Egress
from tools.errors import ActionError, NoAnswerError, UnreachableError, UnusableAnswerError
from tools.transport import GuardedTransport, Resolve, resolve_host

MAX_ANSWER: Final = 1024 * 1024
MAX_DEPTH: Final = 64
CONNECT_SECONDS: Final = 3.0


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request, ready to be sent; `once` asks for a connection that nothing was sent over before."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes = b""
    once: bool = False


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back, whole."""

    status: int
    content_type: str
    content: bytes
    retry_after: str | None = None

    def json(self) -> JsonValue:
        """The content as JSON; raises UnusableAnswerError where it is none or nests too deeply."""
        kind = self.content_type.partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            raise UnusableAnswerError(f"the answer is {kind or 'of no type'!r}, expected JSON")
        try:
            value: JsonValue = json.loads(self.content, parse_constant=_refuse_constant, parse_float=_finite)
        except (ValueError, RecursionError) as error:
            raise UnusableAnswerError("the answer is not valid JSON") from error
        _check_depth(value)
        return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name[:40]} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    return number if isfinite(number) else _refuse_constant(digits)


def _check_depth(value: JsonValue) -> None:
    level: list[JsonValue] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise UnusableAnswerError(f"the answer nests deeper than {MAX_DEPTH} levels")


@dataclass
class HttpLine:
    """Sends requests and reads answers, each within a time and a size."""

    client: httpx2.AsyncClient

    async def send(self, request: Request, *, egress: Egress, seconds: float) -> Answer:
        """The whole answer within `seconds`, or an ActionError that says whether something was sent."""
        sent = _Sent()
        try:
            async with asyncio.timeout(seconds):
                return await self._exchange(request, egress, sent, min(CONNECT_SECONDS, seconds))
        except ActionError:
            raise
        except TimeoutError as error:
            raise _lost(sent, "no answer in time", timed_out=True) from error
        except (httpcore2.TimeoutException, httpx2.TimeoutException) as error:
            raise _lost(sent, f"{type(error).__name__}", timed_out=True) from error
        except (
            httpcore2.NetworkError,
            httpcore2.ProtocolError,
            httpx2.TransportError,
            httpx2.InvalidURL,
            ssl.SSLError,
            OSError,
        ) as error:
            raise _lost(sent, type(error).__name__) from error

    async def _exchange(self, request: Request, egress: Egress, sent: "_Sent", connect: float) -> Answer:
        timeouts = {"connect": connect, "pool": connect, "read": None, "write": None}
        outgoing = httpx2.Request(
            request.method,
            request.url,
            headers=[("Accept-Encoding", "identity"), ("Accept", "application/json"), *request.headers],
            content=request.content or None,
            extensions={"egress": egress, "once": request.once, "trace": sent.note, "timeout": timeouts},
        )
        response = await self.client.send(outgoing, stream=True)
        try:
            content = await _read(response)
        finally:
            await response.aclose()
        return Answer(
            status=response.status_code,
            content_type=response.headers.get("Content-Type", ""),
            content=content,
            retry_after=response.headers.get("Retry-After"),
        )


class _Sent:
    """Whether the first byte of a request may have left."""

    def __init__(self) -> None:
        self.started = False

    async def note(self, event: str, details: Mapping[str, object]) -> None:  # noqa: ARG002 - httpcore's signature
        """Called by the connection at every step."""
        if event.endswith("send_request_headers.started"):
            self.started = True


def _lost(sent: _Sent, what: str, *, timed_out: bool = False) -> ActionError:
    if sent.started:
        return NoAnswerError(what, timed_out=timed_out)
    return UnreachableError(what, timed_out=timed_out)


async def _read(response: httpx2.Response) -> bytes:
    """The body, unpacked, never more than MAX_ANSWER of it in memory."""
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("identity", "", "gzip", "deflate"):
        raise UnusableAnswerError(f"the answer is encoded as {coding!r}, which was not asked for")
    unpack = zlib.decompressobj(47) if coding in ("gzip", "deflate") else None
    pieces, size = [], 0
    async for raw in response.aiter_raw():
        piece = raw if unpack is None else _unpacked(unpack, raw, MAX_ANSWER + 1 - size)
        size += len(piece)
        if size > MAX_ANSWER:
            raise UnusableAnswerError(f"the answer is larger than {MAX_ANSWER} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def _unpacked(unpack: "zlib._Decompress", raw: bytes, room: int) -> bytes:
    try:
        return unpack.decompress(raw, room)
    except zlib.error as error:
        raise UnusableAnswerError("the answer's compression is broken") from error


@asynccontextmanager
async def open_line(resolve: Resolve = resolve_host, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[HttpLine]:
    """The process's one client: no proxies from the environment, no redirects, no cookies between calls."""
    jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    transport = GuardedTransport(resolve, tls or httpcore2.default_ssl_context())
    async with httpx2.AsyncClient(transport=transport, trust_env=False, follow_redirects=False, cookies=jar) as client:
        yield HttpLine(client)
