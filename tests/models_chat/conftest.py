import asyncio
from collections.abc import Callable

import pytest_asyncio

from models.breaker import Breaker
from models.chat import ChatModel, open_language_model
from models.memory import WireMemory
from tests.openai_server import ScriptedOpenAI

OpenModel = Callable[..., ChatModel]


@pytest_asyncio.fixture
async def open_model():
    """Opens models of a scripted server and closes them after the test."""
    opened: list[ChatModel] = []

    def open_one(
        server: ScriptedOpenAI | str,
        *,
        api_key: str = "sk-test",
        breaker: Breaker | None = None,
        memory: WireMemory | None = None,
    ) -> ChatModel:
        url = server if isinstance(server, str) else server.url
        model = open_language_model(model="small", api_key=api_key, base_url=url, breaker=breaker, memory=memory)
        assert model is not None
        opened.append(model)
        return model

    yield open_one
    for model in opened:
        await model.aclose()


def soon(seconds: float) -> float:
    """A deadline on the loop's clock."""
    return asyncio.get_running_loop().time() + seconds
