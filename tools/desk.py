"""Tells the desk of transfers and of what customers say meanwhile: signed, in order, until it is taken.

A letter is in the outbox before anything is sent, so neither a desk that is down nor a killed process loses one. The
desk may see a letter twice (its answer was lost); the Idempotency-Key says that it is the same one.
"""

import asyncio
import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import structlog
from pydantic import JsonValue

from config.errors import ConfigError
from config.project import Desk
from config.secrets import MissingVariableError, resolve
from config.versions import Version
from tools.egress import Egress, egress_of
from tools.errors import ActionError, LedgerUnavailableError
from tools.http import HttpLine, Request
from tools.outbox import Letter, Outbox
from tools.ports import Packet
from tools.requests import Environment

AT_ONCE: Final = 8
SEND_SECONDS: Final = 10.0
LOOK_SECONDS: Final = 5.0
LONGEST_PAUSE: Final = 300.0
GIVE_UP_SECONDS: Final = 7 * 86400.0

_log = structlog.get_logger(__name__)


class WebhookDesk:
    """The desk behind `transfer.desk.webhook`; an open context, in which letters are sent in the background."""

    def __init__(
        self,
        line: HttpLine,
        outbox: Outbox,
        current: Callable[[str, str], Version],
        *,
        environment: Environment = None,
        first_pause: float = 1.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`current` gives the version of (tenant, project) whose desk is told now."""
        self._line = line
        self._outbox = outbox
        self._current = current
        self._environment = environment
        self._first_pause = first_pause
        self._now = now
        self._due = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._unsaved: list[Letter] = []

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._send_always(), name="desk")
        self._task.add_done_callback(_report_end)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def announce(self, version: Version, packet: Packet) -> None:
        """Hand a session over; what stands in the packet is sent as it is."""
        body: dict[str, JsonValue] = {
            "event": "transfer",
            "transfer_id": packet.transfer_id,
            "tenant": packet.tenant,
            "project": packet.project,
            "session_id": packet.session_id,
            "reason": packet.reason,
            "summary": packet.summary,
            "locale": packet.locale,
            "slots": dict(packet.slots),
            "open_flow": packet.open_flow,
            "transcript": [dict(line) for line in packet.transcript],
            "confidence": packet.confidence,
        }
        await self._put(version, packet.transfer_id, packet.tenant, packet.session_id, body)

    async def forward(self, version: Version, *, session_id: str, message: str, message_id: str) -> None:
        """Pass on what a customer says while a person owns the session."""
        project = version.project
        hashed = hashlib.sha256(json.dumps([session_id, message_id]).encode()).hexdigest()
        body: dict[str, JsonValue] = {
            "event": "message",
            "tenant": project.tenant,
            "project": project.name,
            "session_id": session_id,
            "message": message,
            "message_id": message_id,
        }
        await self._put(version, f"message-{hashed}", project.tenant, session_id, body)

    async def _put(self, version: Version, key: str, tenant: str, session_id: str, body: dict[str, JsonValue]) -> None:
        text = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace").decode()
        letter = Letter(id=key, tenant=tenant, project=version.project.name, session_id=session_id, body=text)
        try:
            await self._outbox.put(letter, state="waiting" if self._has_webhook(version) else "recorded")
        except LedgerUnavailableError as error:
            _log.error("desk_letter_not_saved", letter=key, reason=str(error))
            self._unsaved.append(letter)
        self._due.set()

    def _has_webhook(self, version: Version) -> bool:
        desk = version.project.transfer.desk
        if desk is None:
            return False
        try:
            return bool(resolve(desk.webhook, self._environment))
        except MissingVariableError as error:
            _log.warning("desk_not_configured", project=version.project.name, variable=error.name)
            return False

    async def _send_always(self) -> None:
        while True:
            self._due.clear()
            try:
                sent = await self._send_due()
                wait = 0.0 if sent else await self._outbox.waits()
            except LedgerUnavailableError as error:
                _log.error("desk_outbox_unavailable", reason=str(error))
                wait = LOOK_SECONDS
            if wait != 0.0:
                await self._rest(min(LOOK_SECONDS, LOOK_SECONDS if wait is None else wait))

    async def _rest(self, seconds: float) -> None:
        """Until something new is due; other processes' letters are looked for now and then."""
        try:
            async with asyncio.timeout(seconds):
                await self._due.wait()
        except TimeoutError:
            return

    async def _send_due(self) -> int:
        while self._unsaved:
            await self._outbox.put(self._unsaved[0], state="waiting")
            self._unsaved.pop(0)
        letters = await self._outbox.take(AT_ONCE)
        await asyncio.gather(*(self._deliver(letter) for letter in letters))
        return len(letters)

    async def _deliver(self, letter: Letter) -> None:
        if letter.attempts and self._now() - letter.created_at > GIVE_UP_SECONDS:
            _log.error("desk_letter_given_up", letter=letter.id, project=letter.project, attempts=letter.attempts)
            await self._outbox.settle(letter, "given_up")
            return
        try:
            version = self._current(letter.tenant, letter.project)
            desk = version.project.transfer.desk
            if desk is None:
                await self._outbox.settle(letter, "recorded")
                return
            asked = await self._send(letter, desk, egress_of(version.project, self._environment))
        except (ActionError, MissingVariableError, ConfigError) as error:
            _log.warning("desk_not_reached", letter=letter.id, project=letter.project, fault=type(error).__name__)
            asked = 0.0
        if asked is None:
            await self._outbox.settle(letter, "delivered")
        else:
            await self._outbox.postpone(letter, max(asked, self._pause(letter.attempts)))

    async def _send(self, letter: Letter, desk: Desk, egress: Egress) -> float | None:
        """None where the desk took it, else how many seconds it asks us to wait."""
        content = letter.body.encode()
        headers = [("Content-Type", "application/json"), ("Idempotency-Key", letter.id)]
        if desk.secret is not None:
            secret = resolve(desk.secret, self._environment).encode()
            headers.append(
                ("X-Switchboard-Signature", f"sha256={hmac.new(secret, content, hashlib.sha256).hexdigest()}")
            )
        url = resolve(desk.webhook, self._environment)
        request = Request(method="POST", url=url, headers=tuple(headers), content=content)
        answer = await self._line.send(request, egress=egress, seconds=SEND_SECONDS)
        if 200 <= answer.status < 300:
            return None
        _log.warning("desk_refused", letter=letter.id, project=letter.project, status=answer.status)
        asked = answer.retry_after or ""
        return min(float(asked), LONGEST_PAUSE) if asked.isascii() and asked.isdigit() else 0.0

    def _pause(self, attempts: int) -> float:
        """Half to all of a pause that doubles."""
        longest = min(LONGEST_PAUSE, self._first_pause * 2 ** min(attempts, 20))
        return random.uniform(longest / 2, longest)  # noqa: S311 - spreads load, keeps no secret


def _report_end(task: asyncio.Task[None]) -> None:
    """The task ends only with the service; anything else must be seen."""
    if not task.cancelled() and task.exception() is not None:
        _log.error("desk_stopped", exc_info=task.exception())
