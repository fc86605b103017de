"""The answer of a turn as callers see it, from the turn's state."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from dialogue.quick_replies import QuickReply
from dialogue.scene import values_of
from dialogue.state import DialogueState, Frame, ModelUse, Receipt

EXCERPT = 400
"""Characters of each passage that the diagnostics show."""


def make_answer(state: DialogueState, offered: Sequence[QuickReply] = ()) -> dict[str, JsonValue]:
    """The contract's answer of `POST /chat`; timings are completed by who runs the turn."""
    answer: dict[str, object] = {
        "reply": state["reply"],
        "confidence": _rounded(state["confidence"]),
        "should_transfer": state["should_transfer"],
        "transfer_reason": state["transfer_reason"],
        "outcome": state["outcome"],
        "intent": state["intent"],
        "slots": _slots(state),
        "asks": state["asks"],
        "quick_replies": [*offered],
        "citations": [{**citation, "score": round(citation["score"], 4)} for citation in state["citations"]],
        "session_id": state["session_id"],
        "message_id": state["request"]["message_id"],
        "version": state["version"],
        "locale": state["locale"],
        "metadata": {
            "tenant": state["tenant"],
            "project": state["project"],
            "channel": state["channel"],
            "turn": state["counters"]["turns"],
            "diagnostics": _diagnostics(state),
        },
    }
    return _plain(answer)


def _slots(state: DialogueState) -> Mapping[str, JsonValue]:
    """The values of the flow the turn was about; after its end, those it ended with."""
    ended = _ended(state)
    if ended is not None:
        return values_of(ended)
    return values_of(state["stack"][-1]) if state["stack"] else {}


def _ended(state: DialogueState) -> Frame | None:
    """The flow that the turn brought to its end."""
    ended = [frame for frame in state["finished"] if frame["intent"] == state["intent"]]
    if ended and (state["receipts"] or not state["stack"]) and state["outcome"] in ("acted", "answered"):
        return ended[-1]
    return None


def _frame(frame: Frame) -> dict[str, object]:
    return {key: frame[key] for key in ("flow_id", "intent", "status", "slots")}


def _diagnostics(state: DialogueState) -> dict[str, object]:
    found, ended = state["retrieval"], _ended(state)
    return {
        "engine": state["engine"],
        "certainty": _rounded(state["certainty"]),
        "readings": [{**one, "certainty": _rounded(one["certainty"])} for one in state.get("readings", [])],
        "commands": state["commands"],
        "intent_ranking": [{**ranked, "score": round(ranked["score"], 4)} for ranked in state["ranking"][:3]],
        "history": state["history_counts"],
        "retrieval": None
        if found is None
        else {
            "query": found["query"],
            "hits": found["hits"],
            "max_score": round(found["max_score"], 4),
            "insufficient": found["insufficient"],
            "passages": [
                {
                    "id": p["id"],
                    "source": p["source"],
                    "title": p["title"],
                    "score": round(p["score"], 4),
                    "relevance": _rounded(p.get("relevance")),
                    "text": p["text"][:EXCERPT],
                }
                for p in found["passages"]
            ],
        },
        "confidence": {name: _rounded(p) if not isinstance(p, str) else p for name, p in state["evidence"].items()},
        "llm": _models(state["models"]),
        "actions": [_action(receipt) for receipt in state["receipts"]],
        "stack": [_frame(frame) for frame in state["stack"]],
        "ended": None if ended is None else _frame(ended),
        "path": [*state.get("path", []), "close_turn"],
        "notices": state["notices"],
        "timing_ms": {step: round(ms, 3) for step, ms in state["timings"].items()},
    }


def _models(uses: list[ModelUse]) -> dict[str, object]:
    return {
        "calls": len(uses),
        "model": uses[-1]["model"] if uses else None,
        "input_tokens": sum(use["input_tokens"] for use in uses),
        "output_tokens": sum(use["output_tokens"] for use in uses),
        "mode": uses[-1]["mode"] if uses else None,
        "uses": [{**use, "ms": round(use["ms"], 3)} for use in uses],
        "failures": [use["failure"] for use in uses if use["failure"]],
        "status": "model_unavailable" if any(use["failure"] for use in uses) else "ok" if uses else "not_asked",
    }


def _action(receipt: Receipt) -> dict[str, object]:
    return {
        "name": receipt["action"],
        "status": receipt["status"],
        "ms": round(receipt["ms"], 3),
        "receipt": {
            "reference": receipt["reference"],
            "key": receipt["key"],
            "http_status": receipt["http_status"],
            "result": receipt["result"],
            "error": receipt["error"],
            "replayed": receipt["replayed"],
        },
    }


def _rounded(value: object) -> float | None:
    return round(value, 4) if isinstance(value, int | float) else None


def _plain(value: object) -> dict[str, JsonValue]:
    """The same as JSON values; the state's typed dictionaries are plain data already."""
    return value  # type: ignore[return-value]  # TypedDicts are dicts of JSON values, which mypy cannot see through
