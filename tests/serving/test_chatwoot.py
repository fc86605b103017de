"""A Chatwoot account as the desk: its webhooks come in, our words go out, over real HTTP on loopback."""

import asyncio
import hashlib
import hmac
import json
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from scenarios.service import run_app
from serving.app import create_app
from tests.dialogue.talking import bank
from tests.graph.conftest import MEANINGS
from tests.graph.fakes import Room, Script, said_in
from tests.serving.fakes import FakeKnowledge, FakePublishing
from tools.chatwoot import ChatwootLine
from tools.http import open_line

ENVIRONMENT = {"CHATWOOT_TOKEN": "bot-token", "CHATWOOT_SECRET": "hook-secret"}
SECRET = ENVIRONMENT["CHATWOOT_SECRET"]


@dataclass
class Chatwoot:
    """An account that takes what the bot does, or refuses it as often as it is told."""

    said: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    statuses: list[tuple[int, str]] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    failures: list[int] = field(default_factory=list)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/api/v1/accounts/1/conversations/{conversation}/messages")
        async def messages(conversation: int, request: Request) -> Response:
            body = await request.json()
            self.tokens.add(request.headers.get("api_access_token"))
            if self.failures:
                return Response(status_code=self.failures.pop(0))
            if body["private"]:
                self.notes.append(body["content"])
            else:
                self.said.append((conversation, body["content"]))
            return Response(status_code=200)

        @app.post("/api/v1/accounts/1/conversations/{conversation}/toggle_status")
        async def toggle(conversation: int, request: Request) -> Response:
            self.statuses.append((conversation, (await request.json())["status"]))
            return Response(status_code=200)

        return app


@dataclass
class Service:
    """Our service with the account beside it."""

    room: Room
    chatwoot: Chatwoot
    http: httpx.AsyncClient
    app: FastAPI
    turns: object = None
    versions: object = None
    knowledge: object = None

    async def sends(self, *, secret: str = SECRET, age: float = 0, **event: object) -> httpx.Response:
        body = json.dumps({"account": {"id": 1}, **event}).encode()
        stamp = str(int(time.time() - age))
        mark = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {
            "X-Chatwoot-Signature": f"sha256={mark}",
            "X-Chatwoot-Timestamp": stamp,
            "Content-Type": "application/json",
        }
        answer = await self.http.post("/channels/chatwoot", content=body, headers=headers)
        await self.app.state.chatwoot.drain(10)
        return answer

    async def customer(self, number: int, text: str, *, status: str = "pending", conversation: int = 7) -> None:
        answer = await self.sends(
            event="message_created",
            id=number,
            content=text,
            message_type="incoming",
            conversation={"id": conversation, "status": status},
            sender={"type": "contact", "name": "Ali"},
        )
        assert answer.status_code == 200

    async def agent(self, number: int, text: str, kind: str = "user", *, private: bool = False) -> None:
        await self.sends(
            event="message_created",
            id=number,
            content=text,
            message_type="outgoing",
            private=private,
            conversation={"id": 7, "status": "open"},
            sender={"type": kind, "name": "Ayşe"},
        )

    async def transcript(self) -> list[str]:
        lines = await said_in(self.room.turns, "default", "bank", "chatwoot-1-7") or []
        return [f"{line['role']}: {line['content']}" for line in lines]


@pytest.fixture
async def service(tmp_path) -> AsyncIterator[Service]:
    account = Chatwoot()
    async with run_app(account.app()) as url, open_line() as line:
        chatwoot = {"url": url, "account": 1, "token": "${CHATWOOT_TOKEN}", "secret": "${CHATWOOT_SECRET}"}
        project = bank(transfer={"chatwoot": chatwoot, "wait_minutes": 10})
        async with Room(project, Script(MEANINGS), tmp_path).open() as room:

            @dataclass
            class Services:
                turns = room.turns
                versions = room.versions
                past = room.past
                knowledge = FakeKnowledge()
                publishing = FakePublishing()
                chatwoot = ChatwootLine(line, environment=ENVIRONMENT, first_pause=0.01)

            @asynccontextmanager
            async def opened() -> AsyncIterator[Services]:
                yield Services()

            app = create_app(opened)
            async with run_app(app) as address, httpx.AsyncClient(base_url=address, trust_env=False) as http:
                yield Service(room=room, chatwoot=account, http=http, app=app)


async def test_a_customers_message_becomes_a_turn_and_its_reply_goes_back(service):
    await service.customer(1, "balance")
    await service.customer(2, "12345678")

    assert [number for number, _ in service.chatwoot.said] == [7, 7]
    assert await service.transcript() == [
        "user: balance",
        f"assistant: {service.chatwoot.said[0][1]}",
        "user: 12345678",
        f"assistant: {service.chatwoot.said[1][1]}",
    ]
    assert service.chatwoot.tokens == {"bot-token"}
    assert service.chatwoot.statuses == []


async def test_a_transfer_opens_the_conversation_and_the_bot_is_silent_until_it_is_resolved(service):
    await service.customer(1, "balance")
    await service.customer(2, "a person please")
    said = len(service.chatwoot.said)
    await service.customer(3, "are you there?", status="open")
    await service.agent(4, "I am Ayşe")
    await service.agent(5, "the bot's own words", "agent_bot")
    await service.agent(6, "a note", private=True)
    await service.sends(event="conversation_status_changed", id=7, status="resolved")
    await service.customer(8, "12345678")

    assert service.chatwoot.statuses == [(7, "open")]
    assert service.chatwoot.notes == ["transfer: requested"]
    assert len(service.chatwoot.said) == said + 1
    transcript = await service.transcript()
    assert "human: I am Ayşe" in transcript
    assert not any("own words" in line or "a note" in line for line in transcript)
    assert sum(line.startswith("system:") for line in transcript) == 1


async def test_a_person_who_opens_a_conversation_takes_it(service):
    await service.customer(1, "balance")
    await service.customer(2, "12345678", status="open")

    assert len(service.chatwoot.said) == 1
    assert (await service.room.turns.session("default", "bank", "chatwoot-1-7"))["owner"] == "person"


async def test_an_open_conversation_that_the_bot_never_had_is_left_to_people(service):
    await service.customer(1, "balance", status="open")

    assert service.chatwoot.said == []


async def test_where_nobody_takes_it_the_bot_answers_again_and_takes_the_conversation_back(service):
    await service.customer(1, "a person please")
    service.room.later(11)
    await service.customer(2, "balance", status="open")

    assert service.chatwoot.statuses == [(7, "open"), (7, "pending")]
    nobody = service.room.versions.version.text("transfer.nobody", "en")
    assert service.chatwoot.said[-1][1].startswith(nobody)


async def test_an_event_that_comes_twice_is_answered_once(service):
    await service.customer(1, "balance")
    await service.customer(1, "balance")

    assert len(service.chatwoot.said) == 1


async def test_an_event_that_comes_while_the_storage_is_down_is_sent_again_and_answered_then(service, monkeypatch):
    async def down(*_: str) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    event = {
        "event": "message_created",
        "id": 1,
        "content": "balance",
        "message_type": "incoming",
        "conversation": {"id": 7, "status": "pending"},
    }
    with monkeypatch.context() as patched:
        patched.setattr(service.room.turns, "session", down)
        refused = await service.sends(**event)
    again = await service.sends(**event)

    assert (refused.status_code, again.status_code) == (500, 200)
    assert service.chatwoot.said == [(7, "Your customer number?")]


async def test_a_message_whose_turn_breaks_is_opened_to_people(service, monkeypatch):
    async def down(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(service.room.turns, "run", down)
    await service.customer(1, "balance")

    assert service.chatwoot.statuses == [(7, "open")]
    assert service.chatwoot.notes == ["transfer: service_error"]


async def test_messages_of_one_conversation_are_answered_in_order_and_another_does_not_wait(service):
    service.room.script.pause = 0.05
    await asyncio.gather(
        service.customer(1, "balance"), service.customer(2, "balance", conversation=8), service.customer(3, "12345678")
    )

    assert [number for number, _ in service.chatwoot.said].count(7) == 2
    assert [line.split(": ")[0] for line in await service.transcript()] == ["user", "assistant"] * 2


async def test_a_busy_chatwoot_is_tried_again_and_one_that_refuses_is_not(service):
    service.chatwoot.failures = [503, 429]
    await service.customer(1, "balance")
    service.chatwoot.failures = [422]
    await service.customer(2, "12345678")

    assert len(service.chatwoot.said) == 1
    assert service.chatwoot.failures == []


@pytest.mark.parametrize(
    "wrong",
    [{"secret": "guessed"}, {"secret": ""}, {"age": 3600}, {"age": -3600}],
    ids=["other", "empty", "old", "early"],
)
async def test_what_chatwoot_did_not_sign_just_now_is_refused(service, wrong):
    answer = await service.sends(event="message_created", id=1, message_type="incoming", content="balance", **wrong)

    assert (answer.status_code, answer.json()["kind"]) == (401, "unauthorized")
    assert service.chatwoot.said == []


async def test_without_any_signature_nothing_is_told(service):
    for headers in ({}, {"X-Chatwoot-Signature": "sha256=ä".encode().decode("latin-1"), "X-Chatwoot-Timestamp": "²"}):
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        answer = await service.http.post("/channels/chatwoot", content=b"{}", headers=encoded)

        assert answer.status_code == 401


@pytest.mark.parametrize("body", [[], {"event": 1}, {"no": "event"}, {"event": "x", "conversation": {"id": "seven"}}])
async def test_a_signed_body_that_is_no_event_is_refused(service, body):
    raw = json.dumps(body).encode()
    stamp = str(int(time.time()))
    mark = hmac.new(SECRET.encode(), stamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
    headers = {"X-Chatwoot-Signature": f"sha256={mark}", "X-Chatwoot-Timestamp": stamp}

    assert (await service.http.post("/channels/chatwoot", content=raw, headers=headers)).status_code == 422


async def test_events_of_another_account_and_unknown_events_do_nothing(service):
    for event in (
        {"event": "webwidget_triggered", "id": 7},
        {"event": "message_created", "account": {"id": 2}, "id": 3},
    ):
        answer = await service.sends(
            message_type="incoming", content="balance", conversation={"id": 7, "status": "pending"}, **event
        )
        assert answer.status_code == 200

    assert service.chatwoot.said == []
    assert await service.transcript() == []
