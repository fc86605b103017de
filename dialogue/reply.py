"""The reply as one text, from its parts."""

from collections.abc import Sequence

from dialogue.state import Part

SEPARATOR = "\n"
"""Between the parts of a reply; a streamed reply is built with the same."""


def compose(parts: Sequence[Part]) -> str:
    """All parts in order, one a line."""
    return SEPARATOR.join(part["text"].strip() for part in parts if part["text"].strip())


def before_answer(parts: Sequence[Part]) -> str:
    """What is said before an answer, with the separator that follows it; empty where nothing is."""
    said = compose(parts)
    return said + SEPARATOR if said else ""


def remainder(reply: str, streamed: str) -> str:
    """What of the reply was not streamed yet; the reply begins with what was."""
    return reply[len(streamed) :] if reply.startswith(streamed) else SEPARATOR + reply


def without_questions(parts: Sequence[Part]) -> list[Part]:
    """What still holds when a person takes over: answers, replies and errors, but no notes and no questions."""
    return [part for part in parts if part["kind"] not in ("question", "note")]
