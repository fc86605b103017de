"""What a backend supports, found out by asking and remembered: every compatible server leaves out something else."""

import re
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal, Self

from models.failures import TOO_LONG_A_PROMPT, Trouble

Mode = Literal["tools", "json_schema", "json_object", "json", "tagged"]
MODES: Final[tuple[Mode, ...]] = ("tools", "json_schema", "json_object", "json", "tagged")
"""How a decision is asked for, best first."""


@dataclass(frozen=True, kw_only=True)
class Wire:
    """How requests to one backend are shaped."""

    mode: Mode = "tools"
    max_tokens: bool = True
    max_completion_tokens: bool = True
    temperature: bool = True
    stream_usage: bool = True
    system_role: bool = True
    streaming: bool = True
    whole: bool = True
    """Whether an answer may be had at once; some models only stream."""

    def met(self, other: Self) -> Self:
        """What both shapes can rely on."""
        lower = max(self.mode, other.mode, key=MODES.index)
        lost = [field.name for field in fields(self) if getattr(other, field.name) is False]
        return self.without(*lost, mode=lower)

    def without(self, *names: str, mode: Mode | None = None) -> Self:
        """The same without the fields or abilities of these names."""
        gone: dict[str, Any] = dict.fromkeys(names, False)
        return replace(self, mode=mode or self.mode, **gone)

    def lower(self) -> Self | None:
        """The same with the next mode down."""
        at = MODES.index(self.mode)
        return replace(self, mode=MODES[at + 1]) if at + 1 < len(MODES) else None


_LEARNABLE: Final = frozenset({400, 404, 415, 422, 500, 501})
_NOT_SUPPORT: Final = re.compile(r"too long|exceeds? the|content.{0,12}(filter|policy)|safety|billing|quota")
"""Refusals of this one request, not of a way of asking."""
_FIELDS: Final = ("max_completion_tokens", "max_tokens", "temperature", "stream_options")
_FIELD_NAMES: Final = {"stream_options": "stream_usage"}
_SYSTEM: Final = re.compile(
    r"system.{0,30}(role|message|instruction|prompt)|role.{0,30}system|developer instruction|"
    r"only user and assistant|roles? must alternate"
)
_TOOLS: Final = re.compile(r"tool|function")
_FORMAT: Final = re.compile(r"response_format|json_schema|json_object|json mode|schema|grammar|structured")
_STREAM: Final = re.compile(r"stream")
_ONLY_STREAMS: Final = re.compile(
    r"only supports? (the )?stream|non-?stream\w* .{0,40}not support|"
    r"(enable|set|requires?) .{0,20}stream|stream\b.{0,20}must be"
)


def step_down(
    wire: Wire, trouble: Trouble, *, purpose: Literal["decide", "complete", "stream"], proven: bool
) -> Wire | None:
    """The shape to try next after a refusal; None where another shape would not help."""
    if trouble.detail == TOO_LONG_A_PROMPT or trouble.status not in _LEARNABLE or _NOT_SUPPORT.search(trouble.words):
        return None
    if purpose != "stream" and wire.whole and _ONLY_STREAMS.search(trouble.words):
        return wire.without("whole")
    dropped = _without_field(wire, trouble, purpose) or _without_mode(wire, trouble, purpose)
    if dropped is not None:
        return dropped
    unsure = purpose == "decide" and not proven and trouble.status in {400, 422, 501}
    return wire.lower() if unsure and wire.mode in {"tools", "json_schema", "json_object"} else None


def _without_field(wire: Wire, trouble: Trouble, purpose: str) -> Wire | None:
    named = trouble.parameter if trouble.parameter in _FIELDS else ""
    if not named:
        places = {name: re.search(rf"\b{name}\b", trouble.words) for name in _FIELDS}
        named = min((found.start(), name) for name, found in places.items() if found)[1] if any(places.values()) else ""
    attribute = _FIELD_NAMES.get(named, named)
    if attribute and getattr(wire, attribute):
        return wire.without(attribute)
    if wire.system_role and _SYSTEM.search(trouble.words):
        return wire.without("system_role")
    if purpose == "stream" and wire.streaming and _STREAM.search(trouble.words):
        return wire.without("streaming")
    return None


def _without_mode(wire: Wire, trouble: Trouble, purpose: str) -> Wire | None:
    if purpose != "decide":
        return None
    hint = {"tools": _TOOLS, "json_schema": _FORMAT, "json_object": _FORMAT}.get(wire.mode)
    return wire.lower() if hint is not None and hint.search(f"{trouble.parameter} {trouble.words}") else None
