"""Find out what the customer's message asks for."""

from typing import Final
from zoneinfo import ZoneInfo

from langgraph.runtime import Runtime
from pydantic import JsonValue

from config.clock import Clock
from config.versions import Version, Versions
from dialogue.commands import Command
from dialogue.context import TurnContext, given, may_ask_model
from dialogue.language import next_locale
from dialogue.reversing import changed_something
from dialogue.scene import scene_of, values_of
from dialogue.state import DialogueState, DialogueUpdate, Frame, TurnRequest
from dialogue.tidy import tidy
from dialogue.transcript import for_model
from nodes.call_api import planned_call
from tools.ports import Actions
from understanding.language_wanted import language_wanted
from understanding.likely_language import likely_language
from understanding.port import Situation, Understanding, Understood

HISTORY = 10
"""Messages an engine may read (A10)."""

_BESIDE: Final = frozenset({"question", "start", "chat", "person"})
"""Commands that leave an action that is under way alone."""


async def detect_intent(
    state: DialogueState,
    runtime: Runtime[TurnContext],
    *,
    versions: Versions,
    understanding: Understanding,
    clock: Clock,
    actions: Actions,
) -> DialogueUpdate:
    """Ask the engine once and keep what makes sense of it; an empty or endless message is not read at all."""
    version = versions.get(state["tenant"], state["project"], state["version"])
    message = state["request"]["message"]
    unread = _unread(state["request"], version.project.limits.message_chars)
    if unread is not None:
        return DialogueUpdate(commands=[unread], pending=[unread])
    now = clock().astimezone(ZoneInfo(version.project.timezone))
    likely = likely_language(message, version)
    situation = _situation(state, version, given(runtime.context), clock, likely)
    understood = _wants_language(state, version) or await understanding.understand(version, situation)
    locale, settled = next_locale(
        state["locale"],
        understood.locale,
        understood.commands,
        settled=state["locale_settled"],
        likely=likely,
    )
    commands = list(tidy(understood.commands, scene_of({**state, "locale": locale}, version, now), message))
    if await _agreed_already(state, version, actions):
        commands = [{"command": "affirm"}, *(one for one in commands if one["command"] in _BESIDE)]
    return DialogueUpdate(
        commands=commands,
        pending=commands,
        ranking=list(understood.ranking),
        engine=understood.engine,
        certainty=understood.certainty,
        readings=list(understood.readings),
        locale=locale,
        locale_settled=settled,
        models=[*state["models"], *understood.models],
        notices=[*state["notices"], *understood.notices],
    )


async def _agreed_already(state: DialogueState, version: Version, actions: Actions) -> bool:
    """Whether the open confirmation had its yes in a turn that died after the request went out.

    Whatever the customer says now, a cancel too, comes too late; what became of the deed is to be told.
    """
    question, stack = state["open"], state["stack"]
    if question is None or question["kind"] != "confirm" or not stack or stack[-1]["plan"] is None:
        return False
    return await actions.begun(version, planned_call(state, stack[-1], stack[-1]["plan"]))


def _wants_language(state: DialogueState, version: Version) -> Understood | None:
    """The wish to be answered in another language, which needs no engine."""
    intent = state["stack"][-1]["intent"] if state["stack"] else None
    wanted = language_wanted(state["request"]["message"], version.project, state["open"], intent)
    if wanted is None:
        return None
    return Understood(commands=({"command": "chat", "topic": "language"},), locale=wanted, certainty=1.0)


def _unread(request: TurnRequest, limit: int) -> Command | None:
    """What needs no reading: an event of the channel, an empty message, an endless one."""
    message = request["message"]
    if request["event"] != "message":
        return {"command": request["event"]}
    if not message.strip():
        return {"command": "unclear", "reason": "empty"}
    return {"command": "unclear", "reason": "too_long"} if len(message) > limit else None


def _situation(
    state: DialogueState, version: Version, context: TurnContext, clock: Clock, likely: str | None
) -> Situation:
    """What the engine may know; a first message too short to be clear is read in the language it is probably in."""
    stack = state["stack"]
    history = for_model(state["context_history"], HISTORY)
    return Situation(
        message=state["request"]["message"],
        locale=state["locale"] if state["locale_settled"] else likely or state["locale"],
        now=clock().astimezone(ZoneInfo(version.project.timezone)),
        open=state["open"],
        intent=stack[-1]["intent"] if stack else None,
        filled=_latest_first(stack[-1]) if stack else {},
        answered=_has_answered(state),
        changed=any(changed_something(version.project, frame) for frame in state.get("finished", [])),
        done=_done_last(state, version),
        waiting=tuple(frame["intent"] for frame in reversed(stack[:-1])),
        history=tuple((message["role"], message["content"]) for message in history),
        deadline=context.deadline,
        model_allowed=may_ask_model(context, version.project.limits, 0),
    )


def _done_last(state: DialogueState, version: Version) -> str | None:
    last = state["finished"][-1] if state.get("finished") else None
    return last["intent"] if last is not None and changed_something(version.project, last) else None


def _latest_first(frame: Frame) -> dict[str, JsonValue]:
    """A flow's values, those given last before the others: a correction that names none is most likely of them."""
    values = values_of(frame)
    order = sorted(values, key=lambda name: frame["slots"][name]["turn"], reverse=True)
    return {name: values[name] for name in order}


def _has_answered(state: DialogueState) -> bool:
    """Whether the turn before gave an answer with its sources."""
    last = state.get("last_turn")
    return last is not None and last["answer"].get("outcome") == "answered" and bool(last["answer"].get("citations"))
