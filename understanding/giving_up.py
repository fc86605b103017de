"""What ends the open flow while something else is wanted: "forget that, what is my balance"."""

from typing import Final

from dialogue.commands import Act as ActCommand
from dialogue.commands import Command
from understanding.material import Material, Reading
from understanding.wanting import other_wishes, start, values_of

_ENDS: Final = 0.9
"""What the first part of a message needs to end the flow when other wishes follow it."""


def cancelled_for(m: Material) -> Reading | None:
    """Something else after words that end the flow: "forget that, what is my balance"."""
    if m.active is None or m.whole.acts.exact == "cancel" or not _begins_with_cancel(m):
        return None
    wishes = [each for each in (*m.parts, m.whole) if each.intents.verdict == "sure" and each.intents.best != m.active]
    wishes = other_wishes(m) if len(other_wishes(m)) > 1 else wishes[:1]
    commands: list[Command] = []
    for heard in wishes:
        if heard.intents.best is not None:
            commands += [start(heard.intents.best), *values_of(m, heard, heard.intents.best)]
    certainty = min((heard.intents.certainty for heard in wishes), default=0.0)
    return Reading((ActCommand(command="cancel"), *commands), certainty) if commands else None


def _begins_with_cancel(m: Material) -> bool:
    if m.lead == "cancel":
        return True
    first = m.parts[0] if m.parts else None
    return first is not None and first.intents.verdict == "reject" and first.acts.probabilities["cancel"] >= _ENDS
