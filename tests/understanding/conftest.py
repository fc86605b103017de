"""A small two-language bot, trained once for all tests of this folder."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest

from config.catalog import Catalog
from config.loading import load_version
from config.project import Intent, Knowledge, Project, Slot
from config.versions import Version
from dialogue.state import OpenQuestion
from models.embeddings import open_encoder
from tests.service.warmth import Warmth
from understanding.embedded import EmbeddedUnderstanding
from understanding.port import Situation, Understood

INTENTS = {
    "send_money": Intent(
        title={"tr": "Para gönderme", "en": "Send money"},
        examples={
            "tr": [
                "para göndermek istiyorum",
                "[500 lira](amount) gönder",
                "havale yapacağım",
                "anneme para yolla",
                "EFT yapmak istiyorum",
                "birine para transfer edeceğim",
            ],
            "en": [
                "I want to send money",
                "transfer [500 lira](amount) to my brother",
                "make a payment to someone",
                "wire money",
                "send cash to a friend",
                "send [100](amount) to my landlord",
            ],
        },
        slots={
            "amount": Slot(type="money", currency="TRY", title={"tr": "tutar", "en": "amount"}),
            "iban": Slot(type="id", format="iban", title="IBAN"),
            "note": Slot(type="text", required=False, title={"tr": "açıklama", "en": "note"}),
        },
    ),
    "block_card": Intent(
        title={"tr": "Kart kapatma", "en": "Block a card"},
        examples={
            "tr": [
                "kartımı kaybettim",
                "kartım çalındı",
                "kartımı kapatın",
                "kredi kartımı bloke et",
                "kartımı iptal etmek istiyorum",
                "cüzdanım çalındı kartı kapatalım",
            ],
            "en": [
                "I lost my card",
                "block my card",
                "my card was stolen",
                "please freeze my credit card",
                "cancel my card",
                "someone took my card",
            ],
        },
        slots={
            "reason": Slot(
                type="choice",
                values={"lost": {"tr": ["kayıp"], "en": ["lost"]}, "stolen": {"tr": ["çalındı"], "en": ["stolen"]}},
            ),
        },
    ),
    "balance": Intent(
        title={"tr": "Bakiye", "en": "Balance"},
        examples={
            "tr": [
                "bakiyem ne kadar",
                "hesabımda kaç para var",
                "bakiye sorgulama",
                "ne kadar param kaldı",
                "hesap bakiyemi söyle",
                "param yattı mı",
            ],
            "en": [
                "what is my balance",
                "how much money do I have",
                "check my balance",
                "show my account balance",
                "how much is left in my account",
                "tell me my balance",
            ],
        },
    ),
    "appointment": Intent(
        title={"tr": "Randevu", "en": "Appointment"},
        examples={
            "tr": [
                "randevu almak istiyorum",
                "şubeden randevu",
                "yarın için randevu alabilir miyim",
                "şubeye gelmek istiyorum",
                "görüşme ayarlayalım",
                "bana bir randevu ayarla",
            ],
            "en": [
                "book an appointment",
                "I'd like to visit a branch",
                "make an appointment for [tomorrow](day)",
                "schedule a meeting at the branch",
                "can I come in on [Friday](day)",
                "I need an appointment",
            ],
        },
        slots={"day": Slot(type="date", title={"tr": "gün", "en": "day"}), "remote": Slot(type="boolean")},
    ),
    "hours": Intent(
        examples={
            "tr": ["kaçta açılıyorsunuz", "çalışma saatleriniz", "bugün açık mısınız"],
            "en": ["when do you open", "what are your opening hours", "are you open today"],
        },
        reply="09:00–17:00",
    ),
}


def make_version(project: Project) -> Version:
    return Version(name="test", project=project, folder=Path(), catalog=Catalog({}, {}), prompts={})


@pytest.fixture(scope="session")
def encoder():
    return open_encoder()


@pytest.fixture(scope="session")
def bank():
    return make_version(Project(name="bank", locales=["tr", "en"], timezone="Europe/Istanbul", intents=INTENTS))


@pytest.fixture(scope="session")
def silent_bank(bank):
    """The same bot without knowledge."""
    project = bank.project.model_copy(update={"name": "silent", "knowledge": Knowledge(enabled=False)})
    return make_version(project)


@pytest.fixture(scope="session")
def engine(encoder):
    return EmbeddedUnderstanding(encoder)


def asked(
    kind: Literal["slots", "ambiguous", "confirm", "clarify", "digression", "resume", "person", "anything_else"],
    *,
    slots=(),
    intents=(),
    candidates=(),
) -> OpenQuestion:
    """An open question of the bot's."""
    return OpenQuestion(
        kind=kind, flow_id="1-1", slots=list(slots), intents=list(intents), candidates=list(candidates), text="?"
    )


def at(message: str, *, locale: str = "en", **more: Any) -> Situation:
    return Situation(message=message, locale=locale, now=datetime(2026, 3, 10, 9, 0, tzinfo=UTC), **more)


def said(understood: Understood) -> list[str]:
    """Commands as short words: `start send_money`, `fill amount`, `chat thanks`."""
    return [_short(command) for command in understood.commands]


def _short(command) -> str:
    about = command.get("intent") or command.get("slot") or command.get("topic") or command.get("reason")
    if command["command"] == "clarify":
        about = " ".join(command["intents"])
    return f"{command['command']} {about}" if about else command["command"]


@pytest.fixture(scope="module")
def harbour():
    return load_version(Path(__file__).parents[1] / "acceptance" / "projects" / "harbour")


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    return EmbeddedUnderstanding(open_encoder(Warmth(tmp_path_factory.getbasetemp() / "warmth").vectors))
