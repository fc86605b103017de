"""The caller's history merged with ours (B7)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dialogue.tokens import estimate_tokens

Turnline = Mapping[str, str]
"""One message: {role: user | assistant, content}; a caller may also say human and ai."""

_ROLES: Mapping[str, str] = {"user": "user", "human": "user", "assistant": "assistant", "ai": "assistant"}


@dataclass(frozen=True, kw_only=True)
class Merged:
    """The history a turn may read, oldest first, with what became of the rest."""

    messages: tuple[Turnline, ...]
    local: int
    external: int
    """Messages of the caller's in a role that is read."""
    ignored: int
    """Those in other roles: a system's or a tool's words are not the caller's to give."""
    duplicates_skipped: int
    truncated: int
    tokens: int

    def counts(self) -> dict[str, int]:
        """The figures for the diagnostics."""
        return {
            "local": self.local,
            "external": self.external,
            "ignored": self.ignored,
            "duplicates_skipped": self.duplicates_skipped,
            "truncated": self.truncated,
            "tokens": self.tokens,
        }


def fingerprint(message: Turnline) -> str:
    """SHA-256 over role and trimmed content."""
    return hashlib.sha256(f"{message['role']}|{message['content'].strip()}".encode(errors="replace")).hexdigest()


def merge(local: Sequence[Turnline], external: Sequence[Turnline], *, budget: int) -> Merged:
    """One line of messages inside `budget` tokens; ours win, the oldest are dropped first.

    What the caller sends beside ours keeps its place relative to the messages both know: before the first common one it
    is older, after the last it is newer; with nothing in common it happened before.
    """
    given = len(external)
    external = [{**message, "role": role} for message in external if (role := _role(message)) is not None]
    known = {fingerprint(message): place for place, message in enumerate(local)}
    slots: list[list[Turnline]] = [[] for _ in range(len(local) + 1)]
    seen = set(known)
    place = skipped = 0
    for message in external:
        mark = fingerprint(message)
        if mark in known:
            place = max(place, known[mark] + 1)
        if mark in seen:
            skipped += 1
            continue
        seen.add(mark)
        slots[place].append(message)
    line = [*slots[0]]
    for position, message in enumerate(local):
        line += [message, *slots[position + 1]]
    kept, tokens = _newest(line, budget)
    return Merged(
        messages=tuple(kept),
        local=len(local),
        external=len(external),
        ignored=given - len(external),
        duplicates_skipped=skipped,
        truncated=len(line) - len(kept),
        tokens=tokens,
    )


def _role(message: Turnline) -> str | None:
    return _ROLES.get(message["role"].strip().lower())


def _newest(line: Sequence[Turnline], budget: int) -> tuple[list[Turnline], int]:
    kept: list[Turnline] = []
    total = 0
    for message in reversed(line):
        cost = estimate_tokens(message["content"])
        if total + cost > budget:
            break
        kept.append(message)
        total += cost
    return kept[::-1], total
