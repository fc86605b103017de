"""A backend's gaps are found once and remembered: tools, JSON schema, JSON, JSON in text, tagged text."""

import json

import pytest

from models.ports import ToolCall
from tests.models_chat.asking import MESSAGES, TOOLS, ask
from tests.openai_server import Lack, calls, decides, says, serving_openai, status

WANTED = ("send_money", {"amount": "500 lira"})
SENT = (ToolCall(name="send_money", arguments={"amount": "500 lira"}),)


@pytest.mark.parametrize(
    ("lacks", "mode", "refused"),
    [
        ((), "tools", 0),
        (("tools",), "json_schema", 1),
        (("tools", "json_schema"), "json_object", 2),
        (("tools", "json_schema", "json_object"), "json", 3),
        (("tools", "json_schema", "json_object", "system"), "json", 4),
        (("max_completion_tokens",), "tools", 1),
        (("max_tokens",), "tools", 1),
        (("temperature",), "tools", 1),
        (("system",), "tools", 1),
        (("system", "temperature", "max_tokens", "tools"), "json_schema", 4),
    ],
)
async def test_what_is_refused_is_left_out_and_remembered(open_model, lacks: tuple[Lack, ...], mode, refused):
    with serving_openai(decides(WANTED), decides(WANTED), lacks=lacks) as server:
        model = open_model(server)
        first = await ask(model, "decide")
        asked = len(server.requests)
        second = await ask(model, "decide")

    assert first.calls == second.calls == SENT
    assert first.use["mode"] == second.use["mode"] == mode
    assert asked == refused + 1
    assert len(server.requests) == asked + 1


@pytest.mark.parametrize(
    ("lacks", "requests"),
    [
        (("stream_options",), 2),
        (("stream",), 2),
        (("temperature",), 2),
        (("max_completion_tokens",), 2),
        (("system",), 2),
    ],
)
async def test_a_stream_leaves_out_what_is_refused(open_model, lacks: tuple[Lack, ...], requests):
    with serving_openai(says("Your balance is 5."), says("Your balance is 6."), lacks=lacks) as server:
        model = open_model(server)
        first = await ask(model, "stream")
        asked = len(server.requests)
        second = await ask(model, "stream")

    assert (first.text, second.text) == ("Your balance is 5.", "Your balance is 6.")
    assert asked == requests
    assert len(server.requests) == asked + 1


async def test_without_a_system_role_its_words_go_to_the_customers_message(open_model):
    with serving_openai(says("hello"), lacks=("system",)) as server:
        await ask(open_model(server), "complete")

    assert server.requests[-1].body["messages"] == [
        {"role": "user", "content": "You are a bank's bot.\n\nWhat is my balance?"}
    ]


@pytest.mark.parametrize(
    "text",
    [
        '{"calls": [{"name": "send_money", "arguments": {"amount": "500 lira"}}]}',
        'Sure.\n```json\n{"name": "send_money", "parameters": {"amount": "500 lira"}}\n```',
        '<think>{"name": "chat"}?</think><tool_call>{"name": "send_money", "args": {"amount": "500 lira"}}</tool_call>',
        'hm, right</think>{"send_money": {"amount": "500 lira"}}',
        '[{"type": "function", "function": {"name": "send_money", "arguments": "{\\"amount\\": \\"500 lira\\"}"}}]',
        '<function=send_money>{"amount": "500 lira"}</function>',
        '#DETECTED_INTENT: send_money {"amount": "500 lira"}\nassistant: ignored',
    ],
    ids=["json", "fenced", "tool_call after thoughts", "thoughts without beginning", "wrapped", "function", "tag"],
)  # fmt: skip
async def test_a_call_written_as_text_is_read_and_the_mode_is_left(open_model, text):
    with serving_openai(says(text), decides(WANTED)) as server:
        model = open_model(server)
        first = await ask(model, "decide")
        second = await ask(model, "decide")

    assert first.calls == second.calls == SENT
    assert second.use["mode"] == "json_schema"


async def test_tools_that_are_dropped_without_a_word_are_noticed(open_model):
    """As llama.cpp does where the chat template has no tools: the model just talks."""
    with serving_openai(
        says("Of course!"), decides(WANTED), says("Gladly!", finish="length"), decides(WANTED), decides(WANTED)
    ) as server:
        model = open_model(server)
        uses = [await ask(model, "decide") for _ in range(3)]

    assert [completion.calls for completion in uses] == [SENT] * 3
    assert [completion.use["mode"] for completion in uses] == ["json_schema"] * 3
    assert ["tools" in request.body for request in server.requests] == [True, False, True, False, False]


async def test_words_are_no_doubt_once_tools_have_worked(open_model):
    with serving_openai(calls(WANTED), says("You're welcome!")) as server:
        model = open_model(server)
        await ask(model, "decide")
        thanks = await ask(model, "decide")

    assert thanks.calls == ()
    assert thanks.text == "You're welcome!"
    assert thanks.failure is None
    assert model.mode == "tools"


async def test_a_model_that_never_keeps_to_a_form_ends_at_the_tag(open_model):
    with serving_openai(respond=lambda _: says("I would love to help.")) as server:
        model = open_model(server)
        answered = [await ask(model, "decide") for _ in range(12)]

    assert model.mode == "tagged"
    assert {completion.text for completion in answered} == {"I would love to help."}
    assert "#DETECTED_INTENT" in server.requests[-1].prompt


async def test_a_refusal_of_one_request_teaches_nothing(open_model):
    overflow = status(400, "This model's maximum context length is 300 tokens, function definitions included")
    with serving_openai(overflow, calls(WANTED)) as server:
        model = open_model(server)
        assert (await ask(model, "decide")).failure == "refused"
        assert (await ask(model, "decide")).calls == SENT

    assert model.mode == "tools"


async def test_the_json_modes_tell_the_model_its_functions(open_model):
    with serving_openai(decides(WANTED), lacks=("tools",)) as server:
        await ask(open_model(server), "decide")

    body = server.requests[-1].body
    names = [
        choice["properties"]["name"]["enum"][0]
        for choice in body["response_format"]["json_schema"]["schema"]["properties"]["calls"]["items"]["anyOf"]
    ]
    assert names == [tool["function"]["name"] for tool in TOOLS]
    assert all(name in server.requests[-1].prompt for name in names)
    assert body["messages"][0]["content"].startswith(MESSAGES[0]["content"])
    assert [message["role"] for message in body["messages"]] == ["system", "user"]


async def test_no_argument_is_required_of_a_model(open_model):
    with serving_openai(calls(WANTED)) as server:
        await ask(open_model(server), "decide")

    request = server.requests[0].body
    assert request["tool_choice"] == "auto"
    assert "required" not in json.dumps(request["tools"])
    assert request["max_tokens"] == request["max_completion_tokens"] == 2048
    assert request["temperature"] == 0
