"""A whole answer put together from a stream, for backends that give it no other way.

The library turns arguments that were cut off into valid ones while it streams; here fragments are only joined, and
what they come to is read as strictly as an answer that came whole.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Final

from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata
from pydantic import JsonValue

from models.answers import whole_object
from models.failures import Trouble, TroubleError

FRAGMENTS: Final = "fragments"
"""Where a chunk carries its fragments of calls, as JSON."""
LONGEST: Final = 200_000
"""Characters of one answer; a decision needs a few thousand."""
_MOST_CALLS: Final = 50


class _Call:
    """One call while its fragments arrive."""

    def __init__(self, place: int | None, id_: str) -> None:
        self.place = place
        self.id = id_
        self.name = ""
        self.arguments = ""


class Fragments:
    """Joins the chunks of one streamed answer."""

    def __init__(self) -> None:
        self._text = ""
        self._size = 0
        self._calls: list[_Call] = []
        self._usage: UsageMetadata | None = None
        self._finish: str | None = None

    def add(self, chunk: AIMessage) -> None:
        """Take one chunk; raises TroubleError where the answer grows without end."""
        self._text += chunk.text
        self._size += len(chunk.text)
        for part in json.loads(chunk.additional_kwargs.get(FRAGMENTS, "[]")):
            self._take(part)
        if self._size > LONGEST or len(self._calls) > _MOST_CALLS:
            raise TroubleError(Trouble(kind="invalid", detail="too_long"))
        self._usage = chunk.usage_metadata or self._usage
        self._finish = chunk.response_metadata.get("finish_reason") or self._finish

    def message(self) -> AIMessage:
        """The answer; raises TroubleError for a stream that just stopped."""
        if self._finish is None:
            raise TroubleError(Trouble(kind="unavailable", detail="no_end", transient=True))
        message = AIMessage(content=self._text, response_metadata={"finish_reason": self._finish})
        for call in self._calls:
            given = whole_object(call.arguments) or {}
            message.tool_calls.append({"name": call.name, "args": given, "id": call.id, "type": "tool_call"})
        message.usage_metadata = self._usage
        return message

    def _take(self, part: Mapping[str, JsonValue]) -> None:
        inner = part.get("function")
        function: Mapping[str, JsonValue] = inner if isinstance(inner, dict) else part
        index = part.get("index")
        place = index if isinstance(index, int) else None
        id_, name = _words(part.get("id")), _words(function.get("name"))
        call = self._known(place, id_, name)
        if call is None:
            call = _Call(place, id_)
            self._calls.append(call)
        # OpenAI sends the name once and whole; others repeat it with every fragment.
        call.name = call.name or name
        given = function.get("arguments")
        fragment = given if isinstance(given, str) else json.dumps(given) if given else ""
        call.arguments += fragment
        self._size += len(fragment)

    def _known(self, place: int | None, id_: str, name: str) -> _Call | None:
        """The call a fragment belongs to, None where it begins one; some servers count every call as the first."""
        same = next((call for call in self._calls if id_ and call.id == id_), None)
        if same is not None or (id_ and name):
            return same
        return next((call for call in reversed(self._calls) if place is None or call.place == place), None)


def _words(given: JsonValue) -> str:
    return given if isinstance(given, str) else ""


async def gather(chunks: AsyncIterator[AIMessage], until: float) -> AIMessage:
    """The whole answer of a stream; raises TroubleError, and TimeoutError where it goes on past `until`."""
    fragments = Fragments()
    loop = asyncio.get_running_loop()
    async for chunk in chunks:
        # A stream that always has something buffered never lets the timeout's callback run.
        if loop.time() > until:
            raise TimeoutError
        fragments.add(chunk)
    return fragments.message()
