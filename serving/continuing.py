"""Which conversation a request of `/v1` goes on with, and whether its message is new.

Chat pages send all that was said with each message, and mostly no name for it. Only the last message is the turn.
A named conversation is that session. One without a name is found by what was said: a message's id is the fingerprint
of everything up to it, so that the turn before tells the session, also to another worker and after a restart.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from graph.forking import Past
from graph.turn_log import LoggedTurn

UNNAMED: Final = "openai-"
"""Begins the ids of sessions that their callers did not name."""

Line = tuple[str, str]
"""A role and a text."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """A conversation as its caller has it; the last line is the customer's."""

    lines: Sequence[Line]
    sent_again: bool = False
    """The caller says that it sends this once more."""

    @property
    def has_answers(self) -> bool:
        """Whether the caller sends what the bot said, too."""
        return any(role == "assistant" for role, _ in self.lines)

    def before(self) -> "Said | None":
        """The conversation up to the customer's message before the last; None where that was the first."""
        last = len(self.lines) - 1
        earlier = [number for number, (role, _) in enumerate(self.lines[:last]) if role == "user"]
        return Said(lines=self.lines[: earlier[-1] + 1]) if earlier else None

    def answer_to(self, earlier: "Said") -> str:
        """What the bot said after an earlier message, as the caller has it."""
        between = self.lines[len(earlier.lines) : -1]
        return "\n".join(text for role, text in between if role == "assistant").strip()

    def fingerprint(self) -> str:
        """Names the last message by all that led to it."""
        text = json.dumps(self.lines, ensure_ascii=False).encode("utf-8", "replace")
        return f"v1-{hashlib.sha256(text).hexdigest()[:40]}"


@dataclass(frozen=True, kw_only=True)
class Continued:
    """A session, and the id of the message in it."""

    session_id: str
    message_id: str


async def in_session(past: Past, tenant: str, project: str, session_id: str, said: Said) -> Continued:
    """The named session; a message that is sent again has the id it had.

    The same words may well be said twice ("yes"): they are the same message only where what was said before them is
    the same, too, or where the caller says that it tries again.
    """
    page = await past.page(tenant, project, session_id, before=None, limit=1)
    name, total = said.fingerprint(), page.total if page else 0
    last = page.turns[-1].message_id if page and page.turns else ""
    if (said.has_answers or said.sent_again) and last.startswith(f"{name}."):
        return Continued(session_id=session_id, message_id=last)
    return Continued(session_id=session_id, message_id=f"{name}.{total + 1}")


async def by_what_was_said(past: Past, tenant: str, project: str, said: Said) -> Continued:
    """The session in which exactly this was said; a new one where there is none, or where this is the beginning.

    A session that went on otherwise since (the customer changed an earlier message) is left as it is and copied.
    """
    earlier, message_id = said.before(), said.fingerprint()
    found = [] if earlier is None else await _ended_with(past, tenant, project, said, earlier)
    for session_id, turn in found:
        page = await past.page(tenant, project, session_id, before=None, limit=1)
        last = page.turns[-1].message_id if page and page.turns else ""
        if last == turn.message_id or await _has(past, tenant, project, session_id, message_id):
            return Continued(session_id=session_id, message_id=message_id)
    for session_id, turn in found[:1]:
        copied = await past.fork(tenant, project, session_id, after=turn.message_id)
        if copied is not None:
            return Continued(session_id=copied, message_id=message_id)
    return Continued(session_id=f"{UNNAMED}{uuid4().hex}", message_id=message_id)


async def _ended_with(past: Past, tenant: str, project: str, said: Said, earlier: Said) -> list[tuple[str, LoggedTurn]]:
    """Unnamed sessions that had the earlier message and answered it as the caller has it."""
    heard = said.answer_to(earlier)
    return [
        (session_id, turn)
        for session_id, turn in await past.holding(tenant, project, earlier.fingerprint())
        if session_id.startswith(UNNAMED) and str(turn.answer.get("reply", "")).strip() == heard
    ]


async def _has(past: Past, tenant: str, project: str, session_id: str, message_id: str) -> bool:
    return any(name == session_id for name, _ in await past.holding(tenant, project, message_id))
