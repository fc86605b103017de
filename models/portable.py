"""ChatOpenAI for servers that are only nearly compatible: what they answer is put into OpenAI's form and then read.

Expected: `tool_calls` is a list whose arguments are a string of JSON. In fact servers also send arguments as an object,
as JSON within JSON or as null, leave out ids and types, send one call instead of a list, a call without its
`function`, or the older `function_call`. The library raises on some of these and loses the whole answer.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import openai
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI
from pydantic import JsonValue

from models.fragments import FRAGMENTS


class PortableChatOpenAI(ChatOpenAI):
    """ChatOpenAI that reads what compatible servers really send."""

    def _create_chat_result(
        self,
        response: dict[str, Any] | openai.BaseModel,
        generation_info: dict[str, Any] | None = None,
    ) -> ChatResult:
        plain = response.model_dump(warnings=False) if isinstance(response, openai.BaseModel) else response
        messages = list(_messages(plain))
        for message in messages:
            _make_portable(message)
        result = super()._create_chat_result(plain, generation_info)
        for generation, message in zip(result.generations, messages, strict=False):
            if message.get("refusal") and isinstance(generation.message, AIMessage):
                generation.message.additional_kwargs["refusal"] = message["refusal"]
        return result

    def _convert_chunk_to_generation_chunk(
        self,
        chunk: dict[str, Any],
        default_chunk_class: type,
        base_generation_info: dict[str, Any] | None,
    ) -> ChatGenerationChunk | None:
        # Taken out before the library sees them: it tries to mend each fragment, which takes it minutes for a long one.
        fragments = _take_fragments(chunk)
        converted = super()._convert_chunk_to_generation_chunk(chunk, default_chunk_class, base_generation_info)
        if converted is not None and fragments:
            converted.message.additional_kwargs[FRAGMENTS] = json.dumps(fragments)
        return converted


def portable_calls(given: JsonValue) -> list[JsonValue]:
    """Tool calls in OpenAI's form, whatever form they came in; what is no call is left out."""
    listed = given if isinstance(given, list) else [given]
    calls: list[JsonValue] = []
    for at, call in enumerate(listed):
        function = (call.get("function") or call) if isinstance(call, dict) else None
        if not isinstance(call, dict) or not isinstance(function, dict):
            continue
        named = function.get("name")
        name = named if isinstance(named, str) else ""
        arguments = portable_arguments(function.get("arguments") or function.get("parameters"))
        calls.append(
            {
                "id": str(call.get("id") or f"call_{at}"),
                "type": "function",
                "function": {"name": name, "arguments": arguments},
            }
        )
    return calls


def portable_arguments(given: JsonValue) -> str:
    """Arguments as a string that holds a JSON object; a string that is cut off or malformed is left as it is."""
    for _ in range(2):
        if not isinstance(given, str) or not given.strip():
            break
        try:
            inner = json.loads(given, strict=False)
        except (ValueError, RecursionError):
            return given
        given = inner
    return json.dumps(given, ensure_ascii=False) if isinstance(given, dict) else "{}"


def _take_fragments(chunk: Mapping[str, Any]) -> list[JsonValue]:
    """The fragments of calls in a streamed chunk, which loses them."""
    choices = chunk.get("choices")
    delta = choices[0].get("delta") if isinstance(choices, list) and choices and isinstance(choices[0], dict) else None
    if not isinstance(delta, dict):
        return []
    given = delta.pop("tool_calls", None) or []
    return [part for part in (given if isinstance(given, list) else [given]) if isinstance(part, dict)]


def _messages(answer: object) -> Iterator[dict[str, Any]]:
    choices = answer.get("choices") if isinstance(answer, Mapping) else None
    for choice in choices if isinstance(choices, list) else ():
        message = choice.get("message") if isinstance(choice, dict) else None
        if isinstance(message, dict):
            yield message


def _make_portable(message: dict[str, Any]) -> None:
    message["role"] = "assistant"
    older = message.pop("function_call", None)
    calls = message.get("tool_calls") or older
    if calls:
        message["tool_calls"] = portable_calls(calls)
    if isinstance(message.get("content"), dict):
        message["content"] = json.dumps(message["content"], ensure_ascii=False)
