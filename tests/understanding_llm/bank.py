"""A small bank, and what a customer of it may be in the middle of."""

from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from config.catalog import Catalog
from config.project import Project
from config.versions import Version
from dialogue.state import OpenQuestion
from understanding.port import Situation

NOW = datetime(2026, 3, 15, 14, 30, tzinfo=ZoneInfo("Europe/Istanbul"))
PROJECT: dict[str, Any] = {
    "name": "bank",
    "locales": ["tr", "en"],
    "timezone": "Europe/Istanbul",
    "persona": {"tr": "Mavi Banka'nın yardımcısısın.", "en": "You help at Blue Bank."},
    "slots": {"iban": {"type": "id", "format": "iban", "sensitive": True, "ask": {"tr": "Hangi IBAN?"}}},
    "intents": {
        "send_money": {
            "description": "Send money to an IBAN",
            "title": {"tr": "Para gönderme", "en": "Send money"},
            "examples": {"tr": ["[500 lira](amount) gönder", "havale yap"], "en": ["send money"]},
            "slots": {
                "amount": {"type": "money", "currency": "TRY", "hint": "how much to send"},
                "iban": {},
                "day": {"type": "date"},
                "note": {"type": "text", "required": False},
            },
        },
        "card": {
            "description": "Order a card",
            "slots": {"kind": {"type": "choice", "values": {"gold": {"tr": ["altın"], "en": ["golden"]}, "basic": {}}}},
        },
        "balance": {"description": "Tell the balance", "examples": {"tr": ["bakiyem ne kadar"]}},
        "cancel": {"description": "Cancel a standing order"},
    },
}


def bank(*, prompts: dict[str, str] | None = None, **changed: Any) -> Version:
    """The bank's version, with parts of its project changed."""
    project = Project.model_validate(PROJECT | changed)
    return Version(name="v1", project=project, folder=Path(), catalog=Catalog({}, {}), prompts=prompts or {})


def said(message: str, **known: Any) -> Situation:
    """One message of a Turkish customer."""
    given: dict[str, Any] = {"message": message, "locale": "tr", "now": NOW} | known
    return Situation(**given)


def asking(
    *slots: str, kind: Literal["slots", "confirm"] = "slots", text: str = "Ne kadar göndereyim?"
) -> OpenQuestion:
    """What the bot waits for."""
    return {"kind": kind, "flow_id": "1-1", "slots": list(slots), "intents": [], "candidates": [], "text": text}
