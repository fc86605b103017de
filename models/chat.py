"""The one guarded edge to a chat model: an OpenAI-compatible server behind ChatOpenAI.

Whatever the server does, a caller gets a Completion whose failure is named; nothing is raised for it, nothing runs
past the deadline, and no key, prompt or answer reaches a log. It knows nothing of intents or of the dialogue.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Final, Literal
from urllib.parse import urlsplit

import httpx2
import structlog
from langchain_core.messages import AIMessage
from pydantic import SecretStr

from models.breaker import Breaker
from models.decisions import Decision, ending, read_decision
from models.failures import Trouble, TroubleError
from models.line import Line
from models.memory import WireMemory
from models.ports import Completion
from models.records import Record
from models.replies import clean_reply
from models.requests import Messages, Request, Tools, decision_request, plain_request, tool_names
from models.streams import ReplyStream
from models.transport import open_http_client
from models.wire import Mode, Wire, step_down

OPENAI_URL: Final = "https://api.openai.com/v1"
_MOST_STEPS: Final = 8
"""Requests one question may cost while a backend's gaps are still unknown."""
_MISSES: Final = 2
"""Answers in the wrong form, in a mode that never worked, until it is given up."""
_log = structlog.get_logger(__name__)

Purpose = Literal["decide", "complete", "stream"]
Shape = Callable[[Wire], Request]
"""What is asked, in the form of a wire."""


def open_language_model(
    *,
    model: str | None,
    api_key: str | None = None,
    base_url: str | None = None,
    temperature: float = 0.7,
    timeout: float = 30.0,
    max_concurrency: int = 16,
    decision_tokens: int = 2048,
    breaker: Breaker | None = None,
    memory: WireMemory | None = None,
) -> "ChatModel | None":
    """A model behind its guards; None where no model is named, or there is neither a key nor a server of one's own.

    Several models of one backend may share a `breaker`; `memory` holds what earlier ones found out. Builds TLS
    contexts and reads a file: call it at start, not in a turn.
    """
    if not model or not (api_key or base_url):
        return None
    url = base_url or OPENAI_URL
    host = urlsplit(url).hostname
    if urlsplit(url).scheme not in {"http", "https"} or not host:
        raise ValueError(f"the model's base URL (host {host!r}) must begin with http:// or https://")
    line = _open_line(
        model=model, api_key=api_key or "none", url=url, timeout=timeout, most=max_concurrency, breaker=breaker
    )
    # OpenAI itself refuses max_tokens beside max_completion_tokens; everyone else may know only the older one.
    wire = Wire(max_tokens=host != urlsplit(OPENAI_URL).hostname)
    memory = memory or WireMemory()
    known = memory.recall(url, model)
    return ChatModel(
        name=model,
        line=line,
        wire=wire if known is None else wire.met(known.wire),
        proven=set() if known is None else set(known.proven),
        keep=partial(memory.keep, url, model),
        temperature=temperature,
        timeout=timeout,
        decision_tokens=decision_tokens,
    )


def _open_line(*, model: str, api_key: str, url: str, timeout: float, most: int, breaker: Breaker | None) -> Line:
    from models.portable import PortableChatOpenAI  # 0.5 s and 30 MB that a service without a model is spared

    # Where nothing is encrypted an empty context does: it trusts no one, and loading the authorities takes 0.1 s.
    tls = httpx2.create_ssl_context() if url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client = open_http_client(api_key=api_key, timeout=timeout, verify=tls)
    build = partial(
        PortableChatOpenAI,
        model=model,
        api_key=SecretStr(api_key),
        base_url=url,
        http_async_client=client,
        http_client=httpx2.Client(verify=tls),
        max_retries=0,
        use_responses_api=False,
        stream_chunk_timeout=None,
        cache=False,
    )
    # Without disable_streaming a call turns into a stream wherever LangChain's events are listened to.
    whole, streaming = build(disable_streaming=True), build()
    return Line(whole=whole, streaming=streaming, client=client, breaker=breaker or Breaker(), most=most)


class ChatModel:
    """A LanguageModel over one OpenAI-compatible backend, which learns what the backend supports."""

    def __init__(
        self,
        *,
        name: str,
        line: Line,
        wire: Wire,
        proven: set[Mode],
        keep: Callable[[Wire, set[Mode]], None],
        temperature: float,
        timeout: float,
        decision_tokens: int,
    ) -> None:
        self._name = name
        self._line = line
        self._wire = wire
        self._temperature = temperature
        self._timeout = timeout
        self._decision_tokens = decision_tokens
        self._proven = proven
        self._keep = keep
        self._misses: Counter[Mode] = Counter()

    def __repr__(self) -> str:
        return f"ChatModel({self._name!r})"

    @property
    def name(self) -> str:
        """The model's name, for diagnostics."""
        return self._name

    @property
    def mode(self) -> Mode:
        """How decisions are asked for at present."""
        return self._wire.mode

    async def aclose(self) -> None:
        """Close the connections."""
        await self._line.aclose()

    async def decide(
        self,
        messages: Messages,
        tools: Tools,
        *,
        purpose: str,
        deadline: float | None,
        forms: Mapping[str, str] = {},
    ) -> Completion:
        """Let the model choose among `tools`, in the best mode it supports; never streamed."""
        record = Record(self._name, purpose, messages, self._until(deadline))
        asked = partial(decision_request, messages=messages, tools=tools, max_tokens=self._decision_tokens, forms=forms)
        names = tool_names(tools)
        decision, wire = await self._decide(asked, names, self._wire, record)
        if decision.beside_the_form and wire.mode not in self._proven:
            decision, wire = await self._second_opinion(asked, names, decision, wire, record)
            if decision.beside_the_form and not decision.calls:
                # It kept to no form it was asked in: its words are not the silence of a model that can call.
                decision = replace(decision, trouble=decision.trouble or Trouble(kind="invalid", detail="no_form"))
        return record.completion(wire.mode, decision.trouble, calls=decision.calls, text=decision.text)

    async def complete(
        self, messages: Messages, *, purpose: str, deadline: float | None, max_tokens: int = 512
    ) -> Completion:
        """Plain text, not streamed."""
        record = Record(self._name, purpose, messages, self._until(deadline))
        shape = partial(plain_request, messages=messages, max_tokens=max_tokens, temperature=self._temperature)
        answer, _ = await self._settle(shape, self._wire, "complete", record)
        if isinstance(answer, Trouble):
            return record.completion("text", answer)
        text = clean_reply(answer.text)[: max_tokens * 12]
        trouble = ending(answer) or (None if text else Trouble(kind="invalid", detail="empty"))
        return record.completion("text", trouble, text=text)

    async def stream(
        self, messages: Messages, *, purpose: str, deadline: float | None, max_tokens: int = 1024
    ) -> AsyncIterator[str | Completion]:
        """Pieces of text, and last one Completion with the whole text and the usage (or the failure)."""
        record = Record(self._name, purpose, messages, self._until(deadline))
        opened = await self._open(messages, record, max_tokens) if self._wire.streaming else None
        if opened is None:
            done = await self.complete(messages, purpose=purpose, deadline=record.until, max_tokens=max_tokens)
            if done.text:
                yield done.text
            yield done
            return
        if isinstance(opened, Trouble):
            yield record.completion("stream", opened)
            return
        stream, piece = opened
        trouble = None
        try:
            while piece:
                yield piece
                piece, trouble = await _next_piece(stream)
        finally:
            await stream.close()
        record.count(stream.usage, stream.text)
        yield record.completion("stream", trouble or _stream_ending(stream), text=stream.text)

    def _until(self, deadline: float | None) -> float:
        latest = asyncio.get_running_loop().time() + self._timeout
        return latest if deadline is None else min(deadline, latest)

    async def _decide(self, shape: Shape, names: Collection[str], wire: Wire, record: Record) -> tuple[Decision, Wire]:
        answer, wire = await self._settle(shape, wire, "decide", record)
        if isinstance(answer, Trouble):
            return Decision(trouble=answer), wire
        decision = read_decision(answer, wire.mode, names)
        if decision.as_asked and wire.mode not in self._proven:
            self._proven.add(wire.mode)
            self._remember()
        return decision, wire

    async def _second_opinion(
        self, shape: Shape, names: Collection[str], first: Decision, wire: Wire, record: Record
    ) -> tuple[Decision, Wire]:
        """The model answered beside the form in a mode that never worked: many servers drop tools without a word."""
        lower = wire.lower()
        if lower is None:
            return first, wire
        if first.calls:
            self._learn(lower)
            return first, wire
        second, lower = await self._decide(shape, names, lower, record)
        self._misses[wire.mode] += 1
        if self._misses[wire.mode] >= _MISSES:
            self._learn(lower)
        better = second.as_asked or (first.trouble is not None and second.trouble is None)
        return (second, lower) if better else (first, wire)

    async def _settle(
        self, shape: Shape, wire: Wire, purpose: Purpose, record: Record
    ) -> tuple[AIMessage | Trouble, Wire]:
        """Ask, leaving out what the backend refuses, until it answers or fails for another reason."""
        trouble = Trouble(kind="refused", detail="no_common_form")
        refused = False
        for _ in range(_MOST_STEPS):
            try:
                answer = await self._line.ask(shape(wire), record.until, whole=wire.whole)
            except TroubleError as error:
                trouble = error.trouble
            else:
                if refused:
                    self._learn(wire)
                record.count(answer.usage_metadata, f"{answer.text}{answer.tool_calls or ''}")
                return answer, wire
            lower = step_down(wire, trouble, purpose=purpose, proven=wire.mode in self._proven)
            if lower is None:
                break
            wire, refused = lower, True
        return trouble, wire

    async def _open(
        self, messages: Messages, record: Record, max_tokens: int
    ) -> tuple[ReplyStream, str] | Trouble | None:
        """A stream with its first piece; None where the backend cannot stream."""
        wire = self._wire
        trouble = Trouble(kind="refused", detail="no_common_form")
        for _ in range(_MOST_STEPS):
            request = plain_request(wire, messages, max_tokens=max_tokens, temperature=self._temperature)
            try:
                opened = await self._line.open_stream(
                    request, record.until, usage=wire.stream_usage, max_tokens=max_tokens
                )
            except TroubleError as error:
                trouble = error.trouble
            else:
                self._learn(wire)
                return opened
            lower = step_down(wire, trouble, purpose="stream", proven=False)
            if lower is None:
                break
            wire = lower
            if not wire.streaming:
                self._learn(wire)
                return None
        return trouble

    def _learn(self, wire: Wire) -> None:
        met = self._wire.met(wire)
        if met != self._wire:
            _log.info("model_shape_learned", model=self._name, mode=met.mode, shape=str(met))
            self._wire = met
            self._remember()

    def _remember(self) -> None:
        """Write what was learnt, off the loop; a turn does not wait for it."""
        asyncio.get_running_loop().run_in_executor(None, self._keep, self._wire, set(self._proven))


async def _next_piece(stream: ReplyStream) -> tuple[str, Trouble | None]:
    """The next piece, empty at the end; and what ended it."""
    try:
        return await stream.piece() or "", None
    except TroubleError as error:
        return "", error.trouble


def _stream_ending(stream: ReplyStream) -> Trouble | None:
    if stream.finish_reason is None:
        return Trouble(kind="incomplete", detail="no_end")
    if stream.finish_reason == "length":
        return Trouble(kind="incomplete", detail="length")
    if stream.finish_reason == "content_filter":
        return Trouble(kind="refused", detail="by_the_model")
    return None if stream.text else Trouble(kind="invalid", detail="empty")
