"""What differs between a turn's answer and what a scenario expects of it."""

import json
import re
from collections.abc import Sequence

from pydantic import JsonValue

from scenarios.model import Expectation, ExpectedAction
from scenarios.stubs import Call


def differences(expected: Expectation, answer: dict[str, JsonValue], calls: Sequence[Call]) -> list[str]:
    """One line a difference, in words; empty where the turn went right."""
    found = [
        f"{key}: expected {_told(wanted)}, got {_told(answer.get(key))}"
        for key in ("outcome", "intent", "asks", "transfer_reason", "locale")
        if (wanted := getattr(expected, key)) is not None and answer.get(key) != wanted
    ]
    found += _slots(expected.slots or {}, answer)
    found += _words(expected, str(answer.get("reply") or ""))
    for action in expected.actions or []:
        found += _action(action, [call for call in calls if call.action == action.name])
    if expected.cites is not None and not _cited(expected.cites, answer):
        found.append(f"citations: expected one from {_told(expected.cites)}, got {_told(_sources(answer))}")
    return found


def is_part(wanted: JsonValue, given: JsonValue) -> bool:
    """Whether `given` holds all that `wanted` says; objects may have more keys, numbers are compared by value."""
    if isinstance(wanted, dict):
        return isinstance(given, dict) and all(
            key in given and is_part(part, given[key]) for key, part in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(given, list) and len(wanted) == len(given) and all(map(is_part, wanted, given))
    return wanted == given and isinstance(wanted, bool) == isinstance(given, bool)


def _slots(wanted: dict[str, JsonValue], answer: dict[str, JsonValue]) -> list[str]:
    slots = answer.get("slots")
    given = slots if isinstance(slots, dict) else {}
    return [
        f"slots.{name}: expected {_told(value)}, got {_told(given.get(name))}"
        for name, value in wanted.items()
        if not is_part(value, given.get(name))
    ]


def _words(expected: Expectation, reply: str) -> list[str]:
    said = _plain(reply)
    lacking = [text for text in expected.reply_contains or [] if _plain(text) not in said]
    surplus = [text for text in expected.reply_lacks or [] if _plain(text) in said]
    return [
        *(f"reply: expected to contain {_told(text)}, got {_told(reply)}" for text in lacking),
        *(f"reply: expected not to contain {_told(text)}, got {_told(reply)}" for text in surplus),
    ]


def _told(value: JsonValue) -> str:
    """A value as an author writes it in a scenario."""
    return json.dumps(value, ensure_ascii=False)


def _plain(text: str) -> str:
    """Without regard to case and to the kind of space: dates and amounts are written with narrow ones."""
    return re.sub(r"[^\S\n]", " ", text).casefold()


def _action(expected: ExpectedAction, calls: Sequence[Call]) -> list[str]:
    if expected.times is not None and len(calls) != expected.times:
        return [f"actions.{expected.name}: expected {expected.times} call(s), got {len(calls)}"]
    if expected.body is not None and not (calls and is_part(expected.body, calls[-1].body)):
        sent = calls[-1].body if calls else None
        return [f"actions.{expected.name}: expected to be sent {_told(expected.body)}, got {_told(sent)}"]
    return []


def _cited(source: str, answer: dict[str, JsonValue]) -> bool:
    return any(source in str(cited) for cited in _sources(answer))


def _sources(answer: dict[str, JsonValue]) -> list[JsonValue]:
    citations = answer.get("citations")
    given = citations if isinstance(citations, list) else []
    return [citation.get("source") for citation in given if isinstance(citation, dict)]
