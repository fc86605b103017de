import time
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.project import Slot
from understanding.slots import extract

NOW = datetime(2026, 3, 11, 10, tzinfo=ZoneInfo("Europe/London"))
TYPES = [
    "text",
    "name",
    "id",
    "number",
    "integer",
    "boolean",
    "date",
    "time",
    "datetime",
    "duration",
    "money",
    "phone",
    "email",
    "count",
]
SLOTS = {kind: Slot(type=kind) for kind in TYPES} | {
    "code": Slot(type="id", pattern="[A-Z]{3}-[0-9]{6}"),
    "iban": Slot(type="id", format="iban"),
    "card": Slot(type="id", format="card"),
    "colour": Slot(type="choice", values={"red": {"tr": ["kırmızı"]}, "dark blue": {"zh": ["深蓝"]}}),
    "from_city": Slot(type="location", values=["Ankara", "New York"]),
    "to_city": Slot(type="location", values=["Ankara", "New York"]),
}
PIECES = [
    *("1", "12", "yüz", "bin", "half", "a", "to", "and", "at", "people", "十", "两", "万", "点", "号", "周", "$", "€"),
    *("@", ".", ",", "-", "/", ":", "'", "not", "değil", "不是", "change", "monday", "march", "pm", "akşam", "下午"),
    *("١", "½", "❽", "İ", "ß", "🙂", "99999999999999999999", " ", "\n", "\x00", "\ud800", "\ufdfa", "e\u0301"),
]
TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(st.sampled_from(PIECES), max_size=60).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=60).map(" ".join),
)


@settings(max_examples=250, deadline=None)
@given(
    text=TEXTS, locale=st.sampled_from(["en", "tr", "zh"]), requested=st.lists(st.sampled_from(list(SLOTS)), max_size=2)
)
def test_no_text_breaks_the_reading_and_every_quote_is_exact(text, locale, requested):
    found = extract(text, SLOTS, locale=locale, locales=["en", "tr", "zh"], now=NOW, requested=requested)

    for each in found:
        assert text[each.start : each.end] == each.quote
        assert 0 <= each.score <= 1
    kept = sorted((each.start, each.end) for each in found)
    assert all(a[1] <= b[0] for a, b in pairwise(kept))


@pytest.mark.parametrize(
    "piece", ["1 ", "to ", "at 5 ", "yüz ", "十", "1-1-", "a@", "5 people and ", "'", "John Smith ", "0 0 ", "not "]
)
@pytest.mark.parametrize("locale", ["en", "tr", "zh"])
def test_a_long_message_is_read_in_bounded_time(piece, locale):
    text = (piece * 4000)[:4000]
    extract(piece, SLOTS, locale=locale, locales=[locale], now=NOW)
    began = time.process_time()

    extract(text, SLOTS, locale=locale, locales=[locale], now=NOW, requested=["money", "text"])

    assert time.process_time() - began < 3


def test_what_is_beyond_the_limit_is_not_read():
    found = extract("x" * 4000 + " tomorrow", {"date": SLOTS["date"]}, locale="en", locales=["en"], now=NOW)

    assert found == []
