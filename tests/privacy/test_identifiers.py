"""Which texts are identifiers of persons, and which numbers stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.project import Project
from dialogue.privacy import Veil, hide_identifiers


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("IBAN'ım TR150006100000000000000101 lira 500", "IBAN'ım ••• lira 500"),
        ("TR15 0006 1000 0000 0000 0001 01 için 500 lira", "••• için 500 lira"),
        ("to tr15-0006-1000-0000-0000-0001-01.", "to •••."),
        ("DE89 3704 0044 0532 0130 00 and more text", "••• and more text"),
        ("GB82WEST12345698765432", "•••"),
        ("kart 4111 1111 1111 1111 12/27, cvv 123", "kart ••• 12/27, cvv 123"),
        ("4111-1111-1111-1111'e", "•••'e"),
        ("5555555555554444 and 378282246310005", "••• and •••"),
        ("TC 10000000146 benim", "TC ••• benim"),
        ("身份证11010519491231002X谢谢", "身份证•••谢谢"),
        ("身份证:110105 19491231 002x。", "身份证:•••。"),
        ("我的电话13812345678", "我的电话•••"),
        ("电话１３８１２３４５６７８。", "电话•••。"),
        ("call +44 20 7946 0958 please", "call ••• please"),
        ("0532 123 45 67 numaram", "••• numaram"),
        ("tel: (0212) 555 12 34", "tel: •••"),
        ("5321234567", "•••"),
        ("00905321234567", "•••"),
        ("a.b+c@example.com.tr'a yaz", "•••'a yaz"),
        ("mail:王@例子.公司", "mail:•••"),
        ("10000000146 4111111111111111 x@y.de", "••• ••• •••"),
    ],
)
def test_identifiers_are_hidden_however_they_are_written(text, shown):
    assert hide_identifiers(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "order 10042, customer 10000001, code 12345678",
        "TR150006100000000000000102 has wrong check digits",
        "4111 1111 1111 1112",
        "10000000147",
        "11010519491231002Y",
        "2026-11-21T15:43:22.123456Z error_id=9af8523b1c2d4e5f6a7b8c9d0e1f2a3b",
        "127.0.0.1:46617 took 1234567.89 ms",
        "on 2026-12-01 at 10:30, 500.000,00 TL",
        "1.234.567.890 and 1,234,567,890",
        "version 5ef55d6853d8 draft-2d44aedfac05",
        "@everyone, see you",
        "",
    ],
)
def test_other_numbers_stay(text):
    assert hide_identifiers(text) == text


@given(st.text(alphabet="0123456789 -+()./@aTR１X", max_size=200))
def test_hiding_twice_is_hiding_once_and_never_breaks(text):
    once = hide_identifiers(text)

    assert hide_identifiers(once) == once


def test_a_veil_hides_what_the_project_calls_sensitive():
    slots = {"pin": {"type": "text", "sensitive": True}, "city": {"type": "text"}}
    project = Project.model_validate({"name": "p", "locales": ["en"], "intents": {"a": {"slots": slots}}})
    veil = Veil(project, [{"pin": "ab-12", "city": "Izmir", "x": True}])

    assert veil("AB 12 in Izmir, 1234 5678 90") == "••• in Izmir, •••"
    assert Veil(project, [{"pin": "7"}], numbers=False)("7 in 12345678") == "7 in 12345678"
