"""An English telecom's back office: plans, outages, technician visits, bills."""

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header

from demo.books import Answer, Books, Form, IdempotencyKey, RefusedError, money

SLOW_POSTCODE = "ZZ99"
PLANS = {"basic": 15.0, "family": 35.0, "unlimited": 45.0, "business": 60.0}
OUTAGES = {"SW1A": ("a cut cable", 1, "OUT-501"), "N1": ("planned work on the network", 2, "OUT-502")}
VISITS_A_WINDOW = 2
WEDNESDAY, SATURDAY, SUNDAY = 2, 5, 6

Window = Literal["morning", "afternoon", "evening"]


class PlanRequest(Form):
    """The plan to change to."""

    plan: str


class VisitRequest(Form):
    """When a technician shall come."""

    customer: str
    date: date
    window: Window
    problem: str | None = None


@dataclass
class Subscriber:
    """A customer; `contract_days` are left of the contract, 0 without one."""

    name: str
    plan: str
    postcode: str
    contract_days: int
    billed: bool = True


def seeded_subscribers() -> dict[str, Subscriber]:
    """The customers named in the README."""
    return {
        "400100": Subscriber("Alex Morgan", "basic", "SW1A", 0),
        "400200": Subscriber("Priya Shah", "family", "M1", 200),
        "400300": Subscriber("Tom Baker", "unlimited", "N1", 0, billed=False),
    }


@dataclass
class Telecom:
    """The company's data and its rules."""

    books: Books
    environment: Mapping[str, str]
    customers: dict[str, Subscriber] = field(default_factory=seeded_subscribers)
    visits: dict[tuple[str, date, str], Answer] = field(default_factory=dict)

    async def allow(self, authorization: Annotated[str, Header()] = "") -> None:
        """Lets only the right token pass."""
        right = f"Bearer {self.environment['TELECOM_TOKEN']}"
        if not hmac.compare_digest(authorization.encode(), right.encode()):
            raise RefusedError(401, "unauthorized", "The token is missing or wrong.")

    def customer(self, number: str) -> Subscriber:
        """The customer of that number."""
        if number not in self.customers:
            raise RefusedError(404, "unknown_customer", "There is no customer of that number.")
        return self.customers[number]

    def change_plan(self, number: str, plan: str) -> Answer:
        """Another plan from the first of next month."""
        customer = self.customer(number)
        if plan not in PLANS:
            raise RefusedError(422, "unknown_plan", f"There is no such plan; there are {', '.join(PLANS)}.")
        if plan == customer.plan:
            raise RefusedError(409, "same_plan", "The customer has this plan already.")
        if customer.contract_days:
            raise RefusedError(409, "in_contract", "The plan can be changed when the contract ends.")
        before, customer.plan = customer.plan, plan
        first = (self.books.today().replace(day=1) + timedelta(days=32)).replace(day=1)
        return {
            "change": {
                "id": self.books.number("plan_change", "PC"),
                "from": before,
                "to": plan,
                "monthly": money(PLANS[plan], "GBP"),
                "effective": first.isoformat(),
            }
        }

    def outage(self, postcode: str) -> Answer:
        """Whether something is wrong there."""
        area = postcode.strip().upper()
        if not 0 < len(area) <= 10:
            raise RefusedError(422, "bad_postcode", "A postcode has one to ten characters.")
        cause, days, ticket = OUTAGES.get(area.split()[0], (None, 0, None))
        until = (self.books.today() + timedelta(days=days)).isoformat() if cause else None
        return {"outage": {"active": bool(cause), "postcode": area, "cause": cause, "until": until, "ticket": ticket}}

    def full(self, day: date, window: str) -> bool:
        """Whether nobody can come then."""
        ahead = (WEDNESDAY - self.books.today().weekday()) % 7 or 7
        if day.weekday() == SUNDAY or (day.weekday() == SATURDAY and window == "evening"):
            return True
        if day == self.books.today() + timedelta(days=ahead):
            return True
        return sum(key[1:] == (day, window) for key in self.visits) >= VISITS_A_WINDOW

    def visit(self, request: VisitRequest) -> Answer:
        """Send a technician."""
        self.customer(request.customer)
        if not 0 <= (request.date - self.books.today()).days <= 60:
            raise RefusedError(422, "bad_date", "Visits are booked from today up to 60 days ahead.")
        slot = (request.customer, request.date, request.window)
        if slot in self.visits:
            raise RefusedError(409, "already_booked", "The customer has a visit in this window already.")
        if self.full(request.date, request.window):
            raise RefusedError(409, "no_slot", "Nobody is free then.")
        self.visits[slot] = {
            "id": self.books.number("visit", "TV"),
            "customer": request.customer,
            "date": request.date.isoformat(),
            "window": request.window,
            "technician": "Sam Reed",
        }
        return {"visit": self.visits[slot]}

    def bill(self, number: str, month: str) -> Answer:
        """The newest bill, or one month's."""
        customer = self.customer(number)
        newest = self.books.today().replace(day=1) - timedelta(days=1)
        if not customer.billed or month not in ("", newest.strftime("%Y-%m")):
            raise RefusedError(404, "no_bill", "There is no bill for that month.")
        price = PLANS[customer.plan]
        return {
            "bill": {
                "month": newest.strftime("%Y-%m"),
                "total": money(price + 2.4, "GBP"),
                "due": (newest + timedelta(days=20)).isoformat(),
                "paid": customer.contract_days > 0,
                "lines": [
                    {"text": f"Plan {customer.plan}", "amount": price},
                    {"text": "Calls abroad", "amount": 2.4},
                ],
            }
        }


def build_telecom(telecom: Telecom) -> APIRouter:
    """The company's endpoints."""
    router = APIRouter(prefix="/telecom", tags=["telecom"], dependencies=[Depends(telecom.allow)])
    _add_reading(router, telecom)

    @router.put("/customers/{customer}/plan")
    async def change_plan(customer: str, request: PlanRequest, key: IdempotencyKey = None) -> Answer:
        act = lambda: telecom.change_plan(customer, request.plan)  # noqa: E731  # reads better than a nested function
        return telecom.books.once("plan_change", key, request, act, about=customer)

    @router.post("/visits", status_code=201)
    async def visit(request: VisitRequest) -> Answer:
        return telecom.visit(request)

    return router


def _add_reading(router: APIRouter, telecom: Telecom) -> None:
    @router.get("/customers/{customer}")
    async def who(customer: str) -> Answer:
        found = telecom.customer(customer)
        ends = telecom.books.today() + timedelta(days=found.contract_days)
        until = ends.isoformat() if found.contract_days else None
        shown = {"id": customer, "name": found.name, "plan": found.plan, "postcode": found.postcode}
        return {"customer": {**shown, "contract_until": until}}

    @router.get("/plans")
    async def plans() -> Answer:
        listed = [{"id": key, "name": key.title(), "monthly": money(price, "GBP")} for key, price in PLANS.items()]
        return {"plans": listed}  # type: ignore[dict-item]  # a list of JSON objects; lists are invariant

    @router.get("/outages")
    async def outage(postcode: str = "") -> Answer:
        if postcode.strip().upper().startswith(SLOW_POSTCODE):
            await asyncio.sleep(telecom.books.slow_seconds)
        return telecom.outage(postcode)

    @router.get("/customers/{customer}/visits/{day}/{window}")
    async def booked(customer: str, day: date, window: Window) -> Answer:
        telecom.customer(customer)
        found = telecom.visits.get((customer, day, window))
        if found is None:
            raise RefusedError(404, "no_visit", "There is no visit then.")
        return {"visit": found}

    @router.get("/customers/{customer}/bill")
    async def bill(customer: str, month: str = "") -> Answer:
        return telecom.bill(customer, month)
