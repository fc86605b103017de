"""Word an answer from the passages found."""

from langgraph.runtime import Runtime

from config.versions import Version, Versions
from dialogue.confidence import confidence_in
from dialogue.context import TurnContext, given, may_ask_model
from dialogue.interruptions import Interruptions
from dialogue.reply import before_answer
from dialogue.scene import intent_titles
from dialogue.state import DialogueState, DialogueUpdate, Part
from dialogue.takeovers import Takeovers
from dialogue.transcript import for_model
from dialogue.transfer import is_tentative
from tools.ports import AnswerWriter

HISTORY = 10
"""Messages a model may read before the question."""


async def draft_answer(
    state: DialogueState,
    runtime: Runtime[TurnContext],
    *,
    versions: Versions,
    writer: AnswerWriter,
    takeovers: Takeovers,
    interruptions: Interruptions,
) -> DialogueUpdate:
    """Answer from the evidence and stream it; evidence too weak to rely on is not worded as an answer."""
    version = versions.get(state["tenant"], state["project"], state["version"])
    if not _worth_wording(state, version):
        return _nothing_found(state, version)
    sent: list[str] = []
    lead = before_answer(state["parts"])

    def emit(piece: str) -> None:
        if takeovers.begun(state["tenant"], state["project"], state["session_id"]):
            return
        interruptions.commit(state["tenant"], state["project"], state["session_id"])
        for delta in (piece,) if sent or not lead else (lead, piece):
            sent.append(delta)
            runtime.stream_writer({"delta": delta})

    context = given(runtime.context)
    draft = await writer.write(
        version,
        state["verdict"]["question"] or state["request"]["message"],
        state["retrieval"]["passages"] if state["retrieval"] else [],
        history=for_model(state["context_history"], HISTORY),
        locale=state["locale"],
        emit=emit,
        deadline=context.deadline,
        model_allowed=may_ask_model(context, version.project.limits, len(state["models"])),
    )
    return DialogueUpdate(
        parts=[*state["parts"], Part(kind="error" if draft.fallback else "answer", text=draft.text)],
        streamed="".join(sent),
        grounded=draft.grounded,
        fallback=draft.fallback,
        citations=list(draft.citations),
        models=[*state["models"], *draft.models],
        notices=[*state["notices"], *draft.notices],
    )


def _nothing_found(state: DialogueState, version: Version) -> DialogueUpdate:
    """Say so; where the message was only guessed to be a question, ask for other words instead.

    Where nothing could be looked up, nothing was looked for: that is said, and other words would not help.
    """
    if state["retrieval"] is not None and state["retrieval"]["failure"]:
        offer = Part(kind="question", text=version.text("model_unavailable.none", state["locale"]))
        return DialogueUpdate(parts=[*state["parts"], offer], fallback=True)
    guessed = is_tentative(state["commands"], state["certainty"])
    text = version.text("cannot_handle.no_match" if guessed else "answer.none", state["locale"])
    outcome = "clarifying" if guessed and not state["stack"] else state["outcome"]
    said = [*state["parts"], Part(kind="error", text=text)]
    titles = intent_titles(version.project, state["locale"])
    if guessed and not state["stack"] and state["counters"]["failures"] and titles:
        said.append(Part(kind="note", text=version.text("cannot_handle.suggest", state["locale"], titles=titles)))
    return DialogueUpdate(parts=said, fallback=True, outcome=outcome)


def _worth_wording(state: DialogueState, version: Version) -> bool:
    found = state["retrieval"]
    if found is None or found["hits"] == 0:
        return False
    return confidence_in(found, version.project) >= version.project.confidence.low
