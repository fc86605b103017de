"""Which language the session speaks."""

from collections.abc import Sequence

from dialogue.commands import Command

TELLING = ("start", "question", "chat", "person")
"""Commands whose words show a language; a name, an address or a brand in a slot's answer does not."""


def next_locale(current: str, seen: str | None, commands: Sequence[Command], *, settled: bool) -> tuple[str, bool]:
    """The session's language after a message clearly in `seen`, and whether it is settled.

    The first clear message sets it; after that only a message that wants something in another language changes it.
    """
    if seen is None:
        return current, settled
    if not settled:
        return seen, True
    telling = any(command["command"] in TELLING for command in commands)
    return (seen, True) if telling else (current, True)
