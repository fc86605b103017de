"""The transcript as lines of text, and how much of it a conversation carries with it."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage

from dialogue.tokens import estimate_tokens

LEAST_KEPT: Final = 60
"""Messages that are kept however long they are."""


def lines(messages: Sequence[AnyMessage], *, markers: bool = False) -> list[dict[str, str]]:
    """{role, content} of each message, oldest first; what a person at the desk wrote has the role `human`.

    With `markers` also what happened beside the talk, such as that the person gave it back, in the role `system`.
    """
    return [
        {"role": _role(message), "content": str(message.text)}
        for message in messages
        if isinstance(message, HumanMessage | AIMessage) or (markers and isinstance(message, SystemMessage))
    ]


def for_model(history: Sequence[dict[str, str]], last: int) -> list[dict[str, str]]:
    """The last messages in the two roles a model knows."""
    return [
        {"role": "user" if message["role"] == "user" else "assistant", "content": message["content"]}
        for message in history[-last:]
    ]


def last_said(messages: Sequence[AnyMessage]) -> str:
    """The bot's last message; empty where it has said nothing."""
    return next((line["content"] for line in reversed(lines(messages)) if line["role"] == "assistant"), "")


def outgrown(messages: Sequence[AnyMessage], budget: int) -> list[AnyMessage]:
    """What customer and bot said before the newest `budget` tokens: no turn reads it any more.

    What a person at the desk said, and that it was given back, stands nowhere else and stays.
    """
    if len(messages) <= LEAST_KEPT:
        return []
    older = messages[-LEAST_KEPT - 1 :: -1]
    used = sum(estimate_tokens(str(message.text)) for message in messages[-LEAST_KEPT:])
    reached = accumulate((estimate_tokens(str(message.text)) for message in older), initial=used)
    beyond = [message for message, tokens in zip(older, list(reached)[1:], strict=True) if tokens > budget]
    return [message for message in beyond if _role(message) in ("user", "assistant")]


def _role(message: AnyMessage) -> str:
    if isinstance(message, HumanMessage):
        return "user"
    if isinstance(message, SystemMessage):
        return "system"
    return "human" if message.name == "person" else "assistant"
