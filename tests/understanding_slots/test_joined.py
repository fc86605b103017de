"""Identifiers are not made of words, and an author's pattern that cannot be run finds nothing."""

from datetime import UTC, datetime

import pytest

from config.checking.patterns import pattern_fault
from config.project import Slot
from understanding.slots import extract

NOW = datetime(2026, 3, 10, tzinfo=UTC)


def values(text, slot, *, requested=()):
    found = extract(text, {"number": slot}, locale="en", locales=["en"], now=NOW, requested=requested)
    return [each.value for each in found]


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("YOU SEND ME AN INVOICE", "[0-9A-Z]{15,20}", []),
        ("please send it today", "[A-Z]{6}", []),
        ("91310000 MA1FL0X12X", "[0-9A-Z]{15,20}", ["91310000MA1FL0X12X"]),
        ("my tax number is 91310000-MA1FL0X12X", "[0-9A-Z]{15,20}", ["91310000MA1FL0X12X"]),
        ("d 10001", "D[0-9]{5}", ["D10001"]),
        ("the code is QWERTY", "[A-Z]{6}", ["QWERTY"]),
        ("SW1A 1AA", "[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}", ["SW1A 1AA"]),
    ],
)
def test_words_are_not_joined_to_an_identifier(text, pattern, expected):
    assert values(text, Slot(type="id", pattern=pattern)) == expected


@pytest.mark.parametrize("pattern", ["[0-9", "(a+)+$", "(.*)*x", "a" * 2000])
def test_what_the_check_refuses_is_never_run(pattern):
    assert pattern_fault(pattern) is not None
    assert values("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1", Slot(type="id", pattern=pattern)) == []


def test_a_repeated_group_of_fixed_length_is_run():
    assert values("AB12CD34", Slot(type="id", pattern="(?:[A-Z]{2}[0-9]{2})+")) == ["AB12CD34"]
