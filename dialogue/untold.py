"""What earlier turns did that ended before they could say so: told before anything else. Pure."""

from config.versions import Version
from dialogue.results import action_part, after_action
from dialogue.state import DialogueState, DialogueUpdate, Frame, Part, Receipt


def unsaid(state: DialogueState) -> list[Receipt]:
    """The receipts of the turn before, where it broke between its action and its answer."""
    last = state.get("last_turn")
    metadata = last["answer"].get("metadata") if last else None
    answered = metadata.get("turn") if isinstance(metadata, dict) else 0
    counters = state.get("counters")
    return state.get("receipts", []) if counters and counters["turns"] != answered else []


def tell_untold(state: DialogueState, version: Version) -> DialogueUpdate:
    """Their sentences stand before all others, their receipts among the turn's; the flows they ended are over."""
    told: list[Part] = []
    for receipt in state["untold"]:
        frame = _frame(state, version, receipt)
        if frame is None:
            continue  # its turn had taken the flow off before it broke, or its intent is gone
        others = [one for one in state["stack"] if one["flow_id"] != frame["flow_id"]]
        state = {**state, "stack": [*others, frame]}
        told.append(action_part(state, version, receipt))
        question = state["open"]
        ended = after_action(state, version, receipt)
        ended["open"] = None if question is not None and question["flow_id"] == frame["flow_id"] else question
        state = {**state, **ended}
    return DialogueUpdate(
        stack=state["stack"],
        finished=state["finished"],
        open=state["open"],
        variables=state["variables"],
        parts=[*told, *state["parts"]],
        receipts=[*state["untold"], *state["receipts"]],
        untold=[],
    )


def _frame(state: DialogueState, version: Version, receipt: Receipt) -> Frame | None:
    """The flow as far as it is known: of one that began in the turn that broke, only what it was for."""
    known = (frame for frame in state["stack"] if frame["flow_id"] == receipt["flow_id"])
    using = (name for name, intent in version.project.intents.items() if intent.action == receipt["action"])
    made = (
        Frame(flow_id=receipt["flow_id"], intent=name, slots={}, asked=[], attempts={}, status="collecting", plan=None)
        for name in using
    )
    return next(known, None) or next(made, None)
