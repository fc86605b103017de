"""The wire against a real backend, llama.cpp's server; what its 135 M model says is not judged."""

import pytest

from models.chat import open_language_model
from models.memory import WireMemory
from models.ports import Completion, ToolCall
from models.wire import Wire
from tests.llama_server import serving_llama
from tests.models_chat.asking import MESSAGES, TOOLS
from tests.models_chat.conftest import soon


@pytest.fixture(scope="module")
def llama():
    with serving_llama() as url:
        yield url


@pytest.fixture(scope="module")
def llama_with_tools():
    with serving_llama(tools=True) as url:
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
    assert len(pieces) > 1
    # Its template knows no tools and the server drops them without a word; JSON by grammar is what works.
    assert decided.use["mode"] in {"tools", "json_schema"}
    assert {call.name for call in decided.calls} <= {"balance", "send_money"}
    assert decided.failure in {None, "incomplete"}


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "streamed"])
async def test_a_model_whose_template_has_tools_calls_them(llama_with_tools, whole):
    memory = WireMemory()
    memory.keep(llama_with_tools, "smollm2", Wire(whole=whole), set())
    model = open_language_model(model="smollm2", base_url=llama_with_tools, decision_tokens=48, memory=memory)
    assert model is not None

    decided = await model.decide(MESSAGES, TOOLS[:2], purpose="test", deadline=soon(60))
    await model.aclose()

    assert decided.failure is None
    assert decided.calls[0] == ToolCall(name="balance", arguments={})
    assert decided.use["mode"] == "tools"
