"""Examples and descriptions that the routes cannot carry themselves: of open shapes, and of LangServe's routes."""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

PARAMETERS: Final[Mapping[str, str]] = {
    "session_id": "The conversation, as its caller named it.",
    "document_id": "The document's `id`, from the list.",
    "project": "The bot.",
    "version": "The version's name.",
    "model": "The project.",
    "limit": "At most so many.",
    "offset": "After so many.",
    "x-chatwoot-signature": "What Chatwoot signed the body with.",
    "x-chatwoot-timestamp": "When Chatwoot signed it.",
    "config_hash": "LangServe's; ignored.",
}

_SESSION: Final[dict[str, JsonValue]] = {
    "session_id": "web-42",
    "project": "bank",
    "version": "draft-a2fd58f4ff95",
    "channel": "web",
    "locale": "tr",
    "owner": "bot",
    "turns": 1,
    "tokens": 0,
    "created_at": "2030-03-11T09:00:00+00:00",
    "last_active": "2030-03-11T09:00:00+00:00",
}
_LISTED: Final[dict[str, JsonValue]] = {
    "tenant": "demo",
    **_SESSION,
    "owner": "person",
    "transfer": {"reason": "requested", "at": "2030-03-11T09:00:00+00:00"},
}
_DOCUMENT: Final[dict[str, JsonValue]] = {
    "id": "e5fe524af42e89f9b0c05bb8",
    "name": "knowledge/fees.en.md",
    "source": "knowledge/fees.en.md",
    "origin": "folder",
    "title": "Fees",
    "locale": "en",
    "passages": 3,
    "added_at": "2030-03-11T09:00:00+00:00",
    "labels": [],
    "channels": [],
}
_PASSAGE: Final[JsonValue] = {
    "id": "dea0604b33869c0224396445dda63a33",
    "source": "knowledge/fees.en.md",
    "title": "Fees",
    "heading": "Transfers",
    "text": "A transfer to another bank costs 7.50 lira.",
    "score": 0.9079,
    "relevance": 0.4319,
    "locale": "en",
}
_TURN: Final[JsonValue] = {"message": "bakiyem ne kadar", "session_id": "remote-1", "project": "bank"}
_SAID: Final[JsonValue] = {"reply": "8 haneli müşteri numaranızı yazar mısınız?", "outcome": "asked"}
_SCHEMA: Final[JsonValue] = {"title": "AgentRequest", "type": "object", "properties": {"message": {"type": "string"}}}
_SCENARIO: Final = """- name: recorded from web-42
  locale: tr
  turns:
  - user: 500 lira göndermek istiyorum
    expect: {outcome: asked, intent: send_money, asks: [iban]}
"""
_METRICS: Final = """# TYPE switchboard_turns_total counter
switchboard_turns_total{outcome="answered"} 7.0
"""
_STREAM: Final = (
    'event: data\ndata: {"delta":"8 haneli "}\n\nevent: data\ndata: {"final":{"reply":"…"}}\n\nevent: end\n\n'
)

ANSWERS: Final[Mapping[tuple[str, str], JsonValue]] = {
    ("get", "/sessions"): {"sessions": [_LISTED], "total": 1, "limit": 100, "offset": 0},
    ("get", "/sessions/{session_id}"): {
        **_SESSION,
        "counters": {"turns": 1, "failures": 0},
        "intent": "send_money",
        "slots": {"amount": {"amount": 500, "currency": "TRY"}},
        "open_question": {"kind": "slots", "slots": ["iban"]},
        "stack": [{"flow_id": "1-1", "intent": "send_money", "status": "collecting"}],
        "finished": [],
        "variables": {},
        "transfer": None,
        "receipts": [],
        "actions": [],
    },
    ("get", "/sessions/{session_id}/messages"): {
        "session_id": "web-42",
        "project": "bank",
        "messages": [
            {"role": "user", "content": "500 lira göndermek istiyorum"},
            {"role": "assistant", "content": "Paranın gideceği IBAN nedir?"},
        ],
        "earlier": 0,
    },
    ("get", "/sessions/{session_id}/scenario"): _SCENARIO,
    ("get", "/knowledge/documents"): {"project": "bank", "documents": [_DOCUMENT]},
    ("post", "/knowledge/documents"): {**_DOCUMENT, "origin": "upload", "status": "indexed"},
    ("post", "/knowledge/search"): {"project": "bank", "query": "transfer", "passages": [_PASSAGE]},
    ("get", "/stats"): {
        "known_sessions": 1,
        "sessions": [_LISTED],
        "uptime_seconds": 12.5,
        "active_turns": 0,
        "active_sessions": 0,
        "waiting_turns": 0,
        "turns": 1,
        "failed_turns": 0,
        "tokens": 0,
    },
    ("get", "/metrics"): _METRICS,
    ("get", "/readyz"): {"status": "ready", "dependencies": {"database": "ok", "knowledge": "ok"}},
    ("get", "/agent/input_schema"): _SCHEMA,
    ("get", "/agent/output_schema"): {"title": "ChatAnswer", "type": "object"},
    ("get", "/agent/config_schema"): {"type": "object", "properties": {}},
    ("post", "/agent/invoke"): {"output": _SAID, "metadata": {"run_id": "0b6f…"}},
    ("post", "/agent/batch"): {"output": [_SAID], "metadata": {"run_ids": ["0b6f…"]}},
    ("post", "/agent/stream"): _STREAM,
}
"""What a route answers, where its schema does not say it by examples."""

BODIES: Final[Mapping[tuple[str, str], JsonValue]] = {
    ("post", "/knowledge/documents"): {"file": "fees.en.md", "project": "bank", "labels": "business"},
    ("post", "/projects/{project}/publish"): {"untested": False},
    ("post", "/projects/{project}/rollback"): {"version": "a2fd58f4ff95"},
    ("post", "/agent/invoke"): {"input": _TURN},
    ("post", "/agent/batch"): {"inputs": [_TURN]},
    ("post", "/agent/stream"): {"input": _TURN},
}
"""What a route takes, where its schema does not say it by examples."""

DESCRIPTIONS: Final[Mapping[tuple[str, str], str]] = {
    ("get", "/agent/input_schema"): "The JSON Schema of what `/agent` takes: the body of `/chat`.",
    ("get", "/agent/output_schema"): "The JSON Schema of what `/agent` gives: the answer of `/chat`.",
    ("get", "/agent/config_schema"): "The JSON Schema of LangServe's `config`, all of which is ignored.",
    ("post", "/agent/invoke"): "One turn by LangServe: `input` is the body of `/chat`, `output` its answer.",
    ("post", "/agent/batch"): "Several turns by LangServe, four at a time, 32 at most.",
    ("post", "/agent/stream"): (
        'One turn by LangServe in pieces: `{"delta": "…"}`, and last `{"final": {…}}` or `{"error": {…}}`.'
    ),
}
"""LangServe words its routes in general; these say what they do here."""
