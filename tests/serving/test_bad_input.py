"""What callers send by mistake or on purpose: refused clearly or cleaned, never a crash."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.serving.conftest import Service

pytestmark = pytest.mark.asyncio(loop_scope="module")

JSON = {"Content-Type": "application/json"}


def chat_body(**more: object) -> bytes:
    return json.dumps({"message": "m", "session_id": "s1", **more}).encode()


def assert_problem(response: httpx.Response, status: int, kind: str) -> None:
    problem = response.json()
    assert (response.status_code, problem["status"], problem["kind"]) == (status, status, kind), response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert problem.keys() >= {"type", "title", "status", "detail", "kind", "error_id"}
    assert all(problem[key] for key in ("title", "detail", "error_id"))
    assert not any(word in response.text for word in ("Traceback", ".py"))


@pytest.mark.parametrize("path", ["/chat", "/agent/invoke", "/agent/batch", "/agent/stream"])
@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"hello", JSON, 400),
        (b"{", JSON, 400),
        (b'{"message": "\xff\xfe"}', JSON, 400),
        ('{"message": "grüße"}'.encode("latin-1"), JSON, 400),
        (b'{"message": NaN}', JSON, 400),
        (b'{"a":' * 5000, JSON, 400),
        (b"[" * 2000 + b"]" * 2000, JSON, 400),
        (b'{"message": ' + b"9" * 10_000 + b"}", JSON, 400),
        (chat_body(), {"Content-Type": "text/plain"}, 415),
        (chat_body(), {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (chat_body(), {"Content-Type": "application/json; charset=utf-16"}, 415),
        (chat_body(), {}, 415),
        (b"<a/>", {"Content-Type": "application/xml"}, 415),
    ],
)
async def test_a_body_that_is_not_json_in_utf8(
    service: Service, path: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    assert_problem(await service.http.post(path, content=body, headers=headers), status, "validation")


@pytest.mark.parametrize("content_type", ["application/json; charset=UTF-8", "application/vnd.api+json"])
async def test_other_names_of_json_are_read(service: Service, content_type: str) -> None:
    response = await service.http.post("/chat", content=chat_body(), headers={"Content-Type": content_type})

    assert response.status_code == 200


async def test_a_byte_order_mark_is_no_mistake(service: Service) -> None:
    response = await service.http.post("/chat", content=b"\xef\xbb\xbf" + chat_body(), headers=JSON)

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"message": None}, "message"),
        ({"message": 5}, "message"),
        ({"message": ["a"]}, "message"),
        ({"message": {"type": "human", "content": "x"}}, "message"),
        ({"session_id": ""}, "session_id"),
        ({"session_id": 7}, "session_id"),
        ({"session_id": "a\nb"}, "session_id"),
        ({"session_id": "a\u0000b"}, "session_id"),
        ({"session_id": "a" * 201}, "session_id"),
        ({"project": 5}, "project"),
        ({"project": ""}, "project"),
        ({"locale": {"a": 1}}, "locale"),
        ({"locale": "x" * 36}, "locale"),
        ({"channel_type": ""}, "channel_type"),
        ({"history": "x"}, "history"),
        ({"history": [{"role": "user"}]}, "history.0.content"),
        ({"history": [{"content": "x"}]}, "history.0.role"),
        ({"history": [{"role": "user", "content": None}]}, "history.0.content"),
        ({"history": ["x"]}, "history.0"),
        ({"metadata": []}, "metadata"),
        ({"message_id": "a\r\nb"}, "message_id"),
        ({"message_id": 1}, "message_id"),
        ({"tenant": "other"}, "tenant"),
        ({"tenant_id": "other"}, "tenant_id"),
        ({"thread_id": "x"}, "thread_id"),
        ({"mesage": "x"}, "mesage"),
        ({"currentMessage": "two"}, "currentMessage"),
    ],
)
async def test_a_wrong_field_is_named(service: Service, change: dict[str, object], field: str) -> None:
    response = await service.http.post("/chat", content=chat_body(**change), headers=JSON)

    assert_problem(response, 422, "validation")
    assert any(error["field"].startswith(field) for error in response.json()["errors"])
    assert field in response.json()["detail"]


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"5", b"null", b"true", b""])
async def test_a_body_that_is_no_object(service: Service, body: bytes) -> None:
    response = await service.http.post("/chat", content=body, headers=JSON)

    assert response.status_code in (400, 422)
    assert_problem(response, response.status_code, "validation")


async def test_a_missing_field_is_named(service: Service) -> None:
    response = await service.http.post("/chat", json={})

    assert [error["field"] for error in response.json()["errors"]] == ["message", "session_id"]


@pytest.mark.parametrize("number", ["1e400", "-1e400"])
async def test_a_number_that_json_cannot_carry_back(service: Service, number: str) -> None:
    body = f'{{"message": "m", "session_id": "s", "metadata": {{"n": [{number}]}}}}'.encode()

    assert_problem(await service.http.post("/chat", content=body, headers=JSON), 422, "validation")


@pytest.mark.parametrize(
    ("sent", "heard"),
    [
        ("a\x00b\x07c\x1b[31m", "abc"),
        ("\x1b]0;title\x07a\x1b[2J\x1b[1;31mb\x9b0mc\x1b]8;;http://x\x1b\\d\x1b", "abcd"),
        ("a\x1b[31", "a[31"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("\u202egnol\u202c \u2066x\u2069\u200f", "gnol x"),
        ("a\u200bb\ufeffc", "abc"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\u0085next\u009b", "next"),
        ("\ufdfa" * 100, "\ufdfa" * 100),
        ("🙂🙂🙂", "🙂🙂🙂"),
        ("Merhaba 你好 hello שלום", "Merhaba 你好 hello שלום"),
    ],
)
async def test_what_is_invisible_or_reorders_text_is_taken_out(service: Service, sent: str, heard: str) -> None:
    response = await service.chat(sent)

    assert response.status_code == 200
    assert service.services.turns.calls[-1].message == heard
    assert response.json()["reply"] == heard


@pytest.mark.parametrize("escape", [r"\ud800", r"\udfff\ud800", r"x\udc00y"])
async def test_half_characters_are_replaced(service: Service, escape: str) -> None:
    body = f'{{"message": "{escape}", "session_id": "s", "history": [{{"role": "user", "content": "{escape}"}}]}}'

    response = await service.http.post("/chat", content=body.encode(), headers=JSON)

    assert response.status_code == 200
    assert "\ufffd" in response.json()["reply"]


@pytest.mark.parametrize(
    "body",
    [
        r'{"message": "m", "session_id": "\ud800"}',
        r'{"message": "m", "session_id": "s", "\ud800": 1}',
        r'{"message": "m", "session_id": "s", "message_id": "\udc00"}',
        r'{"message": "m", "session_id": "s", "project": "\udc00"}',
        r'{"message": "m", "session_id": "s", "locale": "\udc00"}',
        r'{"message": "m", "session_id": "s", "metadata": {"\ud800": "\ud800"}}',
    ],
)
async def test_half_characters_elsewhere_are_refused_or_survived(service: Service, body: str) -> None:
    response = await service.http.post("/chat", content=body.encode(), headers=JSON)

    assert response.status_code in (200, 404, 422)
    response.json()


async def test_a_body_over_256_kb_is_refused_early(service: Service) -> None:
    response = await service.http.post("/chat", content=chat_body(message="a" * 300_000), headers=JSON)

    assert_problem(response, 413, "too_large")


async def test_a_body_without_a_declared_size_is_refused_where_it_grows_too_large(service: Service) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"a" * 10_000

    response = await service.http.post("/chat", content=endless(), headers=JSON)

    assert_problem(response, 413, "too_large")
    assert (await service.chat()).status_code == 200


async def test_a_history_as_long_as_a_body_may_be_is_taken(service: Service) -> None:
    history = [{"role": "user", "content": str(number)} for number in range(6000)]

    response = await service.chat(history=history)

    assert response.status_code == 200
    assert len(service.services.turns.calls[-1].history) == 6000


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/chat", 405),
        ("PUT", "/chat", 405),
        ("POST", "/livez", 405),
        ("PATCH", "/chat", 405),
        ("GET", "/chat/", 404),
        ("GET", "/web/../server.py", 404),
        ("GET", "/web/%2e%2e/server.py", 404),
        ("GET", "/docs", 404),
        ("GET", "/agent/playground/", 404),
        ("POST", "/agent/stream_events", 404),
        ("POST", "/agent/stream_log", 404),
        ("POST", "/agent/c/abc/invoke", 404),
    ],
)
async def test_what_is_not_there(service: Service, method: str, path: str, status: int) -> None:
    response = await service.http.request(method, path)

    assert_problem(response, status, "validation")
    assert (status == 405) == ("allow" in response.headers)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("OPTIONS", "/knowledge/documents", "GET, POST"),
        ("PUT", "/sessions/s1", "DELETE, GET"),
        ("GET", "/chat", "POST"),
    ],
)
async def test_a_method_that_an_address_does_not_take_is_answered_with_all_that_it_takes(
    service: Service, method: str, path: str, allowed: str
) -> None:
    assert (await service.http.request(method, path)).headers["allow"] == allowed


@pytest.mark.parametrize("path", ["/sessions/a%00b/begin", f"/sessions/{'a' * 201}/silence"])
async def test_no_event_of_a_channel_begins_a_session_that_no_message_could_name(service: Service, path: str) -> None:
    assert_problem(await service.http.post(path), 422, "validation")


@pytest.mark.parametrize(
    "raw",
    [
        b"POST /chat HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /chat HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"POST /chat HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"GARBAGE\r\n\r\n",
    ],
)
async def test_broken_http_is_refused_and_the_next_request_answered(service: Service, raw: bytes) -> None:
    host, port = service.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(raw)
    status = await asyncio.wait_for(reader.readline(), 5)
    writer.close()

    assert int(status.split()[1]) in (400, 413)
    assert (await service.chat()).status_code == 200
