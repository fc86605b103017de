"""The project's actions as tools of any LangChain agent."""

import json

import pytest
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from pydantic import ValidationError

from tests.tools_actions.conftest import make_version
from tests.tools_actions.places import FilePlace
from tests.tools_actions.wire import reply, wire
from tools.actions import HttpActions
from tools.langchain_tools import Conversation, build_tools

CUSTOMER = Conversation(session_id="s1", locale="en")


def bank(folder, url):
    return make_version(
        folder,
        slots={"iban": {"type": "id", "pattern": "TR[0-9]{24}", "title": "recipient's IBAN"}},
        intents={
            "send_money": {
                "slots": {
                    "amount": {"type": "money", "title": {"en": "amount"}, "min": 1, "max": 50000},
                    "iban": {},
                    "speed": {"type": "choice", "values": ["normal", "fast"], "required": False},
                },
                "action": "send_money",
            }
        },
        actions={
            "send_money": {
                "url": f"{url}/transfers",
                "method": "POST",
                "effect": "write",
                "description": "Send money to an IBAN.",
                "json": {"amount": "{{ slots.amount }}", "iban": "{{ slots.iban }}", "speed": "{{ slots.speed }}"},
                "result": {"reference": "id"},
            },
            "balance": {"url": f"{url}/balance/{{{{ slots.account }}}}", "result": {"balance": "balance"}},
        },
    )


async def yes(name, arguments):
    return True


async def no(name, arguments):
    return False


def test_a_tool_is_described_by_the_project(tmp_path, actions):
    send, balance = build_tools(bank(tmp_path, "http://127.0.0.1"), actions, CUSTOMER, confirm=yes)
    schema = send.get_input_jsonschema()

    assert (send.name, balance.name) == ("send_money", "balance")
    assert send.description == "Send money to an IBAN. Changes something; the customer is asked first."
    assert balance.description == "balance. Only reads."
    assert schema["required"] == ["amount", "iban"]
    assert schema["properties"]["iban"]["description"] == "recipient's IBAN; matching TR[0-9]{24}"
    assert schema["properties"]["speed"]["anyOf"][0]["enum"] == ["normal", "fast"]


def test_without_a_way_to_ask_there_are_only_reading_tools(tmp_path, actions):
    tools = build_tools(bank(tmp_path, "http://127.0.0.1"), actions, CUSTOMER)

    assert [tool.name for tool in tools] == ["balance"]


async def test_a_tool_acts_once_a_turn_and_tells_its_receipt(tmp_path, actions):
    arguments = {"amount": {"amount": 5, "currency": "TRY"}, "iban": "TR150006100000000000000101"}
    async with wire(reply(201, {"id": "T-1"})) as api:
        send, _ = build_tools(bank(tmp_path, api.url), actions, CUSTOMER, confirm=yes)
        told = [json.loads(await send.ainvoke(arguments)) for _ in range(2)]

    assert [(one["status"], one["reference"]) for one in told] == [("succeeded", "T-1")] * 2
    assert [seen.json() for seen in api.seen] == [arguments]


async def test_what_the_customer_does_not_want_is_not_done(tmp_path, actions):
    arguments = {"amount": {"amount": 5, "currency": "TRY"}, "iban": "TR150006100000000000000101"}
    async with wire() as api:
        send, _ = build_tools(bank(tmp_path, api.url), actions, CUSTOMER, confirm=no)
        told = json.loads(await send.ainvoke(arguments))

    assert (told, api.seen) == ({"status": "not_confirmed"}, [])


async def test_where_nobody_can_know_what_was_done_the_agent_hears_so(tmp_path, line):
    (tmp_path / "ledger.sqlite3").mkdir()
    async with FilePlace(tmp_path).ledger() as broken, wire() as api:
        send, _ = build_tools(bank(tmp_path, api.url), HttpActions(line, broken), CUSTOMER, confirm=yes)
        told = await send.ainvoke({"amount": {"amount": 500, "currency": "TRY"}, "iban": "TR150006100000000000000101"})

    assert (json.loads(told)["status"], api.seen) == ("unavailable", [])


async def test_a_failure_is_told_as_one(tmp_path, actions):
    async with wire(reply(404)) as api:
        [balance] = build_tools(bank(tmp_path, api.url), actions, CUSTOMER)
        told = json.loads(await balance.ainvoke({"account": "12"}))

    assert (told["status"], told["http_status"], told["result"]) == ("failed", 404, {})


@pytest.mark.parametrize(
    "arguments",
    [{}, {"amount": 5, "iban": "x"}, {"amount": {"amount": 5, "currency": "TRY"}, "iban": "x", "url": "http://evil"}],
)
async def test_arguments_are_checked(tmp_path, actions, arguments):
    send, _ = build_tools(bank(tmp_path, "http://127.0.0.1"), actions, CUSTOMER, confirm=yes)

    with pytest.raises(ValidationError):
        await send.ainvoke(arguments)


GOOD = {"amount": {"amount": 5, "currency": "TRY"}, "iban": "TR150006100000000000000101"}


@pytest.mark.parametrize(
    ("name", "value", "wrong"),
    [
        ("amount", {"amount": 50001, "currency": "TRY"}, "too_large"),
        ("amount", {"amount": -5, "currency": "TRY"}, "too_small"),
        ("amount", {"amount": float("inf"), "currency": "TRY"}, "too_large"),
        ("iban", "DE89370400440532013000", "not_allowed"),
        ("iban", "TR150006100000000000000101\n", "not_allowed"),
    ],
)
async def test_the_rules_of_the_slots_hold_for_agents_too(tmp_path, actions, name, value, wrong):
    asked = []

    async def confirm(action, arguments):
        asked.append(arguments)
        return True

    async with wire() as api:
        send, _ = build_tools(bank(tmp_path, api.url), actions, CUSTOMER, confirm=confirm)
        told = json.loads(await send.ainvoke({**GOOD, name: value}))

    assert told == {"status": "failed", "error": "parameter_validation", "arguments": {name: wrong}}
    assert (asked, api.seen) == ([], [])


async def test_a_models_tool_call_comes_back_as_its_tool_message(tmp_path, actions):
    async with wire(reply(201, {"id": "T-1"})) as api:
        send, _ = build_tools(bank(tmp_path, api.url), actions, CUSTOMER, confirm=yes)
        called = await send.ainvoke({"type": "tool_call", "id": "call-1", "name": "send_money", "args": GOOD})

    assert isinstance(called, ToolMessage)
    assert (called.tool_call_id, called.name, called.status) == ("call-1", "send_money", "success")
    assert json.loads(str(called.content))["reference"] == "T-1"


async def test_an_agent_of_any_model_can_have_them(tmp_path, actions):
    """A model is told of a tool by its OpenAI function; LangGraph's tool node calls what the model chose."""
    async with wire(reply(201, {"id": "T-1"})) as api:
        tools = build_tools(bank(tmp_path, api.url), actions, CUSTOMER, confirm=yes)
        told = [convert_to_openai_tool(tool)["function"] for tool in tools]
        chosen = AIMessage("", tool_calls=[{"id": "call-1", "name": "send_money", "args": GOOD}])
        graph = StateGraph(MessagesState)
        graph.add_node("tools", ToolNode(tools))
        graph.add_edge(START, "tools")
        state = await graph.compile().ainvoke({"messages": [chosen]})

    assert [(one["name"], sorted(one["parameters"]["required"])) for one in told] == [
        ("send_money", ["amount", "iban"]),
        ("balance", ["account"]),
    ]
    assert json.loads(state["messages"][-1].content)["reference"] == "T-1"


async def test_without_a_way_to_ask_a_write_can_not_be_run_at_all(tmp_path, actions):
    async with wire() as api:
        tools = build_tools(bank(tmp_path, api.url), actions, CUSTOMER)
        chosen = AIMessage("", tool_calls=[{"id": "call-1", "name": "send_money", "args": GOOD}])
        graph = StateGraph(MessagesState)
        graph.add_node("tools", ToolNode(tools))
        graph.add_edge(START, "tools")
        state = await graph.compile().ainvoke({"messages": [chosen]})

    assert state["messages"][-1].status == "error"
    assert api.seen == []
