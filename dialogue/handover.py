"""What a person who takes over needs to know, at a glance."""

from pydantic import JsonValue

from config.versions import Version
from dialogue.display import masked, shown
from dialogue.scene import values_of
from dialogue.state import DialogueState


def make_packet_values(state: DialogueState, version: Version) -> dict[str, JsonValue]:
    """The values of all open flows, the top flow's last; sensitive ones masked."""
    values: dict[str, JsonValue] = {}
    for frame in state["stack"]:
        specs = version.project.slots_of(frame["intent"])
        for name, value in values_of(frame).items():
            values[name] = masked(value) if name in specs and specs[name].sensitive else value
    return values


def summary_of(state: DialogueState, version: Version) -> str:
    """One or two lines: what was going on, what is known, what the customer said last."""
    project, locale = version.project, state["locale"]
    said = [f"“{state['request']['message'].strip()[:300]}”"]
    for frame in reversed(state["stack"]):
        title = project.say(project.intents[frame["intent"]].title, locale) or frame["intent"].replace("_", " ")
        specs = project.slots_of(frame["intent"])
        known = [f"{name}={shown(specs[name], value, locale)}" for name, value in values_of(frame).items()]
        said.append(f"{title} ({', '.join(known)})" if known else title)
    done = list(state["receipts"])
    said += [f"{receipt['action']}: {receipt['status']}" for receipt in done]
    return " · ".join(said)
