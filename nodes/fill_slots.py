"""Carry out what was understood: the dialogue policy over the stack."""

from zoneinfo import ZoneInfo

from config.clock import Clock
from config.versions import Versions
from dialogue.policy import advance
from dialogue.scene import scene_of, talked_about, update_of
from dialogue.state import DialogueState, DialogueUpdate


async def fill_slots(state: DialogueState, *, versions: Versions, clock: Clock) -> DialogueUpdate:
    """Apply the pending commands and decide what is next; after an action, go on with what waits."""
    version = versions.get(state["tenant"], state["project"], state["version"])
    now = clock().astimezone(ZoneInfo(version.project.timezone))
    before = scene_of(state, version, now)
    scene = advance(before, expired=state["expired"] and not state["receipts"])
    return {**update_of(scene), "intent": state["intent"] if state["receipts"] else talked_about(before, scene)}
