"""Which node comes next: each route reads one verdict in the state and names a node.

LangGraph copies all that a route's input names, and runs a route that is not async in a thread: the inputs are narrow
and the routes async.
"""

from typing import Literal

from typing_extensions import TypedDict

from dialogue.state import Outcome, Verdict


class Opened(TypedDict):
    """Whether there is anything for the bot to do."""

    outcome: Outcome


class Decided(TypedDict):
    """What the policy decided."""

    verdict: Verdict


class Judged(TypedDict):
    """Whether a person takes over."""

    should_transfer: bool


async def after_open_turn(state: Opened) -> Literal["detect_intent", "close_turn"]:
    """While a person owns the session the bot only records."""
    return "close_turn" if state["outcome"] == "muted" else "detect_intent"


async def after_fill_slots(
    state: Decided,
) -> Literal["ask_slot", "call_api", "retrieve", "reply", "score_confidence"]:
    """Ask, act, answer, say something, or let a person take over."""
    match state["verdict"]["next"]:
        case "ask":
            return "ask_slot"
        case "act":
            return "call_api"
        case "answer":
            return "retrieve"
        case "transfer":
            return "score_confidence"
        case "reply" | "done":
            return "reply"


async def after_decide_transfer(state: Judged) -> Literal["transfer", "close_turn"]:
    """A person takes over, or the turn simply ends."""
    return "transfer" if state["should_transfer"] else "close_turn"
