"""A write that asks for no yes, in a service that is killed while the business is at it: nobody is left in the dark."""

import asyncio
from collections import Counter
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI, Response
from pydantic import BaseModel

from evals.crash_service import ServiceProcess, running, served

pytestmark = pytest.mark.timeout(300)

PROJECT = """
name: topups
tenant: crash
locales: [en]
understanding: embedded
knowledge: {enabled: false}
intents:
  top_up:
    title: Topping up
    examples:
      en: ["top up card [TU10482](code)", "please top up the card [TU20931](code)", "I want to top up [TU30177](code)",
           "put money on card [TU10045](code)", "top up my card [TU51276](code)", "I want to top up a card"]
    slots: {code: {type: id, pattern: "TU[0-9]{5}", title: code, ask: "Which card?"}}
    action: top_up
    confirm: false
  light_lamp:
    title: Lighting a lamp
    examples:
      en: ["light lamp [LA10482](lamp)", "please light the lamp [LA20931](lamp)", "switch on lamp [LA30177](lamp)",
           "turn the lamp [LA45820](lamp) on", "lamp [LA51276](lamp) on", "I want to light a lamp"]
    slots: {lamp: {type: id, pattern: "LA[0-9]{5}", title: lamp, ask: "Which lamp?"}}
    action: light_lamp
    confirm: false
actions:
  top_up:
    method: POST
    url: "${TOPUP_API}/deeds"
    json: {code: "{{ slots.code }}"}
    status: find_top_up
    result: {reference: reference}
  find_top_up:
    url: "${TOPUP_API}/deeds/{{ slots.code }}"
    result: {reference: reference}
  light_lamp:
    method: POST
    url: "${TOPUP_API}/deeds"
    json: {code: "{{ slots.lamp }}"}
"""


class Wish(BaseModel):
    """What is asked of the business."""

    code: str


class SlowBusiness:
    """Does at once what it is asked, and answers too late."""

    def __init__(self) -> None:
        self.effects: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self.both = asyncio.Event()
        self.app = FastAPI()
        self.app.add_api_route("/deeds", self.act, methods=["POST"], status_code=201)
        self.app.add_api_route("/deeds/{code}", self.find, methods=["GET"])

    async def act(self, wish: Wish) -> dict[str, str]:
        """Takes effect now; nobody lives to hear of it."""
        self.effects[wish.code] += 1
        if len(self.effects) > 1:
            self.both.set()
        await asyncio.sleep(5)
        return {"reference": f"R-{wish.code}"}

    async def find(self, code: str, response: Response) -> dict[str, str]:
        """Whether it took effect."""
        self.asked[code] += 1
        response.status_code = 200 if self.effects[code] else 404
        return {"reference": f"R-{code}"} if self.effects[code] else {}


async def test_the_next_message_hears_what_became_of_it(tmp_path: Path) -> None:
    (tmp_path / "projects" / "topups").mkdir(parents=True)
    (tmp_path / "projects" / "topups" / "project.yaml").write_text(PROJECT, encoding="utf-8")
    business = SlowBusiness()
    async with served(business.app) as api:
        environment = {"TOPUP_API": api, "SWITCHBOARD_LOG": "json"}
        service = ServiceProcess(tmp_path / "data", tmp_path / "projects", environment, tmp_path / "log")
        async with running(service), httpx2.AsyncClient(trust_env=False, timeout=60) as client:

            async def says(session: str, message: str) -> httpx2.Response:
                return await client.post(f"{service.url}/chat", json={"message": message, "session_id": session})

            lost = [
                asyncio.create_task(says("card", "top up card TU10482")),
                asyncio.create_task(says("lamp", "light lamp LA10482")),
            ]
            await asyncio.wait_for(business.both.wait(), 30)
            await service.kill()
            unheard = await asyncio.gather(*lost, return_exceptions=True)
            await service.start()
            card = (await says("card", "thanks")).json()
            lamp = (await says("lamp", "thanks")).json()
            later = (await says("card", "thanks")).json()

    assert all(isinstance(end, httpx2.TransportError) for end in unheard)
    assert card["reply"].startswith("Done: Topping up. Your reference is R-TU10482.")
    assert card["transfer_reason"] is None
    assert "can't tell whether this went through: Lighting a lamp" in lamp["reply"]
    assert lamp["transfer_reason"] == "outcome_unknown"
    assert "R-TU10482" not in later["reply"]
    assert business.effects == {"TU10482": 1, "LA10482": 1}
    assert business.asked == {"TU10482": 1}
