"""Reads a model's whole answer as a decision: its own tool calls, or those written in its text."""

from collections.abc import Collection
from dataclasses import dataclass

from langchain_core.messages import AIMessage

from models.answers import known_name, read_calls, whole_object
from models.failures import Trouble
from models.ports import ToolCall
from models.wire import Mode


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a model decided."""

    calls: tuple[ToolCall, ...] = ()
    text: str = ""
    as_asked: bool = False
    """Whether it answered in the form it was asked for."""
    trouble: Trouble | None = None

    @property
    def beside_the_form(self) -> bool:
        """Whether it talked instead, to an end or until it was cut off."""
        return not self.as_asked and (self.trouble is None or self.trouble.kind == "incomplete")


def ending(message: AIMessage) -> Trouble | None:
    """What the answer's end says against it. A missing reason is no fault here: the body arrived whole."""
    reason = message.response_metadata.get("finish_reason")
    if message.additional_kwargs.get("refusal") or reason == "content_filter":
        return Trouble(kind="refused", detail="by_the_model")
    if reason == "length":
        return Trouble(kind="incomplete", detail="length")
    return None


def read_decision(message: AIMessage, mode: Mode, names: Collection[str]) -> Decision:
    """The calls of a whole answer; of an answer that was cut off, none."""
    if trouble := ending(message):
        began = bool(message.tool_calls or message.invalid_tool_calls)
        if mode != "tools":
            began = message.text.lstrip("`jsonJSON \n").startswith(("{", "#"))
        return Decision(trouble=trouble, as_asked=began)
    native = [ToolCall(name=_spelt(call["name"], names), arguments=call["args"]) for call in message.tool_calls]
    native += [
        ToolCall(name=_spelt(call["name"] or "", names), arguments=whole_object(call["args"] or "") or {})
        for call in message.invalid_tool_calls
    ]
    reading = read_calls(message.text, names)
    if native:
        return Decision(calls=tuple(native), text=reading.text, as_asked=mode == "tools")
    if not reading.structured and not reading.text:
        return Decision(trouble=Trouble(kind="invalid", detail="empty"))
    as_asked = mode == "tagged" or (mode != "tools" and reading.structured)
    return Decision(calls=reading.calls, text=reading.text, as_asked=as_asked)


def _spelt(name: str, names: Collection[str]) -> str:
    """The tool's own name where a model added a namespace, quotes or a role word, or wrote it in capitals."""
    return name if name in names else known_name(name, names) or name
