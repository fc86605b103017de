"""Pages of other sites: which may call, and what they are let see. Only keys that name origins open the door at all.

A key that stands in a public page is no secret: it chats, from the pages it names, in sessions whose ids nobody can
guess, and is told what a customer may know.
"""

import re
from collections.abc import Mapping

from pydantic import JsonValue
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.auth import Caller, Keys
from serving.contract import ChatRequest
from serving.problems import ProblemError

VISITOR = re.compile(r"visitor-[0-9A-Za-z_-]{22,180}")
"""A visitor's session: what follows the prefix is made at random, 128 bits at least."""

_OPEN = re.compile(r"/chat|/sessions/[^/]+/messages")
_HEADERS = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Content-Type, X-API-Key",
    "Access-Control-Max-Age": "600",
}


class CrossOrigin:
    """ASGI middleware: answers preflights and lets the pages that a key names read answers, all others nothing."""

    def __init__(self, app: ASGIApp, *, keys: Keys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back with leave to read it."""
        origin = Headers(scope=scope).get("origin", "") if scope["type"] == "http" else ""
        if not origin or not _OPEN.fullmatch(scope["path"]) or not self._named(origin):
            await self._app(scope, receive, send)
            return
        leave = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
        if scope["method"] == "OPTIONS":
            await Response(status_code=204, headers={**leave, **_HEADERS})(scope, receive, send)
            return

        async def with_leave(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(leave)
            await send(message)

        await self._app(scope, receive, with_leave)

    def _named(self, origin: str) -> bool:
        """Whether a key names it; asked each time, for keys come and go."""
        return any(origin in key.origins for key in self._keys)


def refuse_guessable(caller: Caller, session_id: str) -> None:
    """Raise where a visitor names a session that is not a visitor's own."""
    if caller.public and not VISITOR.fullmatch(session_id):
        raise ProblemError(
            422,
            "validation",
            "session_id: with this key `visitor-` and at least 22 random characters",
            more={"errors": [{"field": "session_id", "message": "`visitor-` and at least 22 random characters"}]},
        )


def from_visitor(body: ChatRequest) -> ChatRequest:
    """The request without what only a trusted caller may say: channel, labels, what was said elsewhere."""
    return body.model_copy(update={"channel_type": "web", "metadata": {}, "history": []})


def for_visitor(answer: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The answer without what happened inside."""
    inside: dict[str, JsonValue] = {
        "metadata": {},
        "slots": {},
        "intent": None,
        "confidence": None,
        "transfer_reason": None,
        "version": None,
    }
    return {**answer, **inside}
