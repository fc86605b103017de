"""Decide whether a person takes over."""

from config.versions import Versions
from dialogue.reply import without_questions
from dialogue.state import Counters, DialogueState, DialogueUpdate, OpenQuestion, Part
from dialogue.transfer import is_tentative, judge_transfer


async def decide_transfer(state: DialogueState, *, versions: Versions) -> DialogueUpdate:
    """Judge by the turn's evidence; where the bot goes on, its open question comes back."""
    version = versions.get(state["tenant"], state["project"], state["version"])
    judged = judge_transfer(
        version.project,
        verdict=state["verdict"],
        confidence=state["confidence"],
        retrieval=state["retrieval"],
        receipts=state["receipts"],
        failures=state["counters"]["failures"],
        in_flow=bool(state["stack"]),
        tentative=is_tentative(state["commands"], state["certainty"]) and not _blind(state),
        model_failed=any(use["failure"] for use in state["models"]),
    )
    counters = Counters(turns=state["counters"]["turns"], failures=judged.failures)
    update = DialogueUpdate(should_transfer=judged.reason is not None, transfer_reason=judged.reason, counters=counters)
    if judged.reason is not None:
        # What a streaming caller has seen cannot be unsaid; the rest of it falls away.
        parts = state["parts"] if state["streamed"] else without_questions(state["parts"])
        return {**update, "parts": parts}
    if state["reprise"]:
        return {**update, "parts": [*state["parts"], Part(kind="question", text=state["reprise"])]}
    if _doubtful(state, version.project.confidence.high):
        text = version.text("answer.caveat", state["locale"])
        offer = OpenQuestion(kind="person", flow_id=None, slots=[], intents=[], candidates=[], text=text)
        return {**update, "parts": [*state["parts"], Part(kind="question", text=text)], "open": offer}
    return update


def _blind(state: DialogueState) -> bool:
    """The knowledge could not be read: what was meant cannot be told by what is found."""
    return state["retrieval"] is not None and state["retrieval"]["failure"] is not None


def _doubtful(state: DialogueState, high: float) -> bool:
    """An answer was given, but not a sure one: a person is offered with it."""
    given = any(part["kind"] == "answer" for part in state["parts"])
    return given and state["confidence"] is not None and state["confidence"] < high
