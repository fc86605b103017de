"""Begin a turn: whose it is, in which version and language, what of the last turn still holds."""

from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from langgraph.runtime import Runtime

from config.clock import Clock
from config.project import Project
from config.versions import Version, Versions
from dialogue.context import TurnContext, given
from dialogue.history import merge
from dialogue.state import (
    Counters,
    DialogueState,
    DialogueUpdate,
    Evidence,
    Frame,
    Outcome,
    Part,
    TransferRecord,
    TurnRequest,
    Verdict,
)
from dialogue.transcript import lines
from dialogue.transfer import nobody_came
from dialogue.untold import unsaid


async def open_turn(
    state: DialogueState, runtime: Runtime[TurnContext], *, versions: Versions, clock: Clock
) -> DialogueUpdate:
    """Set what the session and the turn start with; everything of the last turn is emptied."""
    context = given(runtime.context)
    version = _version(state, context, versions)
    project, now = version.project, clock().astimezone(ZoneInfo(version.project.timezone))
    request = _request(state)
    locale = _locale(state, project, request)
    update = _fresh(state, version, locale, now)
    update["request"] = request
    update["session_id"] = state.get("session_id") or context.session_id
    update["channel"] = context.channel
    update["silences"] = state.get("silences", 0) + 1 if request["event"] == "silence" else 0
    merged = merge(lines(state.get("messages", [])), request["history"], budget=project.limits.history_tokens)
    update["history_counts"] = merged.counts()
    update["context_history"] = [dict(message) for message in merged.messages]
    if request["locale"] and request["locale"] not in project.locales:
        update["notices"] = [f"locale {request['locale']!r} is not supported; {locale!r} is used"]
    if state.get("owner") == "person":
        if not nobody_came(project, state.get("transfer"), now):
            return {**update, "verdict": _verdict("muted"), "outcome": "muted", "owner": "person"}
        return {**update, **_returned(state, version, locale)}
    return {**update, **_after_silence(state, version, locale, now)}


def _version(state: DialogueState, context: TurnContext, versions: Versions) -> Version:
    if state.get("version"):
        return versions.get(state["tenant"], state["project"], state["version"])
    if context.project is None:
        return versions.all()[0]
    if context.tenant is None:
        return next(v for v in versions.all() if v.project.name == context.project)
    return versions.current(context.tenant, context.project)


def _request(state: DialogueState) -> TurnRequest:
    return TurnRequest(
        event=state.get("event") or "message",
        message=state.get("message") or "",
        message_id=state.get("message_id") or uuid4().hex,
        locale=state.get("asked_locale"),
        history=state.get("history") or [],
        metadata=state.get("metadata") or {},
    )


def _locale(state: DialogueState, project: Project, request: TurnRequest) -> str:
    wanted = request["locale"]
    if wanted in project.locales:
        return wanted or project.default_locale
    known = state.get("locale")
    return known if known in project.locales and known else project.default_locale


def _fresh(state: DialogueState, version: Version, locale: str, now: datetime) -> DialogueUpdate:
    counters = state.get("counters") or Counters(turns=0, failures=0)
    asked = state.get("asked_locale") in version.project.locales
    return DialogueUpdate(
        tenant=version.project.tenant,
        project=version.project.name,
        version=version.name,
        locale=locale,
        locale_settled=state.get("locale_settled", False) or asked,
        owner=state.get("owner", "bot"),
        counters=Counters(turns=counters["turns"] + 1, failures=counters["failures"]),
        variables=state.get("variables", {}),
        transfer=state.get("transfer"),
        stack=state.get("stack", []),
        open=state.get("open"),
        finished=state.get("finished", []),
        changes=state.get("changes", []),
        last_active=now.isoformat(),
        commands=[],
        pending=[],
        ranking=[],
        engine="",
        certainty=None,
        readings=[],
        notices=[],
        models=[],
        verdict=_verdict("chatted"),
        parts=[],
        reprise=None,
        expired=False,
        retrieval=None,
        grounded=None,
        fallback=False,
        citations=[],
        receipts=[],
        untold=unsaid(state),
        evidence=Evidence(understanding=None, retrieval=None, grounding=None, action=None, model=None, rule=""),
        confidence=None,
        should_transfer=False,
        transfer_reason=None,
        outcome="chatted",
        reply="",
        streamed="",
        intent=None,
        asks=[],
    )


def _verdict(outcome: Outcome) -> Verdict:
    return Verdict(
        next="reply",
        outcome=outcome,
        asks=[],
        question=None,
        reason=None,
        progress="neutral",
    )


def _returned(state: DialogueState, version: Version, locale: str) -> DialogueUpdate:
    """Nobody took the session: the bot says so, has it back and goes on with what the customer says now."""
    record = state["transfer"]
    return DialogueUpdate(
        owner="bot",
        open=None,
        transfer=TransferRecord(**{**record, "released": True}) if record else None,
        counters=Counters(turns=state["counters"]["turns"] + 1, failures=0),
        parts=[Part(kind="note", text=version.text("transfer.nobody", locale))],
    )


def _after_silence(state: DialogueState, version: Version, locale: str, now: datetime) -> DialogueUpdate:
    """After a long silence the session greets anew; its open question no longer counts, its flow is offered again."""
    before = state.get("last_active")
    idle = timedelta(minutes=version.project.session.idle_minutes)
    if before is None or now - datetime.fromisoformat(before) <= idle:
        return DialogueUpdate()
    stack = state.get("stack", [])
    counters = state["counters"]
    update = DialogueUpdate(
        open=None,
        expired=True,
        changes=[],
        stack=[Frame(**{**frame, "plan": None, "status": "collecting"}) for frame in stack],
        counters=Counters(turns=counters["turns"] + 1, failures=0),
    )
    if stack and stack[-1]["intent"] in version.project.intents:
        title = version.project.say(version.project.intents[stack[-1]["intent"]].title, locale)
        text = version.text("expired.return", locale, intent=title or stack[-1]["intent"].replace("_", " "))
    else:
        text = version.text("expired", locale)
    return {**update, "parts": [Part(kind="note", text=text)]}
