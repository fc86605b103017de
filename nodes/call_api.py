"""Do the action the customer agreed to."""

from langgraph.runtime import Runtime
from pydantic import JsonValue

from config.versions import Version, Versions
from dialogue.context import TurnContext, given, may_ask_model
from dialogue.results import action_part, after_action
from dialogue.scene import values_of
from dialogue.state import DialogueState, DialogueUpdate, Part, Receipt
from tools.ports import ActionCall, Actions, AnswerWriter


async def call_api(
    state: DialogueState,
    runtime: Runtime[TurnContext],
    *,
    versions: Versions,
    actions: Actions,
    writer: AnswerWriter,
) -> DialogueUpdate:
    """Call it once, say what came of it, and take the flow off the stack."""
    version = versions.get(state["tenant"], state["project"], state["version"])
    frame = state["stack"][-1]
    if frame["plan"] is None:
        raise RuntimeError(f"flow {frame['flow_id']!r} reached its action without a plan")
    call = ActionCall(
        plan=frame["plan"],
        tenant=state["tenant"],
        session_id=state["session_id"],
        flow_id=frame["flow_id"],
        locale=state["locale"],
        channel=state["channel"],
        variables=state["variables"],
        deadline=given(runtime.context).deadline,
    )
    receipt = await actions.call(version, call)
    said, update = await _worded(state, version, receipt, given(runtime.context), writer)
    ended = after_action(state, receipt)
    return {**ended, **update, "parts": [*state["parts"], said], "receipts": [*state["receipts"], receipt]}


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
    return Part(kind="reply", text=draft.text), update
