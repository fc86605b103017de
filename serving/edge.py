"""The outermost ring of every request: size, security headers, counting, and the last net for errors."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.figures import Figures
from serving.headers import refuse_headers
from serving.problems import METHODS, ProblemError, internal, log_refusal, problem_response

BODY_LIMIT = 256 * 1024
UPLOAD_LIMIT = 50 * 1024 * 1024
BODY_SECONDS = 30.0
UPLOAD_SECONDS = 300.0
_DISCARD_BYTES = 1024 * 1024
_DISCARD_SECONDS = 1.0

_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
_STRICT = "default-src 'none'; frame-ancestors 'none'"
_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# LangServe's playground, in debug mode only: it writes its schemas into the page and compiles them.
_PLAYGROUND = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Edge:
    """ASGI middleware; a plain one, because Starlette's base class breaks streams and cancellation."""

    def __init__(self, app: ASGIApp, *, figures: Figures, body_seconds: float = BODY_SECONDS) -> None:
        self._app = app
        self._body_seconds = body_seconds
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, within its limits."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        outgoing = _Outgoing(send, scope)
        try:
            refuse_headers(Headers(scope=scope))
            limit, seconds = (UPLOAD_LIMIT, UPLOAD_SECONDS) if _is_upload(scope) else (BODY_LIMIT, self._body_seconds)
            await _refuse_declared(scope, receive, limit)
            await self._app(scope, _bounded(receive, limit, seconds), outgoing)
        except ClientDisconnect:
            return
        except ProblemError as error:
            log_refusal(error, scope["method"])
            await self._answer(error, scope, receive, outgoing)
        except Exception as error:  # noqa: BLE001 - the server's edge: the caller gets an id, the log the cause
            await self._answer(internal(error, where=_route(scope)), scope, receive, outgoing)
        finally:
            self._count(scope, outgoing.status, time.perf_counter() - began)

    async def _answer(self, error: ProblemError, scope: Scope, receive: Receive, outgoing: "_Outgoing") -> None:
        if not outgoing.status:
            await problem_response(error, scope["path"])(scope, receive, outgoing)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route(scope)
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._figures.request(route, method, status, seconds)


class _Outgoing:
    """Sends on, with the headers of every answer added."""

    def __init__(self, send: Send, scope: Scope) -> None:
        self._send = send
        self._scope = scope
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Content-Security-Policy", _policy(self._scope["path"], headers))
            headers.setdefault("Cache-Control", "no-store")
        await self._send(message)


def _policy(path: str, headers: MutableHeaders) -> str:
    if not headers.get("content-type", "").startswith("text/html"):
        return _STRICT
    return _PLAYGROUND if path.startswith("/agent/playground/") else _PAGE


def _is_upload(scope: Scope) -> bool:
    return bool(scope["method"] == "POST" and scope["path"] == "/knowledge/documents")


async def _refuse_declared(scope: Scope, receive: Receive, limit: int) -> None:
    declared = Headers(scope=scope).get("content-length", "0")
    if not declared.isdecimal():
        raise ProblemError(400, "validation", "Content-Length is not a number.")
    if int(declared[:20]) > limit:
        raise await _too_large(receive, limit)


def _bounded(receive: Receive, limit: int, seconds: float) -> Receive:
    read = 0
    until = asyncio.get_running_loop().time() + seconds
    whole = False

    async def bounded() -> Message:
        nonlocal read, whole
        # After the body nothing is awaited but the client's leaving.
        message = await (receive() if whole else _in_time(receive, until))
        if message["type"] == "http.request":
            whole = not message.get("more_body")
            read += len(message.get("body", b""))
            if read > limit:
                raise await _too_large(receive, limit)
        return message

    return bounded


async def _in_time(receive: Receive, until: float) -> Message:
    try:
        async with asyncio.timeout_at(until):
            return await receive()
    except TimeoutError:
        detail = "The body did not come in time."
        raise ProblemError(408, "validation", detail, headers={"Connection": "close"}) from None


async def _too_large(receive: Receive, limit: int) -> ProblemError:
    await _discard(receive)
    return ProblemError(413, "too_large", f"The body may have at most {limit} bytes.", headers={"Connection": "close"})


async def _discard(receive: Receive) -> None:
    # A connection that is closed on unread data is reset, and the client may never see why: so a little more is read.
    thrown_away = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(_DISCARD_SECONDS):
            while thrown_away < _DISCARD_BYTES:
                message = await receive()
                thrown_away += len(message.get("body", b""))
                if not message.get("more_body"):
                    return


def _route(scope: Scope) -> str:
    """The route's pattern; one name for all that is not there, so that strangers cannot grow the metrics."""
    route = scope.get("route")
    return str(getattr(route, "path", "")) or "none"
