"""A library behind the grammars, for days that were asked for and that none of them reads."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from config.project import Slot
from understanding.backstops import open_dates
from understanding.slots import extract

NOW = datetime(2026, 3, 11, 10, tzinfo=ZoneInfo("Europe/Istanbul"))
DAY = {"day": Slot(type="date")}


@pytest.fixture(scope="module")
def read():
    return open_dates(extract)


@pytest.mark.parametrize(
    ("locale", "text", "day"),
    [
        ("fr", "dans 3 jours", "2026-03-14"),
        ("fr", " dans trois jours ", "2026-03-14"),
        ("ru", "3 мая", "2026-05-03"),
    ],
)
def test_a_day_that_no_grammar_reads_is_a_doubtful_value_of_what_was_asked(read, locale, text, day):
    options: dict[str, Any] = {"locale": locale, "locales": [locale], "now": NOW, "requested": ["day"]}

    (found,) = read(text, DAY, **options)

    assert [each.value for each in extract(text, DAY, **options)] != [day]
    assert (found.slot, found.value, found.quote) == ("day", day, text.strip())
    assert text[found.start : found.end] == found.quote
    assert found.score <= 0.55


def test_what_a_grammar_reads_stays_as_it_is(read):
    options: dict[str, Any] = {"locale": "en", "locales": ["en"], "now": NOW, "requested": ["day"]}

    assert read("next Friday", DAY, **options) == extract("next Friday", DAY, **options)


@pytest.mark.parametrize(
    "text", ["last month", "last week", "no idea", "I may", "hello there", "x" * 2000, "9" * 50 + " days ago"]
)
def test_what_is_no_day_is_none(read, text):
    assert read(text, DAY, locale="en", locales=["en"], now=NOW, requested=["day"]) == []


def test_nothing_is_read_that_was_not_asked_for(read):
    assert read("dans trois jours", DAY, locale="fr", locales=["fr"], now=NOW) == []
