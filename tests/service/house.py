"""A small bot served for real: its own folder on disk, real storage, a business on loopback, perhaps a model."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from config.clock import Clock, utc_now
from config.loading import load_version
from config.settings import Settings
from config.versions import Version
from graph.services import Services, open_services
from ingest.run import ingest_project
from scenarios.service import FixedVersions, run_app
from serving.app import create_app
from serving.auth import Key, Keys
from tests.service.business import Business
from tests.service.warmth import Warmth

IBAN = "TR150006100000000000000101"
SECRETS = {"WIRES_KEY": "business-key-4711", "WIRES_DESK_SECRET": "desk-secret-0815"}
"""What the small bot's environment holds."""

FEES = """# Fees

## Transfers
A transfer to another bank costs 7.50 lira and arrives the next morning.

## Opening hours
Our counters are open from 9 to 17 on weekdays.

## Safe deposit boxes
A safe deposit box costs 1,200 lira a year.
"""


def wires(address: str, **changed: Any) -> dict[str, Any]:
    """The project: sending money, looking at an order, a document about fees."""
    return {
        "name": "wires",
        "tenant": "acme",
        "locales": ["en", "tr"],
        "timezone": "Europe/Istanbul",
        "persona": {"en": "You help at Wires.", "tr": "Wires'ın yardımcısısın."},
        "intents": {
            "send_money": {
                "description": "Send money to an IBAN",
                "title": {"en": "Sending money", "tr": "Para gönderme"},
                "examples": {
                    "en": [
                        "send money",
                        "I want to send [500 lira](amount)",
                        "send [1,300.50 lira](amount)",
                        "please send [900 lira](amount) to my brother",
                        "transfer [20 lira](amount)",
                        "make a transfer",
                        "wire money please",
                        "I'd like to send money to a friend",
                    ],
                    "tr": [
                        "para gönder",
                        "[500 lira](amount) göndermek istiyorum",
                        "[1.300,50 lira](amount) gönder",
                        "kardeşime [900 lira](amount) yolla",
                        "havale yap",
                        "eft yapacağım",
                        "para göndermek istiyorum",
                        "birine para göndereceğim",
                    ],
                },
                "slots": {
                    "amount": {
                        "type": "money",
                        "currency": "TRY",
                        "max": 50000,
                        "ask": {"en": "How much?", "tr": "Ne kadar?"},
                        "why": {"en": "It leaves your account.", "tr": "Hesabınızdan çıkacak."},
                    },
                    "iban": {
                        "type": "id",
                        "format": "iban",
                        "sensitive": True,
                        "ask": {"en": "To which IBAN?", "tr": "Hangi IBAN'a?"},
                    },
                },
                "action": "send_money",
            },
            "order_status": {
                "description": "Tell where an order is",
                "title": {"en": "Order status", "tr": "Sipariş durumu"},
                "examples": {
                    "en": [
                        "where is my order",
                        "order status",
                        "track my parcel",
                        "has my order been shipped",
                        "when will my order get here",
                        "is my package on its way",
                    ],
                    "tr": [
                        "siparişim nerede",
                        "sipariş durumu",
                        "kargom nerede",
                        "siparişim yola çıktı mı",
                        "siparişim ne zaman gelir",
                        "paketim yolda mı",
                    ],
                },
                "slots": {
                    "number": {
                        "type": "id",
                        "pattern": "[0-9]{5}",
                        "ask": {"en": "Which order number?", "tr": "Sipariş numaranız?"},
                    }
                },
                "action": "get_order",
            },
        },
        "actions": {
            "send_money": {
                "effect": "write",
                "method": "POST",
                "url": f"{address}/transfers",
                "headers": {"X-Key": "${WIRES_KEY}"},
                "json": {"amount": "{{ slots.amount.amount }}", "iban": "{{ slots.iban }}"},
                "idempotency": True,
                "result": {"reference": "id"},
                "reply": {"en": "Sent, reference {{ result.reference }}.", "tr": "Gönderildi: {{ result.reference }}."},
            },
            "get_order": {
                "effect": "read",
                "url": f"{address}/orders/{{{{ slots.number }}}}",
                "result": {"status": "status", "day": "day"},
                "reply": {
                    "en": "Your order is {{ result.status }}, it comes on {{ result.day }}.",
                    "tr": "Siparişinizin durumu: {{ result.status }}, gün: {{ result.day }}.",
                },
                "reply_prompt": "Tell the customer kindly where the order is: {{ api_response }}",
            },
        },
        "allow_hosts": [address.removeprefix("http://")],
        "transfer": {
            "desk": {"webhook": f"{address}/desk", "secret": "${WIRES_DESK_SECRET}"},
            **changed.pop("transfer", {}),
        },
        **changed,
    }


@dataclass(frozen=True, kw_only=True)
class House:
    """A running service, a client for it, and the business behind its bots."""

    http: httpx.AsyncClient
    address: str
    services: Services
    business: Business
    session: str = field(default_factory=lambda: uuid4().hex)

    async def says(self, message: str, **more: Any) -> dict[str, Any]:
        """One turn of the house's session; the answer."""
        response = await self.http.post("/chat", json={"message": message, "session_id": self.session, **more})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def streams(self, message: str, **more: Any) -> "Streamed":
        """One turn as server-sent events."""
        body = {"message": message, "session_id": self.session, **more}
        response = await self.http.post("/chat", json=body, headers={"Accept": "text/event-stream"})
        assert response.status_code == 200, response.text
        return Streamed(parse_events(response.text))


@dataclass(frozen=True)
class Streamed:
    """The events of one turn."""

    events: list[tuple[str, dict[str, Any]]]

    @property
    def deltas(self) -> list[str]:
        """The pieces of the reply."""
        return [data["delta"] for name, data in self.events if name == "message"]

    @property
    def ends(self) -> list[str]:
        """The terminal events' names."""
        return [name for name, _ in self.events if name != "message"]

    @property
    def final(self) -> dict[str, Any]:
        """The answer; the pieces must add up to its reply."""
        assert self.ends == ["final"], self.events
        name, answer = self.events[-1]
        assert name == "final"
        assert "".join(self.deltas) == answer["reply"]
        return answer


def parse_events(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Names and data of server-sent events, comments left out."""
    found = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        lines = [line.partition(": ") for line in block.splitlines() if not line.startswith(":")]
        fields = {name: value for name, _, value in lines}
        if fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


def write_project(folder: Path, project: dict[str, Any], documents: dict[str, str] | None = None) -> Version:
    """The project on disk, loaded; JSON is YAML too."""
    knowledge = folder / project["name"] / "knowledge"
    knowledge.mkdir(parents=True)
    (knowledge.parent / "project.yaml").write_text(json.dumps(project, ensure_ascii=False), encoding="utf-8")
    for name, text in (documents or {"fees.md": FEES}).items():
        (knowledge / name).write_text(text, encoding="utf-8")
    return load_version(knowledge.parent)


@asynccontextmanager
async def open_house(
    folder: Path,
    warmth: Warmth,
    *,
    changes: Sequence[dict[str, Any]] = ({},),
    documents: dict[str, str] | None = None,
    keys: Sequence[Key] = (),
    debug: bool = False,
    model_url: str | None = None,
    clock: Clock = utc_now,
) -> AsyncIterator[House]:
    """Serve one variant of the small bot for each of `changes`."""
    business = Business()
    data = folder / "data"
    data.mkdir()
    warmth.lend(data)
    async with run_app(business.app) as address:
        written = [
            await asyncio.to_thread(write_project, folder / f"projects-{at}", wires(address, **changed), documents)
            for at, changed in enumerate(changes)
        ]
        opening = open_services(
            settings_for(data, model_url),
            versions=FixedVersions(written),
            environment=SECRETS,
            vectors=warmth.vectors,
            clock=clock,
        )
        async with opening as services:
            base = services.knowledge_base
            for version in written:
                await services.understanding.prepare(version)
                await base.run(lambda version=version: ingest_project(version, knowledge=base))  # type: ignore[misc]
            warmth.keep(data)
            async with (
                serve(services, keys=Keys(keys), debug=debug) as url,
                httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http,
            ):
                yield House(http=http, address=url, services=services, business=business)


def settings_for(data: Path, model_url: str | None = None) -> Settings:
    """Everything stored in `data`, nothing taken from the environment."""
    names: dict[str, Any] = {"projects": data, "database": None, "knowledge": None, "keys": None, "log": "text"}
    model = {"model": "m", "openai_api_key": "sk-model-1234", "openai_base_url": model_url} if model_url else {}
    return Settings.model_validate({**names, **model, "data": data})


@asynccontextmanager
async def serve(services: Services, *, keys: Keys, debug: bool = False) -> AsyncIterator[str]:
    """What was opened, over HTTP; its address."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Services]:
        yield services

    async with run_app(create_app(opened, keys=keys, debug=debug, drain_seconds=1)) as url:
        yield url
