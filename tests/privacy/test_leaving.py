"""What leaves the process, or is read by others than the customer: traces and prompts."""

import asyncio
import os
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from fastapi import FastAPI, Request
from langsmith import Client

from config.catalog import build_catalog
from config.project import Project
from config.tracing import hide_content
from config.versions import Version
from scenarios.service import run_app
from understanding.llm_prompt import build_messages
from understanding.port import Situation

CARD, IBAN, PERSON, PHONE, MAIL = (
    "4111 1111 1111 1111",
    "TR15 0006 1000 0000 0000 0001 01",
    "10000000146",
    "+90 532 123 45 67",
    "ayse@example.com",
)
PLANTED = [CARD, IBAN, PERSON, PHONE, MAIL]
SAID = f"card {CARD}, iban {IBAN}, id {PERSON}, phone {PHONE}, mail {MAIL}, order 10042"


@pytest.fixture
def version(tmp_path):
    slots = {"pin": {"type": "text", "sensitive": True}, "city": {"type": "text"}}
    intents = {"pay": {"slots": slots, "reply": "ok", "examples": {"en": ["pay"]}}}
    project = Project.model_validate({"name": "p", "locales": ["en"], "intents": intents})
    return Version(name="v", project=project, folder=tmp_path, catalog=build_catalog({}), prompts={})


async def test_traces_hold_no_content_unless_it_is_asked_for(monkeypatch):
    for name in ("LANGSMITH_HIDE_INPUTS", "LANGSMITH_HIDE_OUTPUTS"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    hide_content(os.environ)
    seen = []
    app = FastAPI()

    @app.post("/runs")
    async def keep(request: Request) -> None:
        seen.append(await request.body())

    async with run_app(app) as url:
        client = Client(api_url=url, api_key="none", auto_batch_tracing=False)
        await asyncio.to_thread(
            client.create_run, "turn", {"message": SAID}, "chain", outputs={"reply": SAID}, id=uuid4()
        )

    assert os.environ["LANGSMITH_HIDE_OUTPUTS"] == "true"
    assert len(seen) == 1
    assert not [planted for planted in PLANTED if planted in seen[0].decode()]


def test_a_model_is_told_of_the_past_without_numbers_and_reads_the_present_as_it_is(version):
    situation = Situation(
        message=f"pay with {CARD}",
        locale="en",
        now=datetime(2026, 3, 16, tzinfo=UTC),
        intent="pay",
        filled={"pin": "ab-12", "city": "Izmir"},
        waiting=(),
        open=None,
        history=(("user", SAID), ("user", "my pin is AB 12 in Izmir")),
    )
    (system, user), _ = build_messages(version, situation)

    assert not [planted for planted in [*PLANTED, "AB 12", "ab-12"] if planted in system["content"]]
    assert "order 10042" in system["content"]
    assert "Izmir" in system["content"]
    assert CARD in user["content"]
