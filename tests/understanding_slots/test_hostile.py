import sys
import time
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.project import Slot
from understanding.grammar.loading import languages
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
    *(
        "1",
        "12",
        "yüz",
        "bin",
        "zwei",
        "und",
        "half",
        "a",
        "to",
        "and",
        "at",
        "people",
        "十",
        "两",
        "万",
        "点",
        "号",
        "周",
        "$",
        "€",
    ),
    *("@", ".", ",", "-", "/", ":", "'", "not", "değil", "不是", "change", "monday", "march", "pm", "akşam", "下午"),
    *("١", "½", "❽", "İ", "ß", "🙂", "99999999999999999999", " ", "\n", "\x00", "\ud800", "\ufdfa", "e\u0301"),
]
TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(st.sampled_from(PIECES), max_size=60).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=60).map(" ".join),
)


@settings(max_examples=250, deadline=None)
@given(text=TEXTS, locale=st.sampled_from(languages()), requested=st.lists(st.sampled_from(list(SLOTS)), max_size=2))
def test_no_text_breaks_the_reading_and_every_quote_is_exact(text, locale, requested):
    found = extract(text, SLOTS, locale=locale, locales=languages(), now=NOW, requested=requested)

    for each in found:
        assert text[each.start : each.end] == each.quote
        assert 0 <= each.score <= 1
    kept = sorted((each.start, each.end) for each in found)
    assert all(a[1] <= b[0] for a, b in pairwise(kept))


def test_what_is_beyond_the_limit_is_not_read():
    found = extract("x" * 4000 + " tomorrow", {"date": SLOTS["date"]}, locale="en", locales=["en"], now=NOW)

    assert found == []


ENDLESS = [
    *(
        ("en", each)
        for each in ("1 ", "1-1-", "0 0 ", "1,", "to ", "at 5 ", "a@", "a.", "'", "5 people and ", "John Smith ")
    ),
    *(("en", each) for each in ("not ", "a quarter of a ", "$1", "a\u0301\u0302", "from 1 to ")),
    *(("tr", each) for each in ("yüz ", "bin yüz ", "1'de ", "dokuzyüz")),
    *(("zh", each) for each in ("十", "一二三", "百", "万", "1点", "一点", "五点九")),
    *(("de", each) for each in ("zwei und ", "einundzwanzig", "eine halbe ", "am 3. ")),
]


@pytest.mark.parametrize(("locale", "piece"), ENDLESS)
def test_a_message_eight_times_as_long_is_about_eight_times_the_work(locale, piece):
    """Counted in calls, the same on every machine; the seconds only catch an expression that never ends."""
    calls = 0

    def count(_frame, _event, _called):
        nonlocal calls
        calls += 1

    def work(length):
        nonlocal calls
        calls, text = 0, (piece * length)[:length]
        before = sys.getprofile()
        sys.setprofile(count)
        try:
            extract(text, SLOTS, locale=locale, locales=[locale], now=NOW, requested=["money", "text"])
        finally:
            sys.setprofile(before)
        return calls

    work(100)  # what is compiled once
    began = time.process_time()
    assert work(1600) < 16 * work(200)
    assert time.process_time() - began < 60
