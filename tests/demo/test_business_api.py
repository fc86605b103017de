"""The demo business API keeps the promises of its README."""

from datetime import UTC, date, datetime, timedelta

import httpx2
import pytest

from demo.business_api import CREDENTIALS, build_app
from demo.serve import demo_environment

MONDAY = date(2026, 3, 16)
IBAN = "TR150006100000000000000101"


@pytest.fixture(scope="module")
def app():
    return build_app({}, now=lambda: datetime(2026, 3, 16, 9, tzinfo=UTC), slow_seconds=0.0)


@pytest.fixture
async def api(app):
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://demo") as client:
        await client.post("/reset")
        yield client


@pytest.fixture
async def bank(api):
    answer = await api.post("/bank/token", json={"client": "demo-bank", "secret": "demo-bank-secret"})
    assert answer.json()["expires_in"] == 300
    api.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return api


@pytest.fixture
def shop(api):
    api.headers["X-API-Key"] = CREDENTIALS["SHOP_KEY"]
    return api


@pytest.fixture
def telecom(api):
    api.headers["Authorization"] = f"Bearer {CREDENTIALS['TELECOM_TOKEN']}"
    return api


def said(answer):
    return answer.status_code, answer.json().get("error")


def transfer(**more):
    return {"customer": "10000001", "amount": 500, "iban": IBAN, **more}


def visit(**more):
    return {"customer": "400100", "date": "2026-03-17", "window": "morning", **more}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/bank/customers/10000001"),
        ("POST", "/bank/transfers"),
        ("GET", "/shop/orders/D10001"),
        ("GET", "/telecom/plans"),
    ],
)
async def test_nothing_without_credentials(api, method, path):
    assert said(await api.request(method, path)) == (401, "unauthorized")


async def test_a_wrong_secret_gets_no_token(api):
    answer = await api.post("/bank/token", json={"client": "demo-bank", "secret": "guess"})

    assert said(answer) == (401, "unauthorized")


async def test_money_leaves_the_account_with_a_fee(bank):
    answer = await bank.post("/bank/transfers", json=transfer(amount={"amount": 500, "currency": "TRY"}))
    left = await bank.get("/bank/customers/10000001/accounts/checking")

    assert answer.status_code == 201
    assert answer.json()["data"] == {
        "id": "TR-000001",
        "status": "completed",
        "fees": [{"amount": 2.5, "currency": "TRY"}],
        "balance": {"amount": 11997.5, "currency": "TRY"},
    }
    assert left.json()["account"]["balance"] == {"amount": 11997.5, "currency": "TRY"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"amount": 12498}, (409, "insufficient_funds")),
        ({"customer": "999"}, (404, "unknown_customer")),
        ({"account": "gold"}, (404, "unknown_account")),
        ({"iban": "TR000006100000000000000101"}, (422, "bad_iban")),
        ({"iban": "hello"}, (422, "bad_iban")),
        ({"amount": 0}, (422, "bad_amount")),
        ({"amount": -5}, (422, "bad_amount")),
        ({"amount": 1.234}, (422, "bad_amount")),
        ({"amount": {"amount": 5, "currency": "EUR"}}, (422, "bad_amount")),
        ({"amount": "much"}, (422, "invalid_request")),
        ({"surprise": 1}, (422, "invalid_request")),
    ],
)
async def test_a_transfer_is_refused(bank, change, expected):
    assert said(await bank.post("/bank/transfers", json=transfer(**change))) == expected
    assert (await bank.get("/effects")).json()["total"] == 0


async def test_a_repeated_key_does_nothing_twice(bank):
    first, again = [
        await bank.post("/bank/transfers", json=transfer(), headers={"Idempotency-Key": "k1"}) for _ in range(2)
    ]
    other = await bank.post("/bank/transfers", json=transfer(amount=1), headers={"Idempotency-Key": "k1"})

    assert first.json() == again.json()
    assert said(other) == (422, "key_reused")
    assert (await bank.get("/effects")).json() == {"total": 1, "by_kind": {"transfer": 1}}


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        ({"customer": "10000001", "last4": "4821", "reason": "lost"}, (201, None)),
        ({"customer": "10000001", "last4": "0000"}, (404, "unknown_card")),
        ({"customer": "10000003", "last4": "5566"}, (409, "already_blocked")),
        ({"customer": "10000001", "last4": "4821", "reason": "whim"}, (422, "invalid_request")),
    ],
)
async def test_a_card_is_blocked_once(bank, card, expected):
    assert said(await bank.post("/bank/cards/block", json=card)) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, (201, None)),
        ({"time": "10:00"}, (409, "slot_taken")),
        ({"time": "08:30"}, (422, "outside_hours")),
        ({"time": "17:00"}, (422, "outside_hours")),
        ({"date": "2026-03-21"}, (422, "outside_hours")),
        ({"date": "2026-03-13"}, (422, "outside_hours")),
        ({"branch": "moon"}, (404, "unknown_branch")),
        ({"customer": "1"}, (404, "unknown_customer")),
    ],
)
async def test_an_appointment_keeps_to_the_branch_hours(bank, change, expected):
    wanted = {"customer": "10000001", "branch": "kadikoy", "date": "2026-03-17", "time": "11:00", **change}

    assert said(await bank.post("/bank/appointments", json=wanted)) == expected


async def test_an_appointment_takes_its_time(bank):
    wanted = {"customer": "10000001", "branch": "kadikoy", "date": "2026-03-17", "time": "11:00"}
    await bank.post("/bank/appointments", json=wanted)

    assert said(await bank.post("/bank/appointments", json=wanted)) == (409, "slot_taken")


async def test_a_cancelled_appointment_is_gone_and_its_time_free(bank):
    wanted = {"customer": "10000001", "branch": "kadikoy", "date": "2026-03-17", "time": "11:00"}
    number = (await bank.post("/bank/appointments", json=wanted)).json()["appointment"]["id"]
    others, done, again = [
        await bank.delete(f"/bank/appointments/{number}", params={"customer": customer})
        for customer in ("10000002", "10000001", "10000001")
    ]

    assert said(others) == (404, "unknown_appointment")
    assert done.json() == {"appointment": {"id": number, "status": "cancelled"}}
    assert said(again) == (409, "already_cancelled")
    assert said(await bank.post("/bank/appointments", json=wanted)) == (201, None)


async def test_a_cancellation_sent_again_with_its_key_is_answered_the_same(bank):
    wanted = {"customer": "10000001", "branch": "kadikoy", "date": "2026-03-17", "time": "11:00"}
    path = f"/bank/appointments/{(await bank.post('/bank/appointments', json=wanted)).json()['appointment']['id']}"
    once, twice = [
        await bank.delete(path, params={"customer": "10000001"}, headers={"Idempotency-Key": "k2"}) for _ in range(2)
    ]

    assert (once.status_code, once.json()) == (200, twice.json())


async def test_the_bank_tells_what_it_knows(bank):
    cards = await bank.get("/bank/customers/10000001/cards")
    branches = await bank.get("/bank/branches", params={"city": "ankara"})
    statement = await bank.get("/bank/customers/10000001/statement", params={"period": "year"})

    assert [card["last4"] for card in cards.json()["cards"]] == ["4821", "9034"]
    assert [branch["id"] for branch in branches.json()["branches"]] == ["cankaya"]
    assert statement.json()["statement"]["in"] == {"amount": 360000.0, "currency": "TRY"}


@pytest.mark.parametrize(
    ("order", "status"),
    [("D10001", "paid"), ("D10002", "shipped"), ("d10003", "delivered"), ("D10007", "cancelled"), ("D10008", "packed")],
)
async def test_an_order_has_a_status(shop, order, status):
    assert (await shop.get(f"/shop/orders/{order}")).json()["order"]["status"] == status


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("D10003", (201, None)),
        ("D10004", (409, "window_over")),
        ("D10005", (409, "already_returned")),
        ("D10001", (409, "not_delivered")),
        ("X", (404, "unknown_order")),
    ],
)
async def test_a_return_keeps_to_the_rules(shop, order, expected):
    assert said(await shop.post(f"/shop/orders/{order}/returns", json={"reason": "quality"})) == expected


async def test_a_return_can_be_withdrawn_once_and_made_again(shop):
    path = "/shop/orders/D10003/returns"
    made = await shop.post(path, json={"reason": "quality"})
    kept, again = await shop.delete(path), await shop.delete(path)

    assert kept.json() == {"return": {"id": made.json()["return"]["id"], "status": "withdrawn"}}
    assert said(again) == (409, "no_return")
    assert said(await shop.delete("/shop/orders/D10005/returns")) == (409, "no_return")
    assert said(await shop.post(path, json={"reason": "quality"})) == (201, None)


@pytest.mark.parametrize(
    ("order", "expected"), [("D10001", (200, None)), ("D10008", (200, None)), ("D10002", (409, "already_shipped"))]
)
async def test_an_address_changes_before_shipping(shop, order, expected):
    assert said(await shop.put(f"/shop/orders/{order}/address", json={"address": "上海市南京东路1号"})) == expected


@pytest.mark.parametrize(
    ("order", "change", "expected"),
    [
        ("D10001", {}, (201, None)),
        ("D10006", {}, (409, "already_invoiced")),
        ("D10001", {"kind": "company"}, (422, "tax_id_needed")),
        ("D10001", {"kind": "company", "tax_id": "91310000MA1K35A1X5"}, (201, None)),
        ("D10001", {"email": "nowhere"}, (422, "invalid_request")),
    ],
)
async def test_an_invoice_needs_what_it_needs(shop, order, change, expected):
    wanted = {"title": "张三", "email": "a@b.example", **change}

    assert said(await shop.post(f"/shop/orders/{order}/invoice", json=wanted)) == expected


@pytest.mark.parametrize(
    ("customer", "plan", "expected"),
    [
        ("400100", "family", (200, None)),
        ("400100", "basic", (409, "same_plan")),
        ("400200", "basic", (409, "in_contract")),
        ("400100", "gold", (422, "unknown_plan")),
        ("1", "basic", (404, "unknown_customer")),
    ],
)
async def test_a_plan_changes_where_it_may(telecom, customer, plan, expected):
    assert said(await telecom.put(f"/telecom/customers/{customer}/plan", json={"plan": plan})) == expected


@pytest.mark.parametrize(("postcode", "active"), [("SW1A", True), ("sw1a 1aa", True), ("M1", False), ("ZZ99", False)])
async def test_outages_are_known_by_postcode(telecom, postcode, active):
    answer = await telecom.get("/telecom/outages", params={"postcode": postcode})

    assert answer.json()["outage"]["active"] is active


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, (201, None)),
        ({"date": "2026-03-18"}, (409, "no_slot")),
        ({"date": "2026-03-22"}, (409, "no_slot")),
        ({"date": "2026-03-21", "window": "evening"}, (409, "no_slot")),
        ({"date": "2026-03-15"}, (422, "bad_date")),
        ({"date": "2026-06-15"}, (422, "bad_date")),
        ({"customer": "1"}, (404, "unknown_customer")),
        ({"window": "midnight"}, (422, "invalid_request")),
    ],
)
async def test_a_visit_needs_a_free_window(telecom, change, expected):
    assert said(await telecom.post("/telecom/visits", json=visit(**change))) == expected


async def test_a_visit_is_found_by_its_lookup(telecom):
    before = await telecom.get("/telecom/customers/400100/visits/2026-03-17/morning")
    made = await telecom.post("/telecom/visits", json=visit())
    after = await telecom.get("/telecom/customers/400100/visits/2026-03-17/morning")
    again = await telecom.post("/telecom/visits", json=visit())

    assert said(before) == (404, "no_visit")
    assert made.json() == after.json()
    assert said(again) == (409, "already_booked")


async def test_a_bill_is_of_last_month(telecom):
    answer = await telecom.get("/telecom/customers/400100/bill")

    assert answer.json()["bill"]["month"] == "2026-02"
    assert said(await telecom.get("/telecom/customers/400300/bill")) == (404, "no_bill")


async def test_the_desk_takes_what_is_signed(api):
    assert said(await api.post("/desk", json={"event": "transfer"})) == (401, "unauthorized")


async def test_a_reset_seeds_the_data_anew(bank):
    await bank.post("/bank/transfers", json=transfer())
    await bank.post("/reset")
    account = await bank.get("/bank/customers/10000001/accounts/checking")

    assert account.json()["account"]["balance"]["amount"] == 12500.0
    assert (await bank.get("/effects")).json()["total"] == 0


def test_the_environment_names_everything_the_demo_projects_read():
    environment = demo_environment("http://127.0.0.1:8100/")

    assert environment["BANK_API"] == "http://127.0.0.1:8100/bank"
    assert environment["DESK_URL"] == "http://127.0.0.1:8100/desk"
    assert set(CREDENTIALS) <= set(environment)


async def test_the_slots_of_a_window_run_out(telecom):
    days = [(MONDAY + timedelta(days=1)).isoformat()] * 3
    answers = [
        await telecom.post("/telecom/visits", json=visit(customer=customer, date=day))
        for customer, day in zip(["400100", "400200", "400300"], days, strict=True)
    ]

    assert [said(answer) for answer in answers] == [(201, None), (201, None), (409, "no_slot")]
