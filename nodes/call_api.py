"""Do the action the customer agreed to."""

from langgraph.runtime import Runtime
from pydantic import JsonValue

from config.versions import Version, Versions
from dialogue.context import TurnContext, given, may_ask_model
from dialogue.departures import Departures
from dialogue.interruptions import Interruptions
from dialogue.results import action_part, after_action
from dialogue.scene import intent_title, values_of
from dialogue.state import DialogueState, DialogueUpdate, Frame, Part, Plan, Receipt
from dialogue.untold import tell_untold
from tools.ports import ActionCall, Actions, AnswerWriter


async def call_api(
    state: DialogueState,
    runtime: Runtime[TurnContext],
    *,
    versions: Versions,
    actions: Actions,
    writer: AnswerWriter,
    interruptions: Interruptions,
    departures: Departures,
) -> DialogueUpdate:
    """Call it once, say what came of it, and take the flow off the stack."""
    version = versions.get(state["tenant"], state["project"], state["version"])
    frame = state["stack"][-1]
    if frame["plan"] is None:
        raise RuntimeError(f"flow {frame['flow_id']!r} reached its action without a plan")
    call = planned_call(state, frame, frame["plan"], deadline=given(runtime.context).deadline)
    if await _nobody_would_hear(state, version, call, actions, departures):
        return _left_undone(state, version, frame)
    interruptions.commit(state["tenant"], state["project"], state["session_id"])
    receipt = await actions.call(version, call)
    said, update = await _worded(state, version, receipt, given(runtime.context), writer)
    # What a turn did that died before it could say so is said before anything else.
    parts = [said, *state["parts"]] if receipt["replayed"] else [*state["parts"], said]
    ended: DialogueState = {**state, **after_action(state, version, receipt), "parts": parts}
    ended["receipts"] = [*state["receipts"], receipt]
    ended["untold"] = [one for one in state["untold"] if one["key"] != receipt["key"]]
    return {**tell_untold(ended, version), **update, "intent": frame["intent"]}


async def _nobody_would_hear(
    state: DialogueState, version: Version, call: ActionCall, actions: Actions, departures: Departures
) -> bool:
    """Whether nothing is to be changed for a caller who has hung up; what went out before is told all the same."""
    action = version.project.actions.get(call.plan["action"])
    if version.project.session.hang_up != "stop" or action is None or not action.writes:
        return False
    gone = departures.gone(state["tenant"], state["project"], state["session_id"])
    return gone and not await actions.begun(version, call)


def _left_undone(state: DialogueState, version: Version, frame: Frame) -> DialogueUpdate:
    """Nothing is done, which is said; what needed a yes needs it again, what needed none has to be wished again."""
    title = intent_title(version.project, frame["intent"], state["locale"])
    said = Part(kind="note", text=version.text("hang_up.not_done", state["locale"], intent=title))
    anew = Frame(**{**frame, "plan": None, "status": "collecting"})
    below = state["stack"][:-1]
    asked = version.project.needs_confirmation(frame["intent"])
    return DialogueUpdate(stack=[*below, anew] if asked else below, open=None, parts=[*state["parts"], said])


def planned_call(state: DialogueState, frame: Frame, plan: Plan, *, deadline: float | None = None) -> ActionCall:
    """The call a flow's plan stands for."""
    return ActionCall(
        plan=plan,
        tenant=state["tenant"],
        session_id=state["session_id"],
        flow_id=frame["flow_id"],
        locale=state["locale"],
        channel=state["channel"],
        variables=state["variables"],
        deadline=deadline,
    )


async def _worded(
    state: DialogueState, version: Version, receipt: Receipt, context: TurnContext, writer: AnswerWriter
) -> tuple[Part, DialogueUpdate]:
    """A model words a success where the author wants it and it can; else the author's text, else the built-in one."""
    action = version.project.actions[receipt["action"]]
    template = action_part(state, version, receipt)
    if receipt["status"] != "succeeded" or action.reply_prompt is None:
        return template, DialogueUpdate()
    values: dict[str, JsonValue] = {
        "api_response": receipt["result"],
        "result": receipt["result"],
        "reference": receipt["reference"],
        "slots": values_of(state["stack"][-1]),
        "variables": state["variables"],
        "channel": state["channel"],
    }
    draft = await writer.reword(
        version,
        action.reply_prompt,
        values,
        locale=state["locale"],
        deadline=context.deadline,
        model_allowed=may_ask_model(context, version.project.limits, len(state["models"])),
    )
    if draft is None:
        return template, DialogueUpdate()
    update = DialogueUpdate(models=[*state["models"], *draft.models], notices=[*state["notices"], *draft.notices])
    return template if draft.fallback else Part(kind="reply", text=draft.text), update
