"""Every fault of a model's backend or the network, against each way of asking: a typed outcome, nothing raised."""

import asyncio
import json

import pytest

from tests.models_chat.asking import Way, ask
from tests.openai_server import (
    Step,
    answers,
    calls,
    closed_port,
    decides,
    dribbles,
    endless,
    events,
    hangs_up,
    keeps_alive,
    never_answers,
    resets,
    says,
    serving_openai,
    status,
)

BOTH: tuple[Way, ...] = ("decide", "complete", "stream")
WHOLE: tuple[Way, ...] = ("decide", "complete")
STREAM: tuple[Way, ...] = ("stream",)
TALK: tuple[Way, ...] = ("complete", "stream")
DECIDE: tuple[Way, ...] = ("decide",)
TWICE = 2


def raw(message: object, finish: str | None = "stop") -> Step:
    return answers(json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": finish}]}))


def html(code: int) -> Step:
    return answers("<h1>Please log in</h1>", code=code, content_type="text/html")


# what goes wrong · the steps the server takes · ways it shows in · the failure
FAULTS: list[tuple[str, list[Step], tuple[Way, ...], str]] = [
    ("bad request", [status(400, "bad")], TALK, "refused:http_400"),
    ("wrong key", [status(401, "Incorrect API key provided: sk-te**")], BOTH, "refused:http_401"),
    ("forbidden", [status(403)], BOTH, "refused:http_403"),
    ("unknown model", [status(404, "The model `small` does not exist")], BOTH, "refused:http_404"),
    ("unprocessable", [status(422)], TALK, "refused:http_422"),
    (
        "context overflow",
        [status(400, "This model's maximum context length is 300 tokens", kind="context_length_exceeded")],
        BOTH,
        "refused:context",
    ),
    ("redirect elsewhere", [status(307, Location="http://169.254.169.254/")], BOTH, "refused:http_307"),
    ("429 without Retry-After, always", [status(429)] * TWICE, BOTH, "unavailable:http_429"),
    ("429 with a Retry-After beyond the deadline", [status(429, Retry_After="30")], BOTH, "unavailable:http_429"),
    ("no money left", [status(429, kind="insufficient_quota")], BOTH, "unavailable:quota"),
    ("500 always", [status(500)] * TWICE, BOTH, "unavailable:http_500"),
    ("503 always", [status(503)] * TWICE, BOTH, "unavailable:http_503"),
    ("502 with HTML", [html(502)] * TWICE, BOTH, "unavailable:http_502"),
    ("reset before a byte", [resets()] * TWICE, BOTH, "unavailable:connection"),
    ("hangs up in mid-body", [hangs_up()] * TWICE, WHOLE, "unavailable:connection"),
    ("bad JSON", [answers('{"choices": [')] * TWICE, WHOLE, "invalid:unreadable"),
    ("HTML with status 200", [html(200)] * TWICE, BOTH, "invalid:unreadable"),
    ("choices empty", [answers('{"choices": []}')] * TWICE, WHOLE, "invalid:unreadable"),
    ("choices null", [answers('{"choices": null}')] * TWICE, WHOLE, "invalid:unreadable"),
    ("not an object", [answers("[]")] * TWICE, WHOLE, "invalid:unreadable"),
    ("an error with status 200", [answers('{"error": {"message": "busy"}}')] * TWICE, WHOLE, "invalid:unreadable"),
    ("an error event", [events({"error": {"message": "overloaded"}})] * TWICE, STREAM, "unavailable:error_event"),
    ("a broken event", [events('{"choices": [')] * TWICE, STREAM, "invalid:unreadable"),
    ("empty answer", [says("")], BOTH, "invalid:empty"),
    ("null content", [raw({"role": "assistant", "content": None})], WHOLE, "invalid:empty"),
    ("no chunk with a choice", [events({"choices": []})], STREAM, "incomplete:no_end"),
    ("cut off by length", [says("So much to", finish="length")], TALK, "incomplete:length"),
    ("content filter", [says("", finish="content_filter")], BOTH, "refused:by_the_model"),
    ("refusal", [raw({"role": "assistant", "content": None, "refusal": "I can't."})], WHOLE, "refused:by_the_model"),
    ("calls cut off by length", [calls(("chat", '{"amount": "10'), finish="length")], DECIDE, "incomplete:length"),
    ("stream ends without a finish reason", [says("Your balance", finish=None)], STREAM, "incomplete:no_end"),
    ("stream is cut without a word", [says("Your balance", ends="cut")], STREAM, "incomplete:no_end"),
    ("stream is reset after words", [says("Your balance", ends="reset")], STREAM, "unavailable:connection"),
    ("stream is reset before words", [says("", ends="reset")] * TWICE, STREAM, "unavailable:connection"),
    ("stream cut off by length", [says("Your balance", finish="length")], STREAM, "incomplete:length"),
    ("an answer of 20 MB", [says("x" * 20_000_000)], WHOLE, "invalid:too_long"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "way", "failure"),
    [pytest.param(steps, way, failure, id=f"{name}, {way}") for name, steps, ways, failure in FAULTS for way in ways],
)
async def test_a_fault_becomes_a_typed_failure(open_model, steps, way, failure):
    with serving_openai(*steps) as server:
        completion = await ask(open_model(server), way)

    assert completion.use["failure"] == failure
    assert completion.failure == failure.partition(":")[0]
    assert completion.calls == ()


@pytest.mark.parametrize("way", BOTH)
@pytest.mark.parametrize(
    ("fault", "at_least"),
    [
        (status(500), 0.0),
        (status(429), 0.0),
        (status(429, Retry_After="1"), 1.0),
        (resets(), 0.0),
    ],
    ids=["500 once", "429 once", "429 once with Retry-After", "reset once"],
)
async def test_a_passing_fault_costs_one_more_try(open_model, way, fault, at_least):
    began = asyncio.get_running_loop().time()

    with serving_openai(fault, says("hello") if way != "decide" else calls(("balance", {}))) as server:
        completion = await ask(open_model(server), way)

    assert completion.failure is None
    assert asyncio.get_running_loop().time() - began >= at_least


@pytest.mark.parametrize("way", BOTH)
@pytest.mark.parametrize(
    "step",
    [never_answers(), dribbles(every=0.05), endless("spoken ", every=0.02)],
    ids=["never answers", "drips a byte at a time", "never ends"],
)
async def test_the_deadline_holds(open_model, way, step):
    began = asyncio.get_running_loop().time()

    with serving_openai(step) as server:
        completion = await ask(open_model(server), way, seconds=0.5)
        took = asyncio.get_running_loop().time() - began

    assert completion.failure == "timeout"
    assert 0.4 <= took <= 1.0


@pytest.mark.parametrize(
    "step",
    [keeps_alive(0.05), says("one two three four five six seven", pause=0.3)],
    ids=["only comments", "words too slowly"],
)
async def test_the_deadline_holds_in_a_stream(open_model, step):
    began = asyncio.get_running_loop().time()

    with serving_openai(step) as server:
        completion = await ask(open_model(server), "stream", seconds=0.5)
        took = asyncio.get_running_loop().time() - began

    assert completion.failure == "timeout"
    assert 0.4 <= took <= 1.0


async def test_a_stream_that_says_it_is_finished_but_stays_open_ends_soon(open_model):
    began = asyncio.get_running_loop().time()

    with serving_openai(says("Your balance is 5.", ends="never")) as server:
        completion = await ask(open_model(server), "stream", seconds=10)

    assert completion.failure is None
    assert completion.text == "Your balance is 5."
    assert asyncio.get_running_loop().time() - began < 2


async def test_an_endless_fast_stream_is_cut(open_model):
    with serving_openai(endless("all work and no play " * 20)) as server:
        completion = await ask(open_model(server), "stream", seconds=10)

    assert completion.use["failure"] == "incomplete:too_long"
    assert len(completion.text) <= 1024 * 12


async def test_what_was_shown_before_a_fault_stays(open_model):
    with serving_openai(says("Your balance is", ends="reset")) as server:
        completion = await ask(open_model(server), "stream")

    assert completion.text == "Your balance is"
    assert completion.failure == "unavailable"


@pytest.mark.parametrize("way", BOTH)
async def test_a_backend_nobody_runs_is_unavailable(open_model, way):
    completion = await ask(open_model(f"http://127.0.0.1:{closed_port()}/v1"), way)

    assert completion.use["failure"] == "unavailable:connection"


@pytest.mark.parametrize("way", BOTH)
@pytest.mark.parametrize("url", ["http://no-such-host.invalid/v1", "tls"], ids=["DNS", "TLS"])
async def test_a_backend_that_cannot_be_reached_is_unavailable(open_model, way, url):
    with serving_openai() as server:
        completion = await ask(open_model(server.url.replace("http:", "https:") if url == "tls" else url), way)

    assert completion.use["failure"] == "unavailable:connection"


@pytest.mark.parametrize("way", BOTH)
async def test_missing_usage_is_estimated(open_model, way):
    with serving_openai(calls(("balance", {}), usage=None) if way == "decide" else says("hello", usage=None)) as server:
        completion = await ask(open_model(server), way)

    assert completion.failure is None
    assert completion.use["input_tokens"] > 5
    assert completion.use["output_tokens"] > 0


async def test_usage_is_what_the_backend_says(open_model):
    with serving_openai(
        calls(("balance", {}), usage=(50, 9)), says("hello", usage=(11, 7)), says("hello", usage=(12, 8))
    ) as server:
        model = open_model(server)
        uses = [(await ask(model, way)).use for way in BOTH]

    assert [(use["input_tokens"], use["output_tokens"]) for use in uses] == [(50, 9), (11, 7), (12, 8)]
    assert [use["mode"] for use in uses] == ["tools", "text", "stream"]


async def test_malformed_arguments_keep_the_call_and_lose_the_arguments(open_model):
    with serving_openai(calls(("send_money", '{"amount": 10'), ("balance", "{}"), ("chat", ""))) as server:
        completion = await ask(open_model(server), "decide")

    assert sorted(call.name for call in completion.calls) == ["balance", "chat", "send_money"]
    assert all(not call.arguments for call in completion.calls)


async def test_a_decision_is_never_streamed(open_model):
    with serving_openai(decides(("balance", {}))) as server:
        await ask(open_model(server), "decide")

    assert not server.requests[0].body.get("stream")


async def test_a_cancelled_call_lets_its_place_go(open_model):
    with serving_openai(never_answers(), says("hello")) as server:
        model = open_model(server)
        task = asyncio.create_task(ask(model, "complete", seconds=30))
        while not server.requests:  # noqa: ASYNC110 -- the server lives on the loop of another thread
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        completion = await ask(model, "complete")

    assert completion.text == "hello"


async def test_a_caller_who_stops_listening_ends_the_stream(open_model):
    with serving_openai(endless("x ", every=0.01), says("hello")) as server:
        model = open_model(server)
        pieces = model.stream([{"role": "user", "content": "hi"}], purpose="test", deadline=None)
        assert await anext(pieces)
        await pieces.aclose()
        completion = await ask(model, "complete")

    assert completion.text == "hello"
