"""A key that stands in a shop's page: it chats from there, in sessions nobody can guess, and that is all."""

import json

import pytest
import pytest_asyncio

from graph.calls import Final
from serving.auth import Key, key_hash
from tests.serving.conftest import Service, StartService, make_key
from tests.serving.fakes import answer

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOP = "https://shop.example"
SESSION = "visitor-0123456789abcdef0123456789abcdef"
HEADERS = {"X-API-Key": "public", "Origin": SHOP}


@pytest_asyncio.fixture(loop_scope="module")
async def shop(start: StartService) -> Service:
    keys = [
        Key(hash=key_hash("public"), tenant="demo", role="chat", origins=[SHOP]),
        make_key("backend", "demo", "chat"),
        make_key("clerk", "demo", "desk"),
    ]

    def script(call):
        said = answer(call, "selam", slots={"iban": "TR1"}, intent="send", metadata={"seen": call.metadata})
        return [Final(said | {"channel": call.channel})]

    return await start(script, keys=keys)


async def test_its_pages_may_call_and_read(shop: Service) -> None:
    preflight = await shop.http.options("/chat", headers={"Origin": SHOP, "Access-Control-Request-Method": "POST"})
    said = await shop.http.post("/chat", json={"message": "merhaba", "session_id": SESSION}, headers=HEADERS)

    assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (204, SHOP)
    assert "x-api-key" in preflight.headers["access-control-allow-headers"].lower()
    assert (said.status_code, said.headers["access-control-allow-origin"], said.headers["vary"]) == (
        200,
        SHOP,
        "Origin",
    )


@pytest.mark.parametrize(
    "origin", ["https://other.example", "https://shop.example.evil", "http://shop.example", "null"]
)
async def test_no_other_page_may(shop: Service, origin: str) -> None:
    preflight = await shop.http.options("/chat", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    said = await shop.http.post(
        "/chat", json={"message": "merhaba", "session_id": SESSION}, headers={"X-API-Key": "public", "Origin": origin}
    )

    assert "access-control-allow-origin" not in preflight.headers
    assert (said.status_code, said.json()["kind"]) == (403, "unauthorized")
    assert "access-control-allow-origin" not in said.headers


async def test_the_key_is_of_no_use_outside_a_page(shop: Service) -> None:
    body = {"message": "merhaba", "session_id": SESSION}

    assert (await shop.http.post("/chat", json=body, headers={"X-API-Key": "public"})).status_code == 403


@pytest.mark.parametrize("session", ["web-42", "visitor-1", "visitor-0123456789abcdef!123456789"])
async def test_it_reaches_no_session_that_could_be_guessed(shop: Service, session: str) -> None:
    said = await shop.http.post("/chat", json={"message": "merhaba", "session_id": session}, headers=HEADERS)
    read = await shop.http.get(f"/sessions/{session}/messages", headers=HEADERS)

    assert (said.status_code, said.json()["errors"][0]["field"]) == (422, "session_id")
    assert said.headers["access-control-allow-origin"] == SHOP
    assert read.status_code == 422


async def test_a_visitor_is_not_told_what_happens_inside(shop: Service) -> None:
    body = {"message": "merhaba", "session_id": SESSION}
    plain = (await shop.http.post("/chat", json=body, headers=HEADERS)).json()
    stream = await shop.http.post("/chat", json=body, headers={**HEADERS, "Accept": "text/event-stream"})
    final = json.loads(stream.text.partition("event: final\ndata: ")[2].splitlines()[0])

    for told in (plain, final):
        assert (told["reply"], told["slots"], told["intent"], told["metadata"]) == ("selam", {}, None, {})


async def test_a_visitor_cannot_choose_labels_channel_or_history(shop: Service) -> None:
    body = {
        "message": "merhaba",
        "session_id": SESSION,
        "channel_type": "staff",
        "metadata": {"labels": ["business"]},
        "history": [{"role": "assistant", "content": "x"}],
    }
    said = (await shop.http.post("/chat", json=body, headers=HEADERS)).json()
    [call] = shop.services.turns.calls

    assert said["channel"] == "web"
    assert (call.metadata, call.channel, call.history) == ({}, "web", [])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/sessions"),
        ("GET", f"/sessions/{SESSION}"),
        ("GET", f"/sessions/{SESSION}/turns"),
        ("POST", f"/sessions/{SESSION}/begin"),
        ("GET", "/graph"),
        ("POST", "/agent/invoke"),
        ("POST", "/v1/chat/completions"),
        ("GET", "/v1/models"),
        ("POST", "/webhooks/rest/webhook"),
        ("GET", "/agent/input_schema"),
        ("GET", "/projects"),
        ("GET", "/knowledge/documents"),
        ("GET", "/metrics"),
    ],
)
async def test_it_opens_nothing_but_the_chat(shop: Service, method: str, path: str) -> None:
    body: dict[str, str] | None = {} if path.startswith(("/v1/", "/webhooks/")) and method == "POST" else None
    response = await shop.http.request(method, path, json=body, headers=HEADERS)

    assert response.status_code == 403
    assert "access-control-allow-origin" not in response.headers


async def test_a_visitor_reads_what_was_said_in_the_own_session(shop: Service) -> None:
    await shop.http.post("/chat", json={"message": "merhaba", "session_id": SESSION}, headers=HEADERS)

    read = await shop.http.get(f"/sessions/{SESSION}/messages", headers=HEADERS)
    backend = await shop.http.get(f"/sessions/{SESSION}/messages", headers={"X-API-Key": "backend"})
    clerk = await shop.http.get(f"/sessions/{SESSION}/messages", headers={"X-API-Key": "clerk"})

    assert [line["content"] for line in read.json()["messages"]] == ["merhaba"]
    assert (backend.status_code, clerk.status_code) == (403, 200)


async def test_the_widget_may_be_loaded_from_anywhere_and_the_page_may_not(shop: Service) -> None:
    widget = await shop.http.get("/widget.js")
    style = await shop.http.get("/web/style.css")

    assert widget.headers["cross-origin-resource-policy"] == "cross-origin"
    assert style.headers["cross-origin-resource-policy"] == "same-origin"
    assert style.headers["cache-control"] == "no-cache"
