"""A client that costs little: many sessions at once on the same machine as what they measure."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit
from uuid import uuid4

from pydantic import JsonValue


class LoadError(Exception):
    """A turn was not answered."""


class Line:
    """One kept-alive connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, url: str) -> Self:
        """A connection to a loopback address."""
        place = urlsplit(url)
        return cls(*await asyncio.open_connection(place.hostname, place.port))

    async def post(self, path: str, body: JsonValue) -> JsonValue:
        """The answer's JSON; raises LoadError where it is no success."""
        content = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(content)}\r\n\r\n"
        self._writer.write(head.encode() + content)
        await self._writer.drain()
        lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        answer = await self._body(headers)
        if not lines[0].split(" ")[1].startswith("2"):
            raise LoadError(f"{path} answered {lines[0]}: {answer[:300]!r}")
        found: JsonValue = json.loads(answer)
        return found

    async def _body(self, headers: dict[str, str]) -> bytes:
        if "content-length" in headers:
            return await self._reader.readexactly(int(headers["content-length"]))
        pieces = []
        while size := int((await self._reader.readline()).strip() or b"0", 16):
            pieces.append(await self._reader.readexactly(size))
            await self._reader.readline()
        await self._reader.readline()
        return b"".join(pieces)

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


Begin = Callable[[Line], Awaitable[str]]
"""Opens a session; its name."""
Say = Callable[[Line, str, str], Awaitable[JsonValue]]
"""One turn: the session and the message."""


@dataclass(frozen=True, kw_only=True)
class Door:
    """How a service is talked to."""

    url: str
    begin: Begin
    say: Say


@dataclass
class Measured:
    """What some load came to."""

    wall_ms: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Turns a second."""
        return len(self.wall_ms) / self.seconds


async def new_name(_: Line) -> str:
    """A session that begins with its first message."""
    return f"load-{uuid4().hex}"


async def press(door: Door, messages: list[str], *, at_once: int, turns: int, seconds: float) -> Measured:
    """Whole conversations by so many customers at once, until so many turns are done or the time is over."""
    found, left = Measured(), turns
    until = time.perf_counter() + seconds

    async def customer() -> None:
        nonlocal left
        line = await Line.to(door.url)
        try:
            while left > 0 and time.perf_counter() < until:
                session = await door.begin(line)
                for message in messages:
                    left -= 1
                    begun = time.perf_counter()
                    await door.say(line, session, message)
                    found.wall_ms.append((time.perf_counter() - begun) * 1000)
        finally:
            line.close()

    begun = time.perf_counter()
    await asyncio.gather(*(customer() for _ in range(at_once)))
    found.seconds = time.perf_counter() - begun
    return found
