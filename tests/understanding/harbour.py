"""Places in a conversation with the small bank of the acceptance suite."""

from pathlib import Path

from tests.understanding.conftest import asked

SHOP = Path(__file__).parents[2] / "projects" / "shop"
VISIT = {"branch": "harbour", "date": "2026-03-11", "time": "10:00", "people": 1}
"""Tomorrow, as the tests' clock has it."""

FOR_DAY = {"intent": "book_visit", "filled": {"branch": "harbour"}, "open": asked("slots", slots=["date", "time"])}
FOR_TIME = {
    "intent": "book_visit",
    "filled": {"branch": "harbour", "date": "2026-03-11"},
    "open": asked("slots", slots=["time"]),
}
TO_VISIT = {"intent": "book_visit", "filled": VISIT, "open": asked("confirm")}
EUROS = {"amount": {"amount": 500, "currency": "EUR"}}
FOR_ACCOUNT = {"intent": "send_money", "filled": EUROS, "open": asked("slots", slots=["account"])}
TO_SEND = {"intent": "send_money", "filled": {**EUROS, "account": "12345678"}, "open": asked("confirm")}
