"""End a turn: the reply as one text, the transcript, the answer the caller gets."""

from typing import cast

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, RemoveMessage
from langgraph.runtime import Runtime

from config.versions import Versions
from dialogue.answer import make_answer
from dialogue.context import TurnContext
from dialogue.history import fingerprint
from dialogue.interruptions import Interruptions
from dialogue.quick_replies import quick_replies
from dialogue.reply import compose, remainder
from dialogue.state import DialogueState, DialogueUpdate, TurnRecord
from dialogue.takeovers import Takeovers
from dialogue.transcript import outgrown
from tools.ports import DeskLine


async def close_turn(
    state: DialogueState,
    runtime: Runtime[TurnContext],
    *,
    versions: Versions,
    desk: DeskLine,
    takeovers: Takeovers,
    interruptions: Interruptions,
) -> DialogueUpdate:
    """Append both sides of the turn, send what was not streamed yet, and keep the answer for a repeated message."""
    interruptions.commit(state["tenant"], state["project"], state["session_id"])
    version = versions.get(state["tenant"], state["project"], state["version"])
    request = state["request"]
    taken = takeovers.begun(state["tenant"], state["project"], state["session_id"])
    if taken:
        state = {**state, **_silenced(state)}
    reply = state["streamed"] if taken else compose(state["parts"])
    rest = "" if taken else remainder(reply, state["streamed"])
    if rest:
        runtime.stream_writer({"delta": rest})
    if state["outcome"] == "muted":
        await desk.forward(
            version, session_id=state["session_id"], message=request["message"], message_id=request["message_id"]
        )
    said: list[AnyMessage] = [HumanMessage(request["message"])] if request["event"] == "message" else []
    if reply:
        said.append(AIMessage(state["streamed"] + rest, additional_kwargs={"fallback": state["fallback"]}))
    gone = outgrown(state.get("messages", []), version.project.limits.history_tokens)
    taken_away = [RemoveMessage(id=message.id) for message in gone if message.id]
    answer = make_answer({**state, "reply": state["streamed"] + rest}, quick_replies(state, version))
    turn = TurnRecord(
        message_id=request["message_id"],
        fingerprint=fingerprint({"role": "user", "content": request["message"]}),
        answer=answer,
    )
    # The input's keys are emptied too: what a caller leaves out of the next turn must not be this turn's.
    return DialogueUpdate(
        messages=cast(list[AnyMessage], [*taken_away, *said]),
        outgrown=state.get("outgrown", 0) + len(taken_away),
        reply=state["streamed"] + rest,
        outcome=state["outcome"],
        owner=state["owner"],
        open=state["open"],
        last_turn=turn,
        message="",
        message_id="",
        asked_locale=None,
        history=[],
        metadata={},
        event="message",
    )


def _silenced(state: DialogueState) -> DialogueUpdate:
    """A person began to speak meanwhile: what was not sent yet is not sent, and the person has the session."""
    return DialogueUpdate(
        parts=[],
        outcome="muted",
        owner="person",
        open=None,
        asks=[],
        citations=state["citations"] if state["streamed"] else [],
        should_transfer=False,
        transfer_reason=None,
        notices=[*state["notices"], "a person took the session over while the bot was answering"],
    )
