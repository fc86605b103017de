"""A Turkish bank's back office: accounts, cards, transfers, branch appointments."""

import asyncio
import hmac
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from datetime import time as clock_time
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query

from demo.books import Answer, Books, Form, IdempotencyKey, Money, RefusedError, money

FEE = Decimal("2.50")
TOKEN_SECONDS = 300
BRANCHES = {
    "kadikoy": ("Kadıköy", "İstanbul"),
    "besiktas": ("Beşiktaş", "İstanbul"),
    "cankaya": ("Çankaya", "Ankara"),
    "konak": ("Konak", "İzmir"),
}
OPENS, CLOSES, ALWAYS_TAKEN = clock_time(9), clock_time(16, 30), clock_time(10)


class TokenRequest(Form):
    """A client that wants a token."""

    client: str
    secret: str


class BlockRequest(Form):
    """A card to block."""

    customer: str
    last4: str
    reason: Literal["lost", "stolen", "suspicious", "other"] = "other"


class TransferRequest(Form):
    """Money to send."""

    customer: str
    account: str = "checking"
    amount: Decimal | Money
    iban: str
    note: str | None = None


class AppointmentRequest(Form):
    """A time at a branch."""

    customer: str
    branch: str
    date: date
    time: clock_time
    subject: str | None = None


@dataclass
class Appointment:
    """A time at a branch that a customer has, or had until it was cancelled."""

    customer: str
    slot: tuple[str, date, clock_time]
    cancelled: bool = False


@dataclass
class Customer:
    """A customer with accounts (balance and currency) and cards (kind and status)."""

    name: str
    branch: str
    accounts: dict[str, tuple[Decimal, str]]
    cards: dict[str, list[str]]


def seeded_customers() -> dict[str, Customer]:
    """The customers named in the README."""
    return {
        "10000001": Customer(
            "Ayşe Yılmaz",
            "kadikoy",
            {
                "checking": (Decimal(12500), "TRY"),
                "savings": (Decimal(80000), "TRY"),
                "dollar": (Decimal(1200), "USD"),
            },
            {"4821": ["debit", "active"], "9034": ["credit", "active"]},
        ),
        "10000002": Customer(
            "Mehmet Demir", "cankaya", {"checking": (Decimal("150.75"), "TRY")}, {"7710": ["debit", "active"]}
        ),
        "10000003": Customer(
            "Elif Kaya", "konak", {"checking": (Decimal(1_000_000), "TRY")}, {"5566": ["credit", "blocked"]}
        ),
    }


def right_iban(text: str) -> str:
    """The IBAN without spaces; refused where its check digits are wrong."""
    iban = re.sub(r"\s", "", text).upper()
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}", iban):
        raise RefusedError(422, "bad_iban", "This is not an IBAN.")
    digits = "".join(str(int(character, 36)) for character in iban[4:] + iban[:4])
    if int(digits) % 97 != 1 or (iban.startswith("TR") and len(iban) != 26):
        raise RefusedError(422, "bad_iban", "The check digits of this IBAN are wrong.")
    return iban


@dataclass
class Bank:
    """The bank's data and its rules."""

    books: Books
    environment: Mapping[str, str]
    customers: dict[str, Customer] = field(default_factory=seeded_customers)
    appointments: dict[str, Appointment] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)

    def token(self, request: TokenRequest) -> Answer:
        """A token for the right client."""
        right = hmac.compare_digest(request.client.encode(), self.environment["BANK_CLIENT"].encode())
        right &= hmac.compare_digest(request.secret.encode(), self.environment["BANK_SECRET"].encode())
        if not right:
            raise RefusedError(401, "unauthorized", "Unknown client or wrong secret.")
        token = secrets.token_urlsafe(24)
        self.tokens = {old: until for old, until in self.tokens.items() if until > time.monotonic()}
        self.tokens[token] = time.monotonic() + TOKEN_SECONDS
        return {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}

    async def allow(self, authorization: Annotated[str, Header()] = "") -> None:
        """Lets only a fresh token pass."""
        if self.tokens.get(authorization.removeprefix("Bearer "), 0.0) < time.monotonic():
            raise RefusedError(401, "unauthorized", "The token is missing, unknown or expired.")

    def customer(self, number: str) -> Customer:
        """The customer of that number."""
        if number not in self.customers:
            raise RefusedError(404, "unknown_customer", "There is no customer of that number.")
        return self.customers[number]

    def account(self, customer: str, name: str) -> tuple[Decimal, str]:
        """Balance and currency of one account."""
        accounts = self.customer(customer).accounts
        if name not in accounts:
            raise RefusedError(404, "unknown_account", "The customer has no such account.")
        return accounts[name]

    def block(self, request: BlockRequest) -> Answer:
        """Block a card."""
        card = self.customer(request.customer).cards.get(request.last4)
        if card is None:
            raise RefusedError(404, "unknown_card", "The customer has no card ending so.")
        if card[1] == "blocked":
            raise RefusedError(409, "already_blocked", "This card is blocked already.")
        card[1] = "blocked"
        new_card = self.books.today() + timedelta(days=5)
        number = self.books.number("card_block", "BL")
        return {
            "block": {"id": number, "last4": request.last4, "status": "blocked", "new_card_by": new_card.isoformat()}
        }

    def transfer(self, request: TransferRequest) -> Answer:
        """Move money out of an account, with a fee."""
        balance, currency = self.account(request.customer, request.account)
        right_iban(request.iban)
        amount = request.amount.amount if isinstance(request.amount, Money) else request.amount
        if not amount.is_finite() or amount <= 0 or amount != round(amount, 2):
            raise RefusedError(422, "bad_amount", "An amount is above zero and has at most two decimals.")
        if isinstance(request.amount, Money) and request.amount.currency != currency:
            raise RefusedError(422, "bad_amount", f"This account is in {currency}.")
        if amount + FEE > balance:
            raise RefusedError(409, "insufficient_funds", "The balance does not cover the amount and the fee.")
        left = balance - amount - FEE
        self.customers[request.customer].accounts[request.account] = (left, currency)
        return {
            "data": {
                "id": self.books.number("transfer", "TR"),
                "status": "completed",
                "fees": [money(FEE, "TRY")],
                "balance": money(left, currency),
            }
        }

    def appoint(self, request: AppointmentRequest) -> Answer:
        """Book a time at a branch."""
        self.customer(request.customer)
        if request.branch not in BRANCHES:
            raise RefusedError(404, "unknown_branch", "There is no such branch.")
        slot = (request.branch, request.date, request.time)
        closed = request.date.weekday() > 4 or request.date < self.books.today()
        if closed or not OPENS <= request.time <= CLOSES:
            raise RefusedError(422, "outside_hours", "Branches are open on weekdays from 09:00 to 16:30.")
        if request.time == ALWAYS_TAKEN or slot in self.taken():
            raise RefusedError(409, "slot_taken", "This time is taken.")
        number = self.books.number("appointment", "RN")
        self.appointments[number] = Appointment(request.customer, slot)
        at = {"date": request.date.isoformat(), "time": request.time.strftime("%H:%M")}
        return {"appointment": {"id": number, "branch": request.branch, **at}}

    def taken(self) -> set[tuple[str, date, clock_time]]:
        """The times for which somebody comes."""
        return {each.slot for each in self.appointments.values() if not each.cancelled}

    def cancel_appointment(self, number: str, customer: str) -> Answer:
        """Free a booked time."""
        found = self.appointments.get(number.upper())
        if found is None or found.customer != customer:
            raise RefusedError(404, "unknown_appointment", "The customer has no appointment of that number.")
        if found.cancelled:
            raise RefusedError(409, "already_cancelled", "This appointment is cancelled already.")
        found.cancelled = True
        self.books.effects["appointment_cancelled"] += 1
        return {"appointment": {"id": number.upper(), "status": "cancelled"}}


def build_bank(bank: Bank) -> APIRouter:
    """The bank's endpoints."""
    router = APIRouter(prefix="/bank", tags=["bank"])
    inside = APIRouter(dependencies=[Depends(bank.allow)])
    _add_reading(inside, bank)

    @router.post("/token")
    async def token(request: TokenRequest) -> Answer:
        return bank.token(request)

    @inside.post("/cards/block", status_code=201)
    async def block(request: BlockRequest, key: IdempotencyKey = None) -> Answer:
        return bank.books.once("card_block", key, request, lambda: bank.block(request))

    @inside.post("/transfers", status_code=201)
    async def transfer(request: TransferRequest, key: IdempotencyKey = None) -> Answer:
        return bank.books.once("transfer", key, request, lambda: bank.transfer(request))

    @inside.post("/appointments", status_code=201)
    async def appoint(request: AppointmentRequest, key: IdempotencyKey = None) -> Answer:
        return bank.books.once("appointment", key, request, lambda: bank.appoint(request))

    @inside.delete("/appointments/{number}")
    async def cancel(number: str, customer: str, key: IdempotencyKey = None) -> Answer:
        act = lambda: bank.cancel_appointment(number, customer)  # noqa: E731  # reads better than a nested function
        return bank.books.once("appointment_cancelled", key, None, act, about=f"{customer} {number}")

    router.include_router(inside)
    return router


def _add_reading(router: APIRouter, bank: Bank) -> None:
    @router.get("/customers/{customer}")
    async def who(customer: str) -> Answer:
        found = bank.customer(customer)
        return {"customer": {"id": customer, "name": found.name, "branch": found.branch}}

    @router.get("/customers/{customer}/accounts/{account}")
    async def balance(customer: str, account: str) -> Answer:
        amount, currency = bank.account(customer, account)
        iban = f"TR00 0006 1000 0000 {customer[:4]} {customer[4:]} 01"
        both = {"balance": money(amount, currency), "available": money(amount, currency)}
        return {"account": {"id": f"{customer}-{account}", "type": account, "iban": iban, **both}}

    @router.get("/customers/{customer}/statement")
    async def statement(customer: str, period: Annotated[Literal["month", "year"], Query()] = "month") -> Answer:
        bank.customer(customer)
        if period == "year":
            await asyncio.sleep(bank.books.slow_seconds)
        factor = 12 if period == "year" else 1
        sums = {"in": money(Decimal(30000) * factor, "TRY"), "out": money(Decimal(21450) * factor, "TRY")}
        return {"statement": {"period": period, "count": 17 * factor, **sums}}

    @router.get("/customers/{customer}/cards")
    async def cards(customer: str) -> Answer:
        found = bank.customer(customer).cards
        return {"cards": [{"last4": last4, "kind": kind, "status": state} for last4, (kind, state) in found.items()]}

    @router.get("/branches")
    async def branches(city: str = "") -> Answer:
        wanted = city.casefold()
        listed = [(key, name, town) for key, (name, town) in BRANCHES.items() if wanted in ("", town.casefold())]
        return {"branches": [{"id": key, "name": name, "city": town} for key, name, town in listed]}
