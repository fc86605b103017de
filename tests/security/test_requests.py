"""Requests made to hurt: refused early, with little read, and the next caller is answered."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
import uvicorn

from serving.app import create_app
from serving.auth import Keys
from serving.protocol import HEAD_BYTES, BoundedHttp
from serving.strict import DEPTH, KEYS
from tests.serving.conftest import PromptServer, Service, make_key, serving
from tests.serving.fakes import FakeServices

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = "secret-of-the-widget"
BODY = json.dumps({"message": "merhaba", "session_id": "s1"}).encode()


class Impatient(BoundedHttp):
    """Waits shortly, so that the test does."""

    head_seconds = 0.3


@asynccontextmanager
async def listening(
    services: FakeServices, protocol: type[BoundedHttp], *, body_seconds: float = 30
) -> AsyncIterator[tuple[str, int]]:
    """The app behind the socket protocol that `switchboard serve` uses."""
    keys = Keys([make_key(KEY, "demo", "chat")])
    app = create_app(services.opened, keys=keys, drain_seconds=1, body_seconds=body_seconds)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=protocol, ws="none", log_config=None, timeout_graceful_shutdown=2)
    server = PromptServer(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await asyncio.wait_for(server.takes_requests.wait(), 10)
    try:
        yield listener.getsockname()
    finally:
        server.told_to_stop.set()
        await task


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door() -> AsyncIterator[tuple[str, int]]:
    async with listening(FakeServices(), BoundedHttp) as address:
        yield address


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service() -> AsyncIterator[Service]:
    async with serving(FakeServices(), keys=Keys(), debug=False, heartbeat=10) as found:
        yield found


async def says(address: tuple[str, int], raw: bytes) -> tuple[int, str]:
    """What is answered to bytes on a connection of their own, which is closed after it; (0, "") for nothing."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        writer.write(raw)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        length = next(
            (int(line[16:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length: ")), 0
        )
        return int(head.split()[1]), (await asyncio.wait_for(reader.readexactly(length), 10)).decode()
    except (asyncio.IncompleteReadError, ConnectionError):
        return 0, ""
    finally:
        writer.close()


def request(*lines: str, body: bytes = BODY) -> bytes:
    given = [line.partition(":")[0].lower() for line in lines]
    usual = {
        "host": "Host: switchboard",
        "content-type": "Content-Type: application/json",
        "authorization": f"Authorization: Bearer {KEY}",
        "content-length": f"Content-Length: {len(body)}",
    }
    if "transfer-encoding" in given or "x-api-key" in given:
        usual.pop("content-length" if "transfer-encoding" in given else "authorization")
    head = ["POST /chat HTTP/1.1", *(line for name, line in usual.items() if name not in given), *lines]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


async def test_a_usual_request_is_answered(door: tuple[str, int]):
    assert (await says(door, request()))[0] == 200
    assert (await says(door, request(f"X-API-Key: {KEY}")))[0] == 200
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    assert (await says(door, request("Transfer-Encoding: chunked", body=chunked)))[0] == 200


@pytest.mark.parametrize(
    "lines",
    [
        ("Authorization: Bearer a", f"Authorization: Bearer {KEY}"),
        (f"Authorization: Bearer {KEY}", "Authorization: Bearer a"),
        (f"Authorization: Bearer {KEY}", f"Authorization: Bearer {KEY}"),
        (f"X-API-Key: {KEY}", "X-API-Key: other"),
        (f"X-API-Key: {KEY}", f"Authorization: Bearer {KEY}"),
        (f"X-API-Key : {KEY}",),
        (f"X-API-Key: a\r\n {KEY}", "Authorization: Basic x"),
        ("Host: a", "Host: b"),
        ("Host: switchboard/chat?x",),
        ("Host: user@switchboard",),
        ("Content-Type: application/json", "Content-Type: text/plain"),
        ("Content-Length: 41", "Content-Length: 5"),
        ("Content-Length: +41",),
        ("Content-Length: 0x29",),
        ("Content-Length: 41", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
        ("X-Trace: " + "a" * 9000,),
        *((f"X-{'n' * 9000}: a",),),
        tuple(f"X-{number}: a" for number in range(120)),
        tuple(f"X-{number}: {'a' * 1000}" for number in range(40)),
        ("X-Null: a\x00b",),
        ("X-Return: a\rb",),
        ("No colon at all",),
        (": nameless",),
        (f"Authorization: Bearer {'k' * 70_000}",),
    ],
    ids=lambda lines: " ".join(lines)[:60].encode("ascii", "backslashreplace").decode(),
)
async def test_headers_that_can_be_read_in_two_ways_or_are_too_long_are_a_400(
    door: tuple[str, int], lines: tuple[str, ...]
):
    status, told = await says(door, request(*lines))

    assert status == 400
    assert json.loads(told)["kind"] == "validation"
    assert KEY not in told
    assert (await says(door, request()))[0] == 200


async def test_a_second_request_hidden_in_a_body_is_not_run():
    services = FakeServices()
    hidden = request(body=json.dumps({"message": "hidden", "session_id": "s2"}).encode())
    async with listening(services, BoundedHttp) as address:
        for lines in (
            ("Content-Length: 0", "Transfer-Encoding: chunked"),
            ("Transfer-Encoding: chunked", "Content-Length: 4"),
            ("Content-Length: 0", f"Content-Length: {len(hidden)}"),
        ):
            assert (await says(address, request(*lines, body=b"0\r\n\r\n" + hidden)))[0] == 400

    assert not services.turns.calls


async def test_a_head_without_an_end_is_cut_off_soon(door: tuple[str, int]):
    reader, writer = await asyncio.open_connection(*door)
    writer.write(b"POST /chat HTTP/1.1\r\nHost: x\r\nX-Endless: ")
    sent = 0
    try:
        while sent < 64 * 1024 * 1024:
            writer.write(b"a" * 65536)
            await writer.drain()
            sent += 65536
    except ConnectionError:
        pass
    writer.close()

    assert sent < 64 * HEAD_BYTES
    del reader


async def test_a_head_that_comes_too_slowly_is_cut_off():
    async with listening(FakeServices(), Impatient) as address:
        for beginning in (b"", b"POST /chat HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"\r\n"):
            reader, writer = await asyncio.open_connection(*address)
            writer.write(beginning)
            answered = await asyncio.wait_for(reader.read(), 10)
            writer.close()

            assert b" 400 " in answered
        assert (await says(address, request()))[0] == 200


async def test_a_connection_may_be_used_again_and_its_second_head_is_bounded_too():
    async with listening(FakeServices(), Impatient) as address:
        reader, writer = await asyncio.open_connection(*address)
        for _ in range(3):
            writer.write(request())
            assert b" 200 " in await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            await asyncio.sleep(0.05)
        writer.write(b"POST /chat HTT")
        rest = await asyncio.wait_for(reader.read(), 10)
        writer.close()

    assert b"HTTP/1.1 400 " in rest


async def test_a_body_that_comes_too_slowly_is_a_408():
    async with listening(FakeServices(), BoundedHttp, body_seconds=0.3) as address:
        status, told = await says(address, request("Content-Length: 1000", body=b'{"message": "'))

        assert status == 408
        assert json.loads(told)["kind"] == "validation"
        assert (await says(address, request()))[0] == 200


async def test_of_a_body_that_has_no_end_little_is_read(service: Service):
    host, port = service.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request("Transfer-Encoding: chunked", body=b""))
    sent, chunk = 0, b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    try:
        while sent < 256 * 1024 * 1024:
            writer.write(chunk)
            await writer.drain()
            sent += len(chunk)
    except ConnectionError:
        pass
    writer.close()
    del reader

    assert sent < 16 * 1024 * 1024
    assert (await service.chat()).status_code == 200


def nested(depth: int, opening: str, closing: str) -> str:
    return opening * depth + "1" + closing * depth


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
@pytest.mark.parametrize("depth", [DEPTH, 200, 990, 1_000, 20_000])
@pytest.mark.parametrize("path", ["/chat", "/v1/chat/completions", "/agent/batch", "/knowledge/search"])
async def test_json_that_is_nested_without_end_is_a_400(
    service: Service, path: str, depth: int, opening: str, closing: str
):
    inner = f'{{"message": "m", "session_id": "s", "metadata": {{"deep": {nested(depth, opening, closing)}}}}}'
    body = {"/agent/invoke": f'{{"input": {inner}}}', "/agent/batch": f'{{"inputs": [{inner}]}}'}.get(path, inner)
    answer = await service.http.post(path, content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400
    assert "nested too deep" in answer.json()["detail"]


async def test_what_callers_nest_is_taken(service: Service):
    deep = json.loads(nested(DEPTH - 4, '{"a":', "}"))

    assert (await service.chat(metadata={"deep": deep})).status_code == 200
    assert (await service.chat(metadata={f"k{number}": number for number in range(KEYS)})).status_code == 200


async def test_an_object_of_too_many_keys_is_a_400(service: Service):
    answer = await service.chat(metadata={f"k{number}": 1 for number in range(KEYS + 1)})

    assert answer.status_code == 400
    assert "too many keys" in answer.json()["detail"]


async def test_a_million_keys_are_too_large_before_they_are_read(door: tuple[str, int]):
    body = b"{" + b",".join(b'"k%d":1' % number for number in range(1_000_000)) + b"}"
    status, told = await says(door, request(f"Content-Length: {len(body)}", body=body[:1000]))

    assert status == 413
    assert json.loads(told)["kind"] == "too_large"
