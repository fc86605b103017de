"""What a slot allows, as tables."""

from datetime import UTC, datetime

import pytest

from config.project import Slot
from dialogue.display import readable, shown
from dialogue.values import duration_seconds, judge

NOW = datetime(2026, 3, 11, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("slot", "value", "verdict"),
    [
        ({"type": "integer", "min": 1, "max": 5}, 0, "too_small"),
        ({"type": "integer", "min": 1, "max": 5}, 1, "valid"),
        ({"type": "integer", "min": 1, "max": 5}, 5, "valid"),
        ({"type": "integer", "min": 1, "max": 5}, 6, "too_large"),
        ({"type": "integer"}, 1.5, "wrong_type"),
        ({"type": "integer"}, True, "wrong_type"),
        ({"type": "number"}, 1.5, "valid"),
        ({"type": "boolean"}, 1, "wrong_type"),
        ({"type": "boolean"}, False, "valid"),
        ({"type": "money", "min": 1}, {"amount": 0.5, "currency": "TRY"}, "too_small"),
        ({"type": "money"}, 500, "wrong_type"),
        ({"type": "money"}, {"amount": True, "currency": "TRY"}, "wrong_type"),
        ({"type": "date", "min": "today"}, "2026-03-11", "valid"),
        ({"type": "date", "min": "today"}, "2026-03-10", "too_small"),
        ({"type": "date", "max": "today+30d"}, "2026-04-10", "valid"),
        ({"type": "date", "max": "today+30d"}, "2026-04-11", "too_large"),
        ({"type": "date"}, "2026-02-30", "wrong_type"),
        ({"type": "time", "min": "09:00", "max": "18:00"}, "08:59", "too_small"),
        ({"type": "time", "min": "09:00", "max": "18:00"}, "18:00", "valid"),
        ({"type": "datetime", "min": "now+2h"}, "2026-03-11T11:59:00+00:00", "too_small"),
        ({"type": "datetime"}, "2026-03-11T12:00:00", "wrong_type"),
        ({"type": "duration", "max": "P14D"}, "P2W", "valid"),
        ({"type": "duration", "max": "P14D"}, "P15D", "too_large"),
        ({"type": "duration"}, "P", "wrong_type"),
        ({"type": "phone"}, "+905321234567", "valid"),
        ({"type": "phone"}, "0532", "wrong_type"),
        ({"type": "email"}, "a@b.co", "valid"),
        ({"type": "email"}, "a@b", "wrong_type"),
        ({"type": "choice", "values": ["a", "b"]}, "c", "not_allowed"),
        ({"type": "id", "pattern": "[A-Z]{2}[0-9]{3}"}, "AB123", "valid"),
        ({"type": "id", "pattern": "[A-Z]{2}[0-9]{3}"}, "AB1234", "not_allowed"),
        ({"type": "id", "pattern": "(a+)+"}, "a" * 501, "not_allowed"),
        ({"type": "id", "format": "iban"}, "TR330006100519786457841326", "valid"),
        ({"type": "id", "format": "iban"}, "TR330006100519786457841327", "checksum"),
        ({"type": "id", "format": "tckn"}, "10000000146", "valid"),
        ({"type": "id", "format": "tckn"}, "10000000147", "checksum"),
        ({"type": "text"}, "   ", "wrong_type"),
    ],
)
def test_a_value_is_judged_by_its_slot(slot, value, verdict):
    assert judge(Slot.model_validate(slot), value, NOW) == verdict


@pytest.mark.parametrize(
    ("value", "en", "tr", "zh"),
    [
        ({"amount": 1500.5, "currency": "TRY"}, "1,500.50 TRY", "₺1.500,50", "1,500.50 TRY"),
        ({"amount": 20, "currency": "CNY"}, "CN¥20.00", "CN¥20,00", "¥20.00"),
        ("2026-03-15", "Sunday, March 15, 2026", "15 Mart 2026 Pazar", "2026年3月15日星期日"),
        ("PT1H30M", "1 hour 30 minutes", "1 saat 30 dakika", "1小时 30分钟"),
        (1234.5, "1,234.5", "1.234,5", "1,234.5"),
        ("plain words", "plain words", "plain words", "plain words"),
        ("2026-99-99", "2026-99-99", "2026-99-99", "2026-99-99"),
    ],
)
def test_a_value_reads_as_it_is_written_in_the_language(value, en, tr, zh):
    assert [readable(value, locale) for locale in ("en", "tr", "zh")] == [en, tr, zh]


def test_a_secret_value_shows_its_last_four_characters_at_most():
    slot = Slot(type="id", sensitive=True)

    assert shown(slot, "4111111111111111", "en") == "••••1111"
    assert shown(slot, "123456", "en") == "••••"


def test_a_choice_is_shown_by_its_first_synonym():
    slot = Slot(type="choice", values={"no_need": {"tr": ["ihtiyaç kalmadı", "vazgeçtim"]}})

    assert shown(slot, "no_need", "tr") == "ihtiyaç kalmadı"
    assert shown(slot, "no_need", "en") == "no need"


@pytest.mark.parametrize(("text", "seconds"), [("PT90M", 5400), ("P1DT1S", 86_401), ("P", None), ("1h", None)])
def test_durations_are_compared_in_seconds(text, seconds):
    assert duration_seconds(text) == seconds
