"""A scripted OpenAI-compatible server on loopback: real HTTP, every fault a backend or network can show.

A script is consumed exactly: a surplus call and an unused step both fail `check()`, which `serving_openai` calls.

    with serving_openai(calls(("balance", {})), says("Your balance is 5.")) as server:
        model = open_language_model(model="m", base_url=server.url)

A step answers a streaming request as a stream and a plain one as a body. `lacks` names what the server does not
support; a request that uses it is refused without using a step. With `respond` a function makes the steps instead.
"""

import asyncio
import json
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

Json = Any
Lack = Literal[
    "tools",
    "json_schema",
    "json_object",
    "system",
    "stream",
    "stream_options",
    "temperature",
    "max_tokens",
    "max_completion_tokens",
]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request as it arrived."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Json]
    raw: str
    refused: str | None = None

    @property
    def prompt(self) -> str:
        """All messages as one text."""
        return "\n".join(str(message["content"]) for message in self.body["messages"])

    @property
    def tools(self) -> dict[str, Json]:
        """The offered functions by name."""
        return {tool["function"]["name"]: tool["function"] for tool in self.body.get("tools", [])}


class Exchange:
    """The server's side of one request."""

    def __init__(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        self.seen = seen
        self._writer = writer

    @property
    def streaming(self) -> bool:
        return bool(self.seen.body.get("stream"))

    @property
    def wants_usage(self) -> bool:
        return bool((self.seen.body.get("stream_options") or {}).get("include_usage"))

    async def head(self, status: int, content_type: str, headers: Mapping[str, str], length: int | None = None) -> None:
        lines = [f"HTTP/1.1 {status} Scripted", f"Content-Type: {content_type}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if length is not None:
            lines.append(f"Content-Length: {length}")
        await self.send(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def event(self, event: Json) -> None:
        text = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
        await self.send(f"data: {text}\n\n".encode())

    async def body(self, text: str, status: int = 200, content_type: str = "application/json", **headers: str) -> None:
        data = text.encode()
        await self.head(status, content_type, {k.replace("_", "-"): v for k, v in headers.items()}, len(data))
        await self.send(data)

    def reset(self) -> None:
        """Cut the connection with a RST."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


Step = Callable[[Exchange], Coroutine[Any, Any, None]]


def _chunk(delta: Json, finish: str | None = None, **more: Json) -> Json:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **more}


def _whole(message: Json, finish: str | None, usage: tuple[int, int] | None) -> Json:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    answer = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return answer | ({"usage": _usage(usage)} if usage else {})


def _usage(usage: tuple[int, int]) -> Json:
    return {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}


def pieces_of(text: str, size: int = 4) -> list[str]:
    """`text` in pieces as a stream brings it."""
    return [text[at : at + size] for at in range(0, len(text), size)]


def says(
    text: str,
    *,
    finish: str | None = "stop",
    usage: tuple[int, int] | None = (11, 7),
    pieces: Sequence[str] | None = None,
    pause: float = 0.0,
    ends: Literal["done", "without_done", "reset", "cut", "never"] = "done",
) -> Step:
    """Words; `pause` is waited before each piece of a stream and before a whole answer."""

    async def step(exchange: Exchange) -> None:
        if not exchange.streaming:
            await asyncio.sleep(pause)
            await exchange.body(json.dumps(_whole({"content": text}, finish, usage), ensure_ascii=False))
            return
        await exchange.head(200, "text/event-stream", {})
        await exchange.event(_chunk({"role": "assistant", "content": ""}))
        for piece in pieces if pieces is not None else pieces_of(text):
            await asyncio.sleep(pause)
            await exchange.event(_chunk({"content": piece}))
        await _end(exchange, finish, usage, ends)

    return step


async def _end(exchange: Exchange, finish: str | None, usage: tuple[int, int] | None, ends: str) -> None:
    if ends == "reset":
        await asyncio.sleep(0.05)  # let what was said arrive before the connection is cut
        exchange.reset()
        return
    if ends == "cut":
        return
    if finish:
        await exchange.event(_chunk({}, finish))
    if usage and exchange.wants_usage:
        await exchange.event({**_chunk({}), "choices": [], "usage": _usage(usage)})
    if ends == "never":
        await asyncio.Event().wait()
    if ends == "done":
        await exchange.event("[DONE]")


def calls(
    *wanted: tuple[str, Mapping[str, Json] | str],
    text: str | None = None,
    finish: str | None = "tool_calls",
    usage: tuple[int, int] | None = (50, 9),
) -> Step:
    """Tool calls; arguments given as a string are sent as they stand, truncated or malformed."""

    async def step(exchange: Exchange) -> None:
        made = [
            {
                "id": f"call_{at}",
                "type": "function",
                "function": {
                    "name": name,
                    "arguments": given if isinstance(given, str) else json.dumps(given, ensure_ascii=False),
                },
            }
            for at, (name, given) in enumerate(wanted)
        ]
        await exchange.body(json.dumps(_whole({"content": text, "tool_calls": made}, finish, usage)))

    return step


def decides(*wanted: tuple[str, Mapping[str, Json]], usage: tuple[int, int] | None = (50, 9)) -> Step:
    """The same decision in whatever form the request asks for: tools, JSON or the tag."""

    async def step(exchange: Exchange) -> None:
        if exchange.seen.body.get("tools"):
            await calls(*wanted, usage=usage)(exchange)
        elif "#DETECTED_INTENT" in exchange.seen.prompt:
            lines = [f"#DETECTED_INTENT: {name} {json.dumps(given)}" for name, given in wanted]
            await says("\n".join(lines), usage=usage)(exchange)
        else:
            listed = [{"name": name, "arguments": given} for name, given in wanted]
            await says(json.dumps({"calls": listed}, ensure_ascii=False), usage=usage)(exchange)

    return step


def status(
    code: int, message: str = "scripted failure", *, kind: str | None = None, param: str | None = None, **headers: str
) -> Step:
    """An HTTP error with OpenAI's error body."""

    async def step(exchange: Exchange) -> None:
        error = {"message": message, "type": "scripted", "param": param, "code": kind}
        await exchange.body(json.dumps({"error": error}), code, **headers)

    return step


def answers(text: str, *, code: int = 200, content_type: str = "application/json") -> Step:
    """Any body at all."""

    async def step(exchange: Exchange) -> None:
        await exchange.body(text, code, content_type)

    return step


def events(*sent: Json, ends: Literal["done", "without_done"] = "done") -> Step:
    """Any server-sent events at all; a string is sent as it stands."""

    async def step(exchange: Exchange) -> None:
        await exchange.head(200, "text/event-stream", {})
        for event in sent:
            await exchange.event(event)
        if ends == "done":
            await exchange.event("[DONE]")

    return step


def never_answers() -> Step:
    """Takes the request and says nothing."""

    async def step(exchange: Exchange) -> None:
        await asyncio.Event().wait()

    return step


def keeps_alive(every: float = 0.1) -> Step:
    """A stream of comments without an end."""

    async def step(exchange: Exchange) -> None:
        await exchange.head(200, "text/event-stream", {})
        while True:
            await exchange.send(b": keep-alive\n\n")
            await asyncio.sleep(every)

    return step


def endless(piece: str = "more ", every: float = 0.0) -> Step:
    """An answer that never ends."""

    async def step(exchange: Exchange) -> None:
        if exchange.streaming:
            await exchange.head(200, "text/event-stream", {})
        else:
            await exchange.head(200, "application/json", {})
            await exchange.send(b'{"choices": [{"message": {"role": "assistant", "content": "')
        while True:
            if exchange.streaming:
                await exchange.event(_chunk({"content": piece}))
            else:
                await exchange.send(piece.encode())
            await asyncio.sleep(every)

    return step


def dribbles(text: str = '{"choices": []}', every: float = 0.1) -> Step:
    """A body that comes one byte at a time."""

    async def step(exchange: Exchange) -> None:
        await exchange.head(200, "application/json", {}, 10_000)
        for byte in text.ljust(10_000):
            await exchange.send(byte.encode())
            await asyncio.sleep(every)

    return step


def resets() -> Step:
    """Cuts the connection before a byte of the answer."""

    async def step(exchange: Exchange) -> None:
        exchange.reset()

    return step


def hangs_up() -> Step:
    """Closes the connection in the middle of a body."""

    async def step(exchange: Exchange) -> None:
        await exchange.head(200, "application/json", {}, 1000)
        await exchange.send(b'{"choices": [{"mess')

    return step


_USES: Mapping[Lack, Callable[[Mapping[str, Json]], bool]] = {
    "tools": lambda body: bool(body.get("tools")),
    "json_schema": lambda body: (body.get("response_format") or {}).get("type") == "json_schema",
    "json_object": lambda body: (body.get("response_format") or {}).get("type") == "json_object",
    "system": lambda body: any(message["role"] in {"system", "developer"} for message in body["messages"]),
    "stream": lambda body: bool(body.get("stream")),
    "stream_options": lambda body: "stream_options" in body,
    "temperature": lambda body: "temperature" in body,
    "max_tokens": lambda body: "max_tokens" in body,
    "max_completion_tokens": lambda body: "max_completion_tokens" in body,
}
_REFUSALS: Mapping[Lack, str] = {
    "tools": '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
    "json_schema": "This response_format type is unavailable now",
    "json_object": "JSON mode is not supported by this model: json_object",
    "system": "System role not supported",
    "stream": "streaming is not supported for this model",
    "stream_options": "body.stream_options: Extra inputs are not permitted",
    "temperature": "Unsupported value: 'temperature' does not support 0.7 with this model.",
    "max_tokens": "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
    "max_completion_tokens": "body.max_completion_tokens: Extra inputs are not permitted",
}


@dataclass
class ScriptedOpenAI:
    """The running server."""

    steps: list[Step] = field(default_factory=list)
    lacks: set[Lack] = field(default_factory=set)
    respond: Callable[[Seen], Step] | None = None
    requests: list[Seen] = field(default_factory=list)
    """Every request, refused ones too."""
    surplus: int = 0
    url: str = ""

    def script(self, *steps: Step) -> None:
        """Add steps."""
        self.steps.extend(steps)

    def check(self) -> None:
        """Fail on a surplus call and on an unused step."""
        assert self.surplus == 0, f"{self.surplus} calls more than the script has steps"
        assert not self.steps, f"{len(self.steps)} steps of the script were not used"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and close."""
        try:
            seen = await self._read(reader)
            step = self._next(seen)
            async with asyncio.TaskGroup() as group:
                answering = group.create_task(step(Exchange(seen, writer)))
                watching = group.create_task(_gone(reader, answering))
                answering.add_done_callback(lambda _: watching.cancel())
        except* (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the caller has gone, or the server closes in the middle of a step
        finally:
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> Seen:
        first = await reader.readexactly(1)
        if not first.isalpha():
            raise ConnectionError("not HTTP; a TLS greeting, for instance")
        head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        raw = (await reader.readexactly(int(headers.get("content-length", 0)))).decode()
        body = json.loads(raw)
        lack = next((lack for lack in sorted(self.lacks) if _USES[lack](body)), None)
        seen = Seen(path=head[0].split()[1], headers=headers, body=body, raw=raw, refused=lack)
        self.requests.append(seen)
        return seen

    def _next(self, seen: Seen) -> Step:
        if seen.refused:
            return status(400, _REFUSALS[seen.refused])
        if self.respond is not None:
            return self.respond(seen)
        if self.steps:
            return self.steps.pop(0)
        self.surplus += 1
        return status(418, "the script has no step left")


async def _gone(reader: asyncio.StreamReader, answering: asyncio.Task[None]) -> None:
    """Stop answering when the caller hangs up."""
    with suppress(ConnectionError):
        while await reader.read(1024):
            pass
    answering.cancel()


@contextmanager
def serving_openai(
    *steps: Step, lacks: Sequence[Lack] = (), respond: Callable[[Seen], Step] | None = None
) -> Iterator[ScriptedOpenAI]:
    """A running server on a free port of loopback; at the end its script must be used up."""
    server = ScriptedOpenAI(steps=list(steps), lacks=set(lacks), respond=respond)
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def run() -> None:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
        ready.set()
        try:
            await asyncio.Event().wait()
        finally:
            listening.close()

    def work() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(main)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()

    main = loop.create_task(run())
    thread = threading.Thread(target=work, name="scripted-openai", daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(main.cancel)
        thread.join(10)
    server.check()


def closed_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
