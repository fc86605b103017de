"""Chatwoot's API as an agent bot uses it, and the signature of its webhooks.

A webhook is signed over "<timestamp>.<body>" with the agent bot's secret; an old one is refused, so that none can be
played again later.
"""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Final, Literal

import structlog
from pydantic import JsonValue

from config.project import Chatwoot, Project
from config.secrets import MissingVariableError, resolve
from tools.egress import egress_of
from tools.errors import ActionError, EgressRefusedError, UnreachableError
from tools.http import Answer, HttpLine, Request
from tools.requests import Environment

SEND_SECONDS: Final = 10.0
FRESH_SECONDS: Final = 300.0
ATTEMPTS: Final = 4
_AGAIN: Final = frozenset({429, 502, 503, 504})

_log = structlog.get_logger(__name__)


class ChatwootLine:
    """Speaks to the Chatwoot accounts of all projects, each with its own token."""

    def __init__(
        self,
        line: HttpLine,
        *,
        environment: Environment = None,
        first_pause: float = 0.5,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._line = line
        self._environment = environment
        self._first_pause = first_pause
        self._now = now

    def signed(self, project: Project, *, body: bytes, timestamp: str, signature: str) -> bool:
        """Whether this project's Chatwoot signed the body just now."""
        chatwoot = project.transfer.chatwoot
        if chatwoot is None or not (timestamp.isascii() and timestamp.isdigit()) or len(timestamp) > 20:
            return False
        try:
            secret = resolve(chatwoot.secret, self._environment).encode()
        except MissingVariableError as error:
            _log.warning("chatwoot_unconfigured", project=project.name, reason=str(error))
            return False
        made = hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        fresh = abs(self._now() - int(timestamp)) <= FRESH_SECONDS
        return bool(secret) and hmac.compare_digest(f"sha256={made}".encode(), signature.encode()) and fresh

    async def say(self, project: Project, conversation: int, text: str, *, private: bool = False) -> bool:
        """Write into a conversation, to people only where `private`; False where Chatwoot did not take it."""
        body: dict[str, JsonValue] = {"content": text, "message_type": "outgoing", "private": private}
        return await self._post(project, f"{conversation}/messages", body)

    async def set_status(self, project: Project, conversation: int, status: Literal["open", "pending"]) -> bool:
        """Hand a conversation to people, or to the bot; False where Chatwoot did not take it."""
        return await self._post(project, f"{conversation}/toggle_status", {"status": status})

    async def _post(self, project: Project, path: str, body: dict[str, JsonValue]) -> bool:
        """Tried again where Chatwoot was not reached or said that it was busy: then nothing was done."""
        chatwoot = project.transfer.chatwoot
        if chatwoot is None:
            return False
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(self._first_pause * 2 ** (attempt - 1))
            try:
                answer = await self._send(project, chatwoot, path, body)
            except UnreachableError as error:
                _log.warning("chatwoot_unreachable", project=project.name, cause=type(error).__name__)
                continue
            except (ActionError, EgressRefusedError, MissingVariableError) as error:
                _log.error("chatwoot_failed", project=project.name, cause=type(error).__name__)
                return False
            if 200 <= answer.status < 300:
                return True
            _log.warning("chatwoot_refused", project=project.name, status=answer.status)
            if answer.status not in _AGAIN:
                return False
        return False

    async def _send(self, project: Project, chatwoot: Chatwoot, path: str, body: dict[str, JsonValue]) -> Answer:
        base = resolve(chatwoot.url, self._environment).rstrip("/")
        request = Request(
            method="POST",
            url=f"{base}/api/v1/accounts/{chatwoot.account}/conversations/{path}",
            headers=(
                ("Content-Type", "application/json"),
                ("api_access_token", resolve(chatwoot.token, self._environment)),
            ),
            content=json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"),
        )
        return await self._line.send(request, egress=egress_of(project, self._environment), seconds=SEND_SECONDS)
