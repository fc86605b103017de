"""Turns messages and tools into one request, in the shape a backend supports."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from pydantic import JsonValue

from config.prompts import with_functions
from models.wire import Wire

Messages = Sequence[Mapping[str, str]]
Tools = Sequence[Mapping[str, JsonValue]]


@dataclass(frozen=True, kw_only=True)
class Request:
    """Messages and options of one call."""

    messages: list[dict[str, str]]
    options: dict[str, JsonValue] = field(default_factory=dict)


def plain_request(wire: Wire, messages: Messages, *, max_tokens: int, temperature: float) -> Request:
    """A request for words."""
    return Request(messages=_portable(wire, messages), options=_options(wire, max_tokens, temperature))


def decision_request(
    wire: Wire, messages: Messages, tools: Tools, *, max_tokens: int, forms: Mapping[str, str] = {}
) -> Request:
    """A request for tool calls, in the wire's mode; `forms` words it anew where it is one of text."""
    options = _options(wire, max_tokens, temperature=0.0)
    if wire.mode == "tools":
        options |= {"tools": [dict(tool) for tool in tools], "tool_choice": "auto"}
        return Request(messages=_portable(wire, messages), options=options)
    extra = options.get("extra_body")
    body = dict(extra) if isinstance(extra, dict) else {}
    if wire.mode == "json_schema":
        schema: JsonValue = {"name": "calls", "schema": calls_schema(tools), "strict": False}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif wire.mode == "json_object":
        body["response_format"] = {"type": "json_object"}
    # In extra_body, because the client library parses what it knows as response_format and raises on a cut answer.
    options["extra_body"] = body
    told = [*messages, {"role": "system", "content": _instructions(wire, tools, forms)}]
    return Request(messages=_portable(wire, told), options=options)


def tool_names(tools: Tools) -> list[str]:
    """What the tools are called."""
    return [str(_function(tool).get("name")) for tool in tools]


def calls_schema(tools: Tools) -> dict[str, JsonValue]:
    """The JSON Schema of an object that lists calls of `tools`."""
    choices: list[JsonValue] = [
        {
            "type": "object",
            "properties": {
                "name": {"type": "string", "enum": [_function(tool).get("name")]},
                "arguments": _function(tool).get("parameters") or {"type": "object"},
            },
            "required": ["name", "arguments"],
        }
        for tool in tools
    ]
    calls: JsonValue = {"type": "array", "items": {"anyOf": choices}, "maxItems": 6}
    return {"type": "object", "properties": {"calls": calls}, "required": ["calls"]}


def _options(wire: Wire, max_tokens: int, temperature: float) -> dict[str, JsonValue]:
    options: dict[str, JsonValue] = {}
    if wire.max_completion_tokens:
        options["max_tokens"] = max_tokens  # the client library sends it as max_completion_tokens
    if wire.max_tokens:
        options["extra_body"] = {"max_tokens": max_tokens}
    if wire.temperature:
        options["temperature"] = temperature
    return options


def _function(tool: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    function = tool.get("function")
    return function if isinstance(function, dict) else tool


def _instructions(wire: Wire, tools: Tools, forms: Mapping[str, str]) -> str:
    lines = "\n".join(_line(_function(tool)) for tool in tools)
    form = "tagged" if wire.mode == "tagged" else "json"
    return with_functions(forms.get(form) or _prompt(form), lines)


@cache
def _prompt(name: str) -> str:
    return files("models").joinpath("prompts", f"{name}.md").read_text(encoding="utf-8").strip()


def _line(function: Mapping[str, JsonValue]) -> str:
    parameters = function.get("parameters")
    properties = parameters.get("properties") if isinstance(parameters, dict) else None
    told = json.dumps(properties or {}, ensure_ascii=False, separators=(",", ":"))
    return f"- {function.get('name')}: {function.get('description', '')} arguments: {told}"


def _portable(wire: Wire, messages: Messages) -> list[dict[str, str]]:
    """One system message first, then customer and assistant in turn: what every chat template accepts."""
    system = "\n\n".join(message["content"] for message in messages if message["role"] == "system")
    told: list[dict[str, str]] = []
    for message in messages:
        if message["role"] == "system":
            continue
        if told and told[-1]["role"] == message["role"]:
            told[-1] = {**told[-1], "content": f"{told[-1]['content']}\n\n{message['content']}"}
        else:
            told.append({"role": message["role"], "content": message["content"]})
    if not system:
        return told
    if wire.system_role:
        return [{"role": "system", "content": system}, *told]
    if told and told[0]["role"] == "user":
        return [{"role": "user", "content": f"{system}\n\n{told[0]['content']}"}, *told[1:]]
    return [{"role": "user", "content": system}, *told]
