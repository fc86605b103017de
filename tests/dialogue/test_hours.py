"""When people are there, as customers of each language read it."""

from datetime import datetime

import pytest

from config.hours import is_open
from dialogue.hours import told_hours
from tests.dialogue.talking import bank, version_of

HOURS = "Mon-Fri 09:00-18:00, Sat 10:00-24:00"


@pytest.mark.parametrize(
    ("locale", "told"),
    [
        ("en", "available Monday to Friday from 9:00 AM to 6:00 PM and Saturday from 10:00 AM to 24:00 and will"),
        ("tr", "Çalışma saatlerimiz: Pazartesi–Cuma 09:00–18:00 ve Cumartesi 10:00–24:00. Ekibimiz"),
        ("zh", "服务时间是星期一至星期五 09:00–18:00和星期六 10:00–24:00，届时"),
        ("de", "Montag bis Freitag 09:00–18:00 Uhr und Samstag 10:00–24:00 Uhr."),
    ],
)
def test_hours_are_told_in_the_customers_language(locale: str, told: str) -> None:
    version = version_of(bank(transfer={"hours": HOURS}, locales=["en", "tr", "zh", "de"]))

    said = version.text("transfer.out_of_hours", locale, hours=told_hours(version, locale))

    assert told in said.replace("\u202f", " ")


def test_without_hours_there_is_nothing_to_tell() -> None:
    assert told_hours(version_of(bank()), "en") == []


@pytest.mark.parametrize(
    ("moment", "there"),
    [
        ("2026-03-13T17:59", True),
        ("2026-03-13T18:00", False),
        ("2026-03-14T23:59", True),
        ("2026-03-15T10:00", False),
        ("2026-03-16T02:00", True),
        ("2026-03-16T06:00", False),
    ],
)
def test_hours_end_with_their_day_or_go_on_past_midnight(moment: str, there: bool) -> None:
    assert is_open(f"{HOURS}, Sun 22:00-06:00", datetime.fromisoformat(moment)) is there
