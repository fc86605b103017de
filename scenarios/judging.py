"""What differs between a turn's answer and what a scenario expects of it."""

from collections.abc import Sequence

from pydantic import JsonValue

from scenarios.model import Expectation, ExpectedAction
from scenarios.stubs import Call


def differences(expected: Expectation, answer: dict[str, JsonValue], calls: Sequence[Call]) -> list[str]:
    """One line a difference, in words; empty where the turn went right."""
    found = [
        f"{key}: expected {wanted!r}, got {answer.get(key)!r}"
        for key in ("outcome", "intent", "asks", "transfer_reason", "locale")
        if (wanted := getattr(expected, key)) is not None and answer.get(key) != wanted
    ]
    found += _slots(expected.slots or {}, answer)
    found += _words(expected, str(answer.get("reply") or ""))
    for action in expected.actions or []:
        found += _action(action, [call for call in calls if call.action == action.name])
    if expected.cites is not None and not _cited(expected.cites, answer):
        found.append(f"citations: expected one from {expected.cites!r}, got {answer.get('citations')!r}")
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
        f"slots.{name}: expected {value!r}, got {given.get(name)!r}"
        for name, value in wanted.items()
        if not is_part(value, given.get(name))
    ]


def _words(expected: Expectation, reply: str) -> list[str]:
    lacking = [text for text in expected.reply_contains or [] if text.casefold() not in reply.casefold()]
    surplus = [text for text in expected.reply_lacks or [] if text.casefold() in reply.casefold()]
    return [
        *(f"reply: expected to contain {text!r}, got {reply!r}" for text in lacking),
        *(f"reply: expected not to contain {text!r}, got {reply!r}" for text in surplus),
    ]


def _action(expected: ExpectedAction, calls: Sequence[Call]) -> list[str]:
    if expected.times is not None and len(calls) != expected.times:
        return [f"actions.{expected.name}: expected {expected.times} call(s), got {len(calls)}"]
    if expected.body is not None and not (calls and is_part(expected.body, calls[-1].body)):
        sent = calls[-1].body if calls else None
        return [f"actions.{expected.name}: expected to be sent {expected.body!r}, got {sent!r}"]
    return []


def _cited(source: str, answer: dict[str, JsonValue]) -> bool:
    citations = answer.get("citations")
    given = citations if isinstance(citations, list) else []
    return any(isinstance(citation, dict) and source in str(citation.get("source")) for citation in given)
