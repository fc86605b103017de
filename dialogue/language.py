"""Which language the session speaks."""

from collections.abc import Sequence

from dialogue.commands import Command

TELLING = ("start", "question", "chat", "person")
"""Commands whose words show a language; a name, an address or a brand in a slot's answer does not."""


def next_locale(
    current: str, seen: str | None, commands: Sequence[Command], *, settled: bool, likely: str | None = None
) -> tuple[str, bool]:
    """The session's language after a message clearly in `seen`, and whether it is settled.

    The first clear message sets it; after that only a message that wants something in another language changes it.
    Until then a message too short to be clear is answered in the language its words are probably of.
    """
    telling = any(command["command"] in TELLING for command in commands)
    if seen is None:
        return (likely if likely and telling and not settled else current), settled
    if not settled:
        return seen, True
    return (seen, True) if telling else (current, True)
