"""Carry out what was understood: the dialogue policy over the stack."""

from zoneinfo import ZoneInfo

from langgraph.runtime import Runtime

from config.clock import Clock
from config.versions import Version, Versions
from dialogue.context import TurnContext, given
from dialogue.policy import advance
from dialogue.scene import Scene, scene_of, talked_about, update_of, values_of
from dialogue.state import Counters, DialogueState, DialogueUpdate, Frame, Plan, Receipt
from dialogue.untold import tell_untold
from nodes.call_api import planned_call
from tools.ports import ActionCall, Actions


async def fill_slots(
    state: DialogueState, runtime: Runtime[TurnContext], *, versions: Versions, clock: Clock, actions: Actions
) -> DialogueUpdate:
    """Apply the pending commands and decide what is next; after an action, go on with what waits.

    What a turn did that died before it could say so is told first, and its flow is over; where the customer asks for
    the very same again, the action's own receipt tells it.
    """
    version = versions.get(state["tenant"], state["project"], state["version"])
    now = clock().astimezone(ZoneInfo(version.project.timezone))
    acted, told = bool(state["receipts"]), DialogueUpdate()
    before = scene_of(state, version, now)
    scene = advance(before, expired=state["expired"] and not acted)
    untold = [] if acted else await _untold(state, version, actions)
    if untold and await _is_told_by_acting(state, version, scene, untold, actions):
        told = DialogueUpdate(untold=untold)
    elif untold:
        flows = {frame["flow_id"]: _call_of(state, version, frame) for frame in state["stack"]}
        # Only now: what acts again is asked about by the action itself.
        untold = await actions.reconcile(version, untold, flows=flows, deadline=given(runtime.context).deadline)
        told = tell_untold({**state, "untold": untold}, version)
        # The turn that died counts: flows that begin now must not have the names of its flows.
        told["counters"] = Counters(**{**state["counters"], "turns": state["counters"]["turns"] + 1})
        before = scene_of({**state, **told}, version, now)
        scene = advance(before, expired=state["expired"])
    return {**told, **update_of(scene), "intent": state["intent"] if acted else talked_about(before, scene)}


def _call_of(state: DialogueState, version: Version, frame: Frame) -> ActionCall:
    """The call that an open flow would make with what it knows now."""
    spec = version.project.intents.get(frame["intent"])
    action = spec.action if spec is not None and spec.action is not None else ""
    return planned_call(state, frame, Plan(action=action, arguments=values_of(frame), hash="", confirmed=False))


async def _untold(state: DialogueState, version: Version, actions: Actions) -> list[Receipt]:
    found = await actions.unanswered(
        version,
        tenant=state["tenant"],
        session_id=state["session_id"],
        turn=state["counters"]["turns"],
        flows={frame["flow_id"] for frame in state["stack"]},
    )
    known = {receipt["key"] for receipt in found}
    return [*(one for one in state["untold"] if one["key"] not in known), *found]


async def _is_told_by_acting(
    state: DialogueState, version: Version, scene: Scene, untold: list[Receipt], actions: Actions
) -> bool:
    """Whether what is to be done now is what was begun then: the ledger replays it or asks again under its key."""
    top = scene.top
    if scene.verdict is None or scene.verdict["next"] != "act" or top is None or top["plan"] is None:
        return False
    same = any(one["flow_id"] == top["flow_id"] for one in untold)
    return same and await actions.begun(version, planned_call(state, top, top["plan"]))
