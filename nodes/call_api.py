"""Do the action the customer agreed to."""

from langgraph.runtime import Runtime
from pydantic import JsonValue

from config.versions import Version, Versions
from dialogue.context import TurnContext, given, may_ask_model
from dialogue.interruptions import Interruptions
from dialogue.results import action_part, after_action
from dialogue.scene import values_of
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
) -> DialogueUpdate:
    """Call it once, say what came of it, and take the flow off the stack."""
    version = versions.get(state["tenant"], state["project"], state["version"])
    frame = state["stack"][-1]
    if frame["plan"] is None:
        raise RuntimeError(f"flow {frame['flow_id']!r} reached its action without a plan")
    call = planned_call(state, frame, frame["plan"], deadline=given(runtime.context).deadline)
    interruptions.commit(state["tenant"], state["project"], state["session_id"])
    receipt = await actions.call(version, call)
    said, update = await _worded(state, version, receipt, given(runtime.context), writer)
    # What a turn did that died before it could say so is said before anything else.
    parts = [said, *state["parts"]] if receipt["replayed"] else [*state["parts"], said]
    ended: DialogueState = {**state, **after_action(state, version, receipt), "parts": parts}
    ended["receipts"] = [*state["receipts"], receipt]
    ended["untold"] = [one for one in state["untold"] if one["key"] != receipt["key"]]
    return {**tell_untold(ended, version), **update, "intent": frame["intent"]}


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
