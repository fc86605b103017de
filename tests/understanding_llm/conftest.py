import pytest_asyncio

from models.chat import ChatModel, open_language_model
from understanding.llm import LLMUnderstanding


@pytest_asyncio.fixture
async def reading():
    """Opens engines over a scripted server and closes their models after the test."""
    opened: list[ChatModel] = []

    def open_one(server, **options) -> LLMUnderstanding:
        model = open_language_model(model="small", api_key="sk-test", base_url=server.url)
        assert model is not None
        opened.append(model)
        return LLMUnderstanding(model, **options)

    yield open_one
    for model in opened:
        await model.aclose()
