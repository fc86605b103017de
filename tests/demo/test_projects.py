"""The demo projects' actions and the demo business API understand each other, over real HTTP."""

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
import uvicorn

from config.loading import load_version
from demo.business_api import build_app
from demo.serve import demo_environment
from dialogue.scene import plan_hash
from dialogue.state import Plan
from tools.actions import HttpActions
from tools.http import open_line
from tools.langchain_tools import slots_of_action
from tools.ledger import SCHEMA, ActionLedger
from tools.owners import FileOwner
from tools.ports import ActionCall
from tools.sqlite_file import SqliteFile

PROJECTS = Path(__file__).parents[2] / "projects"
TODAY = datetime.now(UTC).date()
MONDAY = TODAY + timedelta(days=7 - TODAY.weekday())

GIVEN = {
    "customer_id": "10000001",
    "account": "checking",
    "amount": {"amount": 500, "currency": "TRY"},
    "iban": "TR150006100000000000000101",
    "card_last4": "4821",
    "reason": "lost",
    "branch": "kadikoy",
    "date": MONDAY.isoformat(),
    "time": "11:00",
    "period": "month",
    "city": "Ankara",
    "address": "上海市南京东路1号",
    "email": "a@b.example",
    "kind": "personal",
    "tax_id": "91310000MA1K35A1X5",
    "window": "morning",
    "plan": "family",
    "postcode": "SW1A",
    "appointment": "RN-000001",
}
OF_PROJECT = {
    "bank": {},
    "shop": {"order_id": "D10001", "reason": "quality"},
    "telecom": {"customer_id": "400100"},
}
OF_URL = {"/returns": {"order_id": "D10003"}}
FIRST = {"cancel_appointment": "book_appointment", "cancel_return": "return_order"}
"""What must have been done for an action to take it back."""
MAY_BE_EMPTY = {"contract_until", "carrier", "eta", "tracking"}


def arguments_for(project, name):
    """What the action's templates read; any text where nothing particular is needed."""
    special = [values for end, values in OF_URL.items() if project.actions[name].url.endswith(end)]
    known = {**GIVEN, **OF_PROJECT[project.name], **(special[0] if special else {})}
    return {slot: known.get(slot, "测试") for slot in slots_of_action(project, name)}


def call_of(project, action, flow="1-1"):
    """A confirmed call."""
    given = arguments_for(project, action)
    plan = Plan(action=action, arguments=given, hash=plan_hash(action, given), confirmed=True)
    return ActionCall(plan=plan, tenant="demo", session_id="s", flow_id=flow, locale="en", channel="web")


@pytest.fixture(scope="module")
def versions():
    return {name: load_version(PROJECTS / name) for name in ("bank", "shop", "telecom")}


@pytest.fixture
async def business():
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(build_app({}, slow_seconds=0.0), log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await serving
    listening.close()


@pytest.fixture
async def actions(business, tmp_path):
    with FileOwner(tmp_path / "workers") as owner:
        ledger = ActionLedger(SqliteFile(tmp_path / "ledger.sqlite3", SCHEMA), owner)
        async with open_line() as line:
            yield HttpActions(line, ledger, environment=demo_environment(business))
        await ledger.aclose()


@pytest.fixture
async def api(business):
    async with httpx2.AsyncClient(base_url=business, trust_env=False) as client:
        yield client


@pytest.mark.parametrize("name", ["bank", "shop", "telecom"])
async def test_every_action_of_a_demo_project_succeeds(actions, api, versions, name):
    project, receipts = versions[name].project, {}
    listed = project.actions
    for action in sorted(listed, key=lambda action: not listed[action].writes):
        if listed[action].writes:
            await api.post("/reset")
        if action in FIRST:
            await actions.call(versions[name], call_of(project, FIRST[action], f"before-{action}"))
        receipts[action] = await actions.call(versions[name], call_of(project, action))

    assert {action: receipt["status"] for action, receipt in receipts.items()} == dict.fromkeys(receipts, "succeeded")
    empty = {key for receipt in receipts.values() for key, value in receipt["result"].items() if value is None}
    assert empty <= MAY_BE_EMPTY
    assert all(receipts[action]["reference"] for action in receipts if listed[action].writes)
