"""A business's API as it behaves on its worst days: a real loopback server that answers by a script."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue


@dataclass(frozen=True)
class Seen:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


Step = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Wire:
    """Plays `script` step by step, the last one for ever; every request is kept in `seen`."""

    script: list[Step]
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    url: str = ""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (request := await _request(reader)) is not None:
                self.seen.append(request)
                self.arrived.set()
                step = self.script[min(len(self.seen), len(self.script)) - 1]
                await step(reader, writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> Seen | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Seen(method, target, headers, body)


def reply(
    status: int = 200,
    content: JsonValue | bytes = None,
    *,
    kind: str = "application/json",
    headers: dict[str, str] | None = None,
    delay: float = 0.0,
) -> Step:
    async def step(reader, writer):
        await asyncio.sleep(delay)
        body = content if isinstance(content, bytes) else json.dumps(content if content is not None else {}).encode()
        lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    return step


def empty(status: int = 204) -> Step:
    async def step(reader, writer):
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())

    return step


def reset() -> Step:
    """The connection breaks after the whole request was read."""

    async def step(reader, writer):
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        raise ConnectionResetError

    return step


def half() -> Step:
    """Half an answer, then the end."""

    async def step(reader, writer):
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"data": ')
        await writer.drain()
        raise ConnectionResetError

    return step


def silence() -> Step:
    async def step(reader, writer):
        await reader.read()
        raise ConnectionResetError

    return step


def drip(seconds: float) -> Step:
    """A byte now and then, for ever."""

    async def step(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(seconds)

    return step


def endless() -> Step:
    async def step(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
            await writer.drain()

    return step


def refused_url() -> str:
    """A loopback address at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@asynccontextmanager
async def wire(*script: Step) -> AsyncIterator[Wire]:
    playing = Wire(list(script) or [reply()])
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader, writer):
        if task := asyncio.current_task():
            tasks.add(task)
        with suppress(asyncio.CancelledError):
            await playing.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    playing.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield playing
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
