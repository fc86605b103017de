"""Many calls at once, cancelled calls, and callers who listen in on the graph."""

import asyncio

import pytest
from langchain_core.runnables import RunnableLambda

from models.chat import open_language_model
from tests.models_chat.asking import ask
from tests.openai_server import Seen, calls, decides, endless, never_answers, says, serving_openai


async def test_a_cancelled_stream_ends_at_once_every_time(open_model):
    """A cancel that arrives with a piece of the answer must not be swallowed."""
    with serving_openai(respond=lambda _: endless("word ")) as server:
        model = open_model(server)
        for trial in range(20):
            task = asyncio.create_task(ask(model, "stream", seconds=30))
            await asyncio.sleep(0.02 + trial * 0.0007)
            task.cancel()
            _, late = await asyncio.wait([task], timeout=1)

            assert not late
            assert task.cancelled()


async def test_answers_are_not_mixed_up(open_model):
    def echo(seen: Seen):
        return says(f"you said {seen.body['messages'][-1]['content']}", pause=0.01)

    with serving_openai(respond=echo) as server:
        model = open_model(server)
        asked = [[{"role": "user", "content": f"number {number}"}] for number in range(40)]
        answers = await asyncio.gather(*(model.complete(each, purpose="test", deadline=None) for each in asked))

    assert [answer.text for answer in answers] == [f"you said number {number}" for number in range(40)]


async def test_a_wedged_backend_makes_the_next_caller_wait_no_longer_than_its_deadline():
    with serving_openai(never_answers()) as server:
        model = open_language_model(model="small", base_url=server.url, max_concurrency=1)
        assert model is not None
        first = asyncio.create_task(ask(model, "complete", seconds=1))
        await asyncio.sleep(0.1)
        began = asyncio.get_running_loop().time()
        second = await ask(model, "complete", seconds=0.3)
        took = asyncio.get_running_loop().time() - began

        assert second.use["failure"] == "timeout:busy"
        assert took < 0.6
        assert (await first).use["failure"] == "timeout:deadline"
        await model.aclose()


@pytest.mark.parametrize("way", ["decide", "complete"])
async def test_what_is_asked_whole_stays_whole_while_events_are_streamed(open_model, way):
    """LangChain turns a call into a stream where an event stream listens; a streamed decision may be cut unnoticed."""
    with serving_openai(decides(("balance", {})) if way == "decide" else says("hello")) as server:
        model = open_model(server)

        async def turn(_: str) -> str:
            return str((await ask(model, way)).failure)

        events = [event async for event in RunnableLambda(turn).astream_events("go", version="v2")]

    assert events[-1]["data"]["output"] == "None"
    assert not server.requests[0].body["stream"]


async def test_concurrent_discoveries_agree(open_model):
    with serving_openai(
        respond=lambda _: decides(("balance", {})), lacks=("tools", "json_schema", "temperature", "max_tokens")
    ) as server:
        model = open_model(server)
        decided = await asyncio.gather(*(ask(model, "decide") for _ in range(10)))
        settled = await ask(model, "decide")

    assert all([call.name for call in each.calls] == ["balance"] for each in decided)
    assert settled.use["mode"] == model.mode == "json_object"
    assert server.requests[-1].refused is None


async def test_a_decision_with_an_empty_message_of_tools_is_still_typed(open_model):
    with serving_openai(calls()) as server:
        completion = await ask(open_model(server), "decide")

    assert completion.use["failure"] == "invalid:empty"
