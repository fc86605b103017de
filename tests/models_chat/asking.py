"""One question put to a model in each of the three ways, with the same kind of answer."""

from typing import Literal

from pydantic import JsonValue

from models.chat import ChatModel
from models.ports import Completion
from tests.models_chat.conftest import soon

Way = Literal["decide", "complete", "stream"]
MESSAGES = [{"role": "system", "content": "You are a bank's bot."}, {"role": "user", "content": "What is my balance?"}]
TOOLS: list[dict[str, JsonValue]] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"The customer wants {name}.",
            "parameters": {"type": "object", "properties": {"amount": {"type": "string"}}},
        },
    }
    for name in ("balance", "send_money", "chat")
]


async def ask(model: ChatModel, way: Way, *, seconds: float = 5.0) -> Completion:
    """The completion, whichever way it came; a stream's pieces must join to its text."""
    if way == "decide":
        return await model.decide(MESSAGES, TOOLS, purpose="test", deadline=soon(seconds))
    if way == "complete":
        return await model.complete(MESSAGES, purpose="test", deadline=soon(seconds))
    items = [item async for item in model.stream(MESSAGES, purpose="test", deadline=soon(seconds))]
    *pieces, end = items
    assert isinstance(end, Completion)
    assert all(isinstance(piece, str) and piece for piece in pieces)
    assert "".join(piece for piece in pieces if isinstance(piece, str)) == end.text
    return end
