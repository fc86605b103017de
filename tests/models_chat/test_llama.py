"""The wire against a real backend, llama.cpp's server; what its 135 M model says is not judged."""

import pytest

from models.chat import open_language_model
from models.ports import Completion
from tests.llama_server import serving_llama
from tests.models_chat.asking import MESSAGES, TOOLS
from tests.models_chat.conftest import soon


@pytest.fixture(scope="module")
def llama():
    with serving_llama() as url:
        yield url


async def test_the_same_model_completes_streams_and_decides(llama):
    model = open_language_model(model="smollm2", base_url=llama, decision_tokens=32)
    assert model is not None

    whole = await model.complete(MESSAGES, purpose="test", deadline=soon(30), max_tokens=8)
    *pieces, streamed = [item async for item in model.stream(MESSAGES, purpose="test", deadline=soon(30), max_tokens=8)]
    decided = await model.decide(MESSAGES, TOOLS[:2], purpose="test", deadline=soon(30))
    await model.aclose()

    assert whole.failure in {None, "incomplete"}
    assert whole.text
    assert 0 < whole.use["output_tokens"] <= 8
    assert isinstance(streamed, Completion)
    assert "".join(piece for piece in pieces if isinstance(piece, str)) == streamed.text
    assert streamed.failure in {None, "incomplete"}
    assert streamed.use["input_tokens"] == whole.use["input_tokens"]
    # Its template knows no tools and the server drops them without a word; JSON by grammar is what works.
    assert decided.use["mode"] in {"tools", "json_schema"}
    assert {call.name for call in decided.calls} <= {"balance", "send_money"}
    assert decided.failure in {None, "incomplete"}
