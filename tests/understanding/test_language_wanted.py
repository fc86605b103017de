"""Customers who ask for another language, and say nothing else."""

import pytest

from tests.understanding.conftest import asked
from understanding.language_wanted import language_wanted


def wanted(harbour, text, question=None):
    return language_wanted(text, harbour.project, question, "send_money" if question else None)


@pytest.mark.parametrize(
    ("message", "locale"),
    [
        ("türkçe devam edelim lütfen", "tr"),
        ("tamam türkçe yaz artık", "tr"),
        ("Türkçe konuşabilir miyiz?", "tr"),
        ("do you also speak turkish?", "tr"),
        ("English please", "en"),
        ("can we switch to English?", "en"),
        ("ingilizce yazar mısınız", "en"),
        ("说英文可以吗", "en"),
        ("还是说中文吧", "zh"),
        ("请用普通话回答", "zh"),
        ("could you answer in Chinese please", "zh"),
    ],
)
def test_a_language_asked_for_is_spoken(harbour, message, locale):
    assert wanted(harbour, message) == locale
    assert wanted(harbour, message, asked("confirm")) == locale


@pytest.mark.parametrize(
    "message",
    [
        "in English, how much does a transfer cost",
        "is there an english speaking adviser at the harbour branch",
        "türkçe sözleşme örneği var mı",
        "我想学中文",
        "turkish airlines",
        "not in English but in Turkish",
        "please continue",
        "",
    ],
)
def test_what_asks_for_more_or_names_no_language_is_read_as_ever(harbour, message):
    assert wanted(harbour, message) is None


@pytest.mark.parametrize(("slot", "locale"), [("note", None), ("account", "en")])
def test_a_language_may_be_the_text_that_was_asked_for(harbour, slot, locale):
    assert wanted(harbour, "English", asked("slots", slots=[slot])) == locale
    assert wanted(harbour, "can we speak English", asked("slots", slots=[slot])) == "en"
