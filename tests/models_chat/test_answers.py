import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.answers import read_calls
from models.ports import ToolCall

NAMES = ["send_money", "balance", "chat"]


@pytest.mark.parametrize(
    ("text", "names", "words"),
    [
        ("#DETECTED_INTENT: balance", ["balance"], ""),
        ("Tabii.\n#DETECTED_INTENT: balance\nassistant", ["balance"], "Tabii."),
        ("#DETECTED_INTENT: balanceassistant", ["balance"], ""),
        ("#DETECTED_INTENT: `Balance`", ["balance"], ""),
        ("#DETECTED_INTENT: steal_money", [], ""),
        ("Our assistant can help you.", [], "Our assistant can help you."),
        ('{"intents": ["balance", "send_money"]}', ["balance", "send_money"], ""),
        ('{"calls": []}', [], ""),
        ('{"calls": [], "reply": "Hello"}', [], "Hello"),
        ('{"name": "functions.balance", "arguments": {}}', ["balance"], ""),
        ('{"name": "steal", "arguments": {}}', [], ""),
        ('{"name": "balance", "arguments": {"a": {"b": {"c": [1, {"d": "}"}]}}}}', ["balance"], ""),
        ('{"name": "balance"} {"name": "chat"}', ["balance", "chat"], ""),
        ("I like {curly} braces [and] others.", [], "I like {curly} braces [and] others."),
        ("", [], ""),
    ],
)
def test_calls_and_words_are_told_apart(text, names, words):
    reading = read_calls(text, NAMES)

    assert [call.name for call in reading.calls] == names
    assert reading.text == words


@pytest.mark.parametrize(
    "text",
    [
        "{'calls': [{'name': 'send_money', 'arguments': {'amount': 100}}]}",
        '{"calls": [{"name": "send_money", "arguments": {"amount": 100',
        '{"name": "send_money", "arguments": {"amount": NaN}}',
    ],
    ids=["single quotes", "cut off", "not a number"],
)
def test_arguments_are_never_repaired(text):
    assert read_calls(text, NAMES).calls == (ToolCall(name="send_money", arguments={}),)


@pytest.mark.parametrize("text", ["[" * 50_000, "{" * 50_000, '{"a":' * 20_000, "#DETECTED_INTENT: " * 5_000])
def test_hostile_text_is_bounded(text):
    assert read_calls(text, NAMES).calls == ()


PARTS = [*'{}[]":,<>/#`abc \n', '"name"', '"balance"', '"calls"', "<think>", "</think>", "#DETECTED_INTENT: ", "null"]


@given(st.lists(st.sampled_from(PARTS), max_size=40).map("".join))
def test_any_text_is_read_without_an_error(text):
    assert all(call.name in NAMES for call in read_calls(text, NAMES).calls)
