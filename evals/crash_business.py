"""A business that counts what took effect, for the crash and load tests: orders, seats and tables.

Orders are deduplicated by `Idempotency-Key`; seats are not; tables are not either, but can be looked up. Every request
takes a little while before and after its effect, so that a caller who dies may die on either side of it.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import FastAPI, Header, Response
from pydantic import BaseModel

PAUSE = 0.02
"""Seconds, at most, on each side of an effect."""

Key = Annotated[str | None, Header(alias="Idempotency-Key")]


class Wish(BaseModel):
    """What is to be done, and in whose name."""

    code: str
    session: str


@dataclass
class CountingBusiness:
    """What took effect, by code."""

    seed: int
    arrived: Callable[[], None] = lambda: None
    """Called when a request that changes something has come in."""
    effects: Counter[str] = field(default_factory=Counter)
    sessions: dict[str, str] = field(default_factory=dict)
    """Who asked for each code last."""
    requests: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - pauses, no secrets
        self._known: dict[str, str] = {}

    async def act(self, wish: Wish, key: str | None) -> dict[str, str]:
        """One effect, or the answer that this key had before."""
        self.requests += 1
        self.arrived()
        await self._pause()
        if key is None or key not in self._known:
            self.effects[wish.code] += 1
            self.sessions[wish.code] = wish.session
            if key is not None:
                self._known[key] = f"R-{wish.code}"
        await self._pause()
        return {"reference": self._known[key] if key is not None else f"R-{wish.code}"}

    async def _pause(self) -> None:
        await asyncio.sleep(self._chance.random() * PAUSE)


def business_app(business: CountingBusiness) -> FastAPI:
    """The business as an API."""
    app = FastAPI(title="Counting business")

    @app.post("/orders", status_code=201)
    async def order(wish: Wish, key: Key = None) -> dict[str, str]:
        return await business.act(wish, key)

    @app.post("/seats", status_code=201)
    async def seat(wish: Wish) -> dict[str, str]:
        return await business.act(wish, None)

    @app.post("/tables", status_code=201)
    async def table(wish: Wish) -> dict[str, str]:
        return await business.act(wish, None)

    @app.get("/tables/{code}")
    async def find_table(code: str, response: Response) -> dict[str, str]:
        if not business.effects[code]:
            response.status_code = 404
            return {}
        return {"reference": f"R-{code}"}

    return app


PROJECT = """
name: counting
tenant: crash
locales: [en]
understanding: embedded
knowledge: {enabled: false}
limits: {turns_per_minute: 100000}
intents:
  order_item:
    description: Order an item from the shop
    title: Ordering an item
    examples:
      en: ["order item [OR10482](code)", "please order item [OR20931](code)", "I want to order item [OR30177](code)",
           "order item [OR10045](code) from the shop", "order the item [OR51276](code)", "I want to order an item"]
    slots: {code: {type: id, pattern: "OR[0-9]{5}", title: code, ask: "Which code?"}}
    action: order_item
  book_seat:
    description: Book a seat on a train
    title: Booking a seat
    examples:
      en: ["book seat [SE10482](code)", "please book the seat [SE20931](code)", "I want a train seat [SE30177](code)",
           "book [SE45820](code) on the train", "reserve train seat [SE51276](code)", "I would like to book a seat"]
    slots: {code: {type: id, pattern: "SE[0-9]{5}", title: code, ask: "Which code?"}}
    action: book_seat
  hold_table:
    description: Hold a table in the restaurant
    title: Holding a table
    examples:
      en: ["hold table [TA10482](code)", "please hold the table [TA20931](code)", "hold dinner table [TA30177](code)",
           "keep table [TA45820](code) for dinner", "hold restaurant table [TA51276](code)", "can you hold a table"]
    slots: {code: {type: id, pattern: "TA[0-9]{5}", title: code, ask: "Which code?"}}
    action: hold_table
actions:
  order_item:
    effect: write
    method: POST
    url: "${COUNTING_API}/orders"
    json: {code: "{{ slots.code }}", session: "{{ session_id }}"}
    idempotency: true
    retries: 2
    timeout: 10
    result: {reference: reference}
    reply: "{{ slots.code }} is ordered, reference {{ result.reference }}."
  book_seat:
    effect: write
    method: POST
    url: "${COUNTING_API}/seats"
    json: {code: "{{ slots.code }}", session: "{{ session_id }}"}
    timeout: 10
    result: {reference: reference}
    reply: "{{ slots.code }} is booked, reference {{ result.reference }}."
  hold_table:
    effect: write
    method: POST
    url: "${COUNTING_API}/tables"
    json: {code: "{{ slots.code }}", session: "{{ session_id }}"}
    timeout: 10
    status: find_table
    result: {reference: reference}
    reply: "{{ slots.code }} is held, reference {{ result.reference }}."
  find_table:
    effect: read
    url: "${COUNTING_API}/tables/{{ slots.code }}"
    result: {reference: reference}
"""

WISHES = (("OR", "order item {}"), ("SE", "book seat {}"), ("TA", "hold table {}"))
"""The three kinds by the beginning of their codes, and how a customer asks for them."""

KINDS = {"OR": "deduplicates by key", "SE": "neither", "TA": "can be looked up"}
"""What the API behind each kind does about a request that comes again, by the beginning of its codes."""
