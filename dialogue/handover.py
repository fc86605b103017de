"""What a person who takes over needs to know, at a glance."""

from pydantic import JsonValue

from config.project import Slot
from config.versions import Version
from dialogue.display import masked, shown
from dialogue.privacy import Veil, hide_checked
from dialogue.scene import values_of
from dialogue.state import DialogueState, Frame


def make_packet_values(state: DialogueState, version: Version) -> dict[str, JsonValue]:
    """The values of all open flows, the top flow's last; sensitive ones masked, free texts without others' numbers."""
    values: dict[str, JsonValue] = {}
    for frame in state["stack"]:
        specs = version.project.slots_of(frame["intent"])
        for name, value in values_of(frame).items():
            values[name] = masked(value) if name in specs and specs[name].sensitive else value
            if name in specs and specs[name].type == "text" and isinstance(value, str):
                values[name] = hide_checked(str(values[name]))
    return values


class DeskVeil:
    """Hides in free text what the desk is not to read: known sensitive values, cards, IBANs and identity numbers."""

    def __init__(self, state: DialogueState, version: Version) -> None:
        frames = [*state.get("finished", []), *state["stack"]]
        known = [value for frame in frames for value in (values_of(frame), _replaced(frame))]
        self._known = Veil(version.project, known, numbers=False)

    def __call__(self, text: str) -> str:
        """The text without them."""
        return self._known(hide_checked(text))


def _replaced(frame: Frame) -> dict[str, JsonValue]:
    """The values that a customer has corrected: they still stand in what was said."""
    before = {name: known.get("previous") for name, known in frame["slots"].items()}
    return {name: known["value"] for name, known in before.items() if known is not None}


def summary_of(state: DialogueState, version: Version) -> str:
    """One or two lines: what was going on, what is known, what the customer said last."""
    project, locale = version.project, state["locale"]
    said = [f"“{DeskVeil(state, version)(state['request']['message'].strip())[:300]}”"]
    for frame in reversed(state["stack"]):
        title = project.say(project.intents[frame["intent"]].title, locale) or frame["intent"].replace("_", " ")
        specs = project.slots_of(frame["intent"])
        known = [f"{name}={_told(specs[name], value, locale)}" for name, value in values_of(frame).items()]
        said.append(f"{title} ({', '.join(known)})" if known else title)
    done = list(state["receipts"])
    said += [f"{receipt['action']}: {receipt['status']}" for receipt in done]
    return " · ".join(said)


def _told(slot: Slot, value: JsonValue, locale: str) -> str:
    told = shown(slot, value, locale)
    return hide_checked(told) if slot.type == "text" else told
