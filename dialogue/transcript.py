"""The transcript as lines of text."""

from collections.abc import Sequence

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage


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


def _role(message: AnyMessage) -> str:
    if isinstance(message, HumanMessage):
        return "user"
    if isinstance(message, SystemMessage):
        return "system"
    return "human" if message.name == "person" else "assistant"
