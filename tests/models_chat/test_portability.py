"""What compatible servers really send: the same decision, in every form it was met in."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.portable import portable_calls
from models.ports import ToolCall
from tests.models_chat.asking import ask
from tests.openai_server import Exchange, Step, answers, decides, events, says, serving_openai, status

GIVEN = {"amount": "500 lira"}
TEXT = json.dumps(GIVEN)
SENT = ToolCall(name="send_money", arguments=GIVEN)
EMPTY = ToolCall(name="send_money", arguments={})
CHAT = ToolCall(name="chat", arguments={})


def body(message: object, finish: str | None = "tool_calls", **more: Any) -> Step:
    return answers(json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": finish}], **more}))


def call(arguments: object = TEXT, name: str | None = "send_money", **more: object) -> dict[str, object]:
    return {"id": "c1", "type": "function", "function": {"name": name, "arguments": arguments}} | more


def message(*made: object, **more: object) -> dict[str, object]:
    return {"role": "assistant", "content": None, "tool_calls": list(made)} | more


def spoken(content: object) -> Step:
    return body({"role": "assistant", "content": content}, "stop")


BARE = {"function": {"name": "send_money", "arguments": TEXT}}
ONE = json.dumps({"name": "send_money", "arguments": GIVEN})
WORDS = f'{{"calls": [{ONE}]}}'

FORMS: list[tuple[str, Step, list[ToolCall]]] = [
    ("OpenAI", body(message(call())), [SENT]),
    ("two calls, another tool's first", body(message(call("{}", "chat"), call(id="c2"))), [CHAT, SENT]),
    ("two calls of one id", body(message(call("{}", "chat"), call())), [CHAT, SENT]),
    ("finish_reason stop beside calls, as Ollama", body(message(call(), content=""), "stop"), [SENT]),
    ("no finish_reason", body(message(call()), None), [SENT]),
    ("arguments as an object", body(message(call(GIVEN))), [SENT]),
    ("arguments as JSON within JSON", body(message(call(json.dumps(TEXT)))), [SENT]),
    ("arguments null", body(message(call(None))), [EMPTY]),
    ("arguments empty", body(message(call(""))), [EMPTY]),
    ("arguments a list", body(message(call("[1]"))), [EMPTY]),
    ("arguments a number", body(message(call(5))), [EMPTY]),
    ("arguments cut off", body(message(call(TEXT[:-3]))), [EMPTY]),
    ("arguments left out", body(message({"id": "c1", "function": {"name": "send_money"}})), [EMPTY]),
    ("arguments called parameters", body(message({"function": {"name": "send_money", "parameters": GIVEN}})), [SENT]),
    ("neither id nor type", body(message(BARE)), [SENT]),
    ("a number for an id", body(message(call(id=7))), [SENT]),
    ("one call instead of a list", body({"role": "assistant", "tool_calls": BARE}), [SENT]),
    ("a call without its function", body(message({"name": "send_money", "arguments": GIVEN})), [SENT]),
    ("something else among the calls", body(message(None, "send_money", call())), [SENT]),
    ("the older function_call", body({"role": "assistant", "function_call": call()["function"]}), [SENT]),
    ("a namespace before the name", body(message(call(name="functions.send_money"))), [SENT]),
    ("the name in capitals", body(message(call(name="SEND_MONEY"))), [SENT]),
    ("a role word after the name", body(message(call(name="send_moneyassistant"))), [SENT]),
    ("no role", body({"content": "", "tool_calls": [call()]}), [SENT]),
    ("thoughts of their own field, as DeepSeek", body(message(call(), reasoning_content="{...} hm")), [SENT]),
    ("thoughts before JSON in words, as Qwen", spoken(f"<think>hm</think>{WORDS}"), [SENT]),
    ("tool_call blocks in words, as Hermes", spoken(f"<tool_call>\n{ONE}\n</tool_call>"), [SENT]),
    ("words in parts", spoken([{"type": "text", "text": WORDS}]), [SENT]),
    ("JSON that is not even a string", spoken(json.loads(WORDS)), [SENT]),
    ("fields nobody knows", body(message(call(), annotations=[], audio=None), timings={"a": 1}, usage=None), [SENT]),
]  # fmt: skip


@pytest.mark.parametrize(("step", "expected"), [pytest.param(*rest, id=name) for name, *rest in FORMS])
async def test_a_decision_is_read_in_every_form(open_model, step, expected):
    with serving_openai(step) as server:
        completion = await ask(open_model(server), "decide")

    assert completion.failure is None
    assert list(completion.calls) == expected


KEYS = st.sampled_from(["function", "name", "arguments", "parameters", "id", "x"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([TEXT, TEXT[:-3]]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["function", "name", "arguments", "parameters", "id", "x"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(ANYTHING)
def test_any_json_is_calls_in_openais_form_or_none(given):
    for made in portable_calls(given):
        assert isinstance(made, dict)
        function = made["function"]
        assert isinstance(made["id"], str)
        assert isinstance(function, dict)
        assert isinstance(function["name"], str)
        assert isinstance(function["arguments"], str)


# --- models that only stream ----------------------------------------------------------------------------------------


def part(arguments: str | None = None, **more: Any) -> dict[str, Any]:
    function = {key: more.pop(key) for key in ("name",) if key in more}
    return {"index": 0, **more, "function": function | ({} if arguments is None else {"arguments": arguments})}


def streamed(*parts: dict[str, Any], finish: str | None = "tool_calls") -> Step:
    chunks = [{"choices": [{"index": 0, "delta": {"tool_calls": [each]}}]} for each in parts]
    end = [{"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}] if finish else []
    return events(*chunks, *end)


ONLY_STREAMS = status(400, "This model only support stream mode, please enable the stream parameter to access it.")
SEND, TALK = {"name": "send_money", "id": "a"}, {"name": "chat", "id": "b"}
HALVES = part(TEXT[:5], **SEND), part(TEXT[5:], **SEND)
FRAGMENTS: list[tuple[str, Step, list[ToolCall], str | None]] = [
    ("OpenAI", streamed(part("", **SEND), part(TEXT[:9]), part(TEXT[9:])), [SENT], None),
    (
        "the name every time, as llama-cpp-python",
        streamed(*HALVES),
        [SENT],
        None,
    ),
    ("no index and no id", streamed({"function": {"name": "send_money", "arguments": TEXT}}), [SENT], None),
    ("every call counted as the first", streamed(part("{}", **TALK), part(TEXT, **SEND)), [CHAT, SENT], None),
    (
        "two calls in turn",
        streamed(part("", **TALK), part(TEXT[:9], **SEND, index=1), part("{}"), part(TEXT[9:], index=1)),
        [CHAT, SENT],
        None,
    ),
    ("arguments cut off", streamed(part('{"amount": "88', **SEND)), [EMPTY], None),
    ("cut off by length", streamed(part(TEXT[:9], **SEND), finish="length"), [], "incomplete:length"),
    ("words", says(WORDS), [SENT], None),
]


@pytest.mark.parametrize(("step", "expected", "failure"), [pytest.param(*rest, id=name) for name, *rest in FRAGMENTS])
async def test_a_model_that_only_streams_is_heard_to_its_end(open_model, step, expected, failure):
    with serving_openai(ONLY_STREAMS, step) as server:
        completion = await ask(open_model(server), "decide")

    assert list(completion.calls) == expected
    assert completion.use["failure"] == failure
    assert [bool(seen.body.get("stream")) for seen in server.requests] == [False, True]


async def test_a_stream_that_just_stops_is_asked_once_more(open_model):
    stops = streamed(part(TEXT, **SEND), finish=None)
    with serving_openai(ONLY_STREAMS, stops, streamed(part(TEXT, **SEND)), stops, stops) as server:
        model = open_model(server)
        completions = [await ask(model, "decide") for _ in range(2)]

    assert list(completions[0].calls) == [SENT]
    assert completions[1].use["failure"] == "unavailable:no_end"


async def test_that_a_model_only_streams_is_remembered(open_model):
    decision = streamed(part(TEXT, **SEND))
    with serving_openai(ONLY_STREAMS, decision, decision, says("hello")) as server:
        model = open_model(server)
        decided = [await ask(model, "decide") for _ in range(2)]
        said = await ask(model, "complete")

    assert [list(each.calls) for each in decided] == [[SENT]] * 2
    assert said.text == "hello"
    assert [bool(seen.body.get("stream")) for seen in server.requests] == [False, True, True, True]


async def test_a_server_that_streams_unasked_is_read_as_a_stream(open_model):
    async def always(exchange: Exchange) -> None:
        await streamed(part(TEXT, **SEND))(exchange)

    with serving_openai(always, always) as server:
        completion = await ask(open_model(server), "decide")

    assert list(completion.calls) == [SENT]
    assert server.requests[-1].body["stream"] is True


async def test_an_endless_decision_is_cut(open_model):
    more = [part("x" * 5000) for _ in range(50)]
    with serving_openai(ONLY_STREAMS, streamed(part("", **SEND), *more)) as server:
        completion = await ask(open_model(server), "decide")

    assert completion.use["failure"] == "invalid:too_long"


async def test_every_rung_is_asked_as_its_backend_takes_it(open_model):
    """DeepSeek knows no JSON schema, llama-cpp-python neither, both know JSON objects: the word JSON must be said."""
    with serving_openai(decides(("send_money", GIVEN)), lacks=("tools", "json_schema")) as server:
        completion = await ask(open_model(server), "decide")

    assert list(completion.calls) == [SENT]
    assert server.requests[-1].body["response_format"] == {"type": "json_object"}
    assert "JSON" in server.requests[-1].prompt
