"""What a model can do wrong when it reads a message, and what comes of it: one table, tested and printed."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from config.versions import Version
from dialogue.commands import Command
from models.chat import open_language_model
from tests.openai_server import (
    Lack,
    Seen,
    Step,
    answers,
    calls,
    closed_port,
    decides,
    hangs_up,
    never_answers,
    resets,
    says,
    serving_openai,
    status,
)
from tests.understanding_llm.bank import asking, bank, said
from understanding.hybrid import HybridUnderstanding
from understanding.llm import LLMUnderstanding
from understanding.port import Situation, Understood

SECONDS: Final = 1.0
"""What a reading may take here; ten in service."""
MESSAGE: Final = "yarın 500 lira gönder"
AMOUNT: Final = {"value": 500, "quote": "500 lira"}
ASKED: Final = ("send_money", {"amount": AMOUNT})
READ: Final = "start send_money · fill amount=500"
STARTED: Final = "start send_money"
FALLBACK: Final = "embedded engine: start balance"
"""What serves where the model's reading cannot."""


@dataclass(frozen=True)
class Fault:
    """One fault: what the server does, and what must come of the message."""

    name: str
    steps: Sequence[Step]
    comes: str
    failure: str | None = None
    lacks: tuple[Lack, ...] = ()
    message: str = MESSAGE
    under_way: str | None = None


@dataclass(frozen=True, kw_only=True)
class Came:
    """What came of it."""

    comes: str
    failure: str | None
    notices: tuple[str, ...]
    requests: int
    again: int | None
    """Requests the next message takes: what was found is remembered."""
    ms: float


def raw(message: object, finish: str = "stop") -> Step:
    return answers(json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": finish}]}))


def _echo(seen: Seen) -> Step:
    return says(seen.prompt)


async def _tells_its_prompt(exchange: Any) -> None:
    await _echo(exchange.seen)(exchange)


def sent(arguments: dict[str, Any] | str, finish: str = "tool_calls") -> Step:
    return calls(("send_money", arguments), finish=finish)


REFUSED, SOME = "refused:by_the_model", "start balance · start send_money · start card · person · repeat"
BOTH = f"{READ} · fill note=500 lira"
OBJECT = {"name": "send_money", "arguments": {"amount": AMOUNT}}
THOUGHT = '<think>{"a"</think>{"calls": [{"name": "send_money"}]}'
TOO_LONG = status(400, "maximum context length is 300 tokens")
TWICE: Final[Sequence[Step]] = [decides(ASKED)] * 2
NO_JSON: Final[tuple[Lack, ...]] = ("tools", "json_schema", "json_object")
_CUT = '{"amount": {"value": 500, "quote": "500 li'
_OTHERS = ("send_money", "card", "person", "repeat", "undo")
_FLOOD: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in ["balance"] * 25 + [*_OTHERS] * 5]

FAULTS: Final[Sequence[Fault]] = (
    Fault("none: the model reads rightly", [calls(ASKED)], READ),
    # --- what it answers
    Fault("empty answer", [says("")], FALLBACK, "invalid:empty"),
    Fault("refusal", [raw({"refusal": "I can't."})], FALLBACK, REFUSED),
    Fault("content filter", [says("", finish="content_filter")], FALLBACK, REFUSED),
    Fault("words instead of a call, twice", [says("Of course!"), says("Sure!")], FALLBACK, "invalid:no_form"),
    Fault("another language's words", [says("好的，马上为您转账。"), says("好的。")], FALLBACK, "invalid:no_form"),
    Fault("repeats its prompt", [_tells_its_prompt] * 2, FALLBACK),
    Fault("not JSON", [answers("<html>busy</html>")] * 2, FALLBACK, "invalid:unreadable"),
    Fault("cut off in its arguments", [sent(_CUT, "length")], FALLBACK, "incomplete:length"),
    # --- what it calls
    Fault("arguments cut off, unsaid", [sent(_CUT)], STARTED),
    Fault("arguments with single quotes", [sent("{'amount': 500}")], STARTED),
    Fault("arguments a list", [sent("[500]")], STARTED),
    Fault("arguments as an object", [raw({"tool_calls": [{"function": OBJECT}]})], READ),
    Fault("unknown tool alone", [calls(("steal_money", {"amount": 500}))], FALLBACK),
    Fault("unknown tool beside a known one", [calls(("steal_money", {}), ASKED)], READ),
    Fault("unknown argument", [sent({"amount": AMOUNT, "password": "500"})], READ),
    Fault("slot of another intent", [sent({"kind": {"value": "gold", "quote": "lira"}})], STARTED),
    Fault("wrong type", [sent({"amount": {"value": ["x"], "quote": "gönder"}})], STARTED),
    Fault("a value that was not said", [sent({"amount": {"value": 900, "quote": "900 lira"}})], STARTED),
    Fault("a value without a quote, that was said", [sent({"amount": 500})], READ),
    Fault("another value than its quote", [sent({"amount": {"value": 5000, "quote": "500 lira"}})], READ),
    Fault("NaN", [sent('{"amount": {"value": NaN, "quote": "gönder"}}')], STARTED),
    Fault("the word None", [sent({"note": "None", "day": "null"})], STARTED),
    Fault("50 calls", [calls(*_FLOOD)], SOME),
    Fault("the same call twice", [calls(ASKED, ASKED)], READ),
    Fault("two slots of one span", [sent({"amount": AMOUNT, "note": "500 lira"})], BOTH),
    Fault("begins again what is under way", [calls(ASKED)], "fill amount=500", under_way="send_money"),
    Fault("an answer to nothing that was asked", [calls(("affirm", {}))], FALLBACK),
    # --- what it cannot do: found once, then remembered
    Fault("no tools (400)", TWICE, READ, lacks=("tools",)),
    Fault("no tools, no JSON schema", TWICE, READ, lacks=("tools", "json_schema")),
    Fault("no tools, no JSON mode at all", TWICE, READ, lacks=NO_JSON),
    Fault("no system role", TWICE, READ, lacks=("system",)),
    Fault("no temperature, no max_tokens", TWICE, READ, lacks=("temperature", "max_tokens")),
    Fault("tools dropped without a word", [says("Of course!"), decides(ASKED)] * 2, READ),
    Fault("thoughts beside its call", [says(THOUGHT)], STARTED),
    Fault("the tag of A13", [says("Tamam.\n#DETECTED_INTENT: send_money\nassistant")], STARTED),
    Fault("no usage", [calls(ASKED, usage=None)], READ),
    # --- when it is not there
    Fault("wrong key", [status(401)], FALLBACK, "refused:http_401"),
    Fault("429 always", [status(429)] * 2, FALLBACK, "unavailable:http_429"),
    Fault("500 once", [status(500), calls(ASKED)], READ),
    Fault("500 always", [status(500)] * 2, FALLBACK, "unavailable:http_500"),
    Fault("reset", [resets()] * 2, FALLBACK, "unavailable:connection"),
    Fault("hangs up in mid-answer", [hangs_up()] * 2, FALLBACK, "unavailable:connection"),
    Fault("never answers", [never_answers()], FALLBACK, "timeout:deadline"),
    Fault("nobody there", (), FALLBACK, "unavailable:connection"),
    Fault("a prompt too long for it", [TOO_LONG, calls(ASKED)], READ),
)  # fmt: skip


class Embedded:
    """An embedded engine that is never sure, and thinks the balance is meant."""

    async def prepare(self, version: Version) -> None:
        """Nothing to train."""

    async def understand(self, version: Version, situation: Situation) -> Understood:
        return Understood(commands=({"command": "start", "intent": "balance"},), certainty=0.3)


async def come(fault: Fault) -> Came:
    """Put the fault's message to a hybrid whose model has it."""
    with serving_openai(*fault.steps, lacks=fault.lacks) as server:
        url = server.url if fault.steps else f"http://127.0.0.1:{closed_port()}/v1"
        model = open_language_model(model="m", base_url=url)
        assert model is not None
        engine = HybridUnderstanding(Embedded(), LLMUnderstanding(model, seconds=SECONDS))
        begun = time.perf_counter()
        version, situation = bank(understanding="llm"), _situation(fault)
        understood = await engine.understand(version, situation)
        ms = (time.perf_counter() - begun) * 1000
        requests, again = len(server.requests), None
        if server.steps:
            await engine.understand(version, situation)
            again = len(server.requests) - requests
        await model.aclose()
    return Came(
        comes=_told(understood),
        failure=understood.models[0]["failure"],
        notices=understood.notices,
        requests=requests,
        again=again,
        ms=ms,
    )


def _situation(fault: Fault) -> Situation:
    if fault.under_way is None:
        return said(fault.message)
    return said(fault.message, intent=fault.under_way, open=asking("amount"))


def _told(understood: Understood) -> str:
    told = " · ".join(_short(command) for command in understood.commands)
    return f"embedded engine: {told}" if understood.engine == "hybrid:embedded" else told


def _short(command: Command) -> str:
    if command["command"] == "start":
        return f"start {command['intent']}"
    if command["command"] == "fill":
        value = command["value"]
        return f"fill {command['slot']}={value['amount'] if isinstance(value, dict) else value}"
    return command["command"]
