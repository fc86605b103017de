"""A part of a text that was given before, put right by naming what is wrong with it."""

import pytest

from config.loading import load_version
from tests.understanding.conftest import asked, at
from tests.understanding.harbour import SHOP

NOTE = {"amount": {"amount": 500, "currency": "EUR"}, "account": "12345678"}


@pytest.fixture(scope="module")
def shop():
    return load_version(SHOP)


def to_send(note):
    return {"intent": "send_money", "filled": {**NOTE, "note": note}, "open": asked("confirm")}


def to_deliver(address):
    return {"intent": "change_address", "filled": {"order_id": "D10001", "address": address}, "open": asked("confirm")}


def filled(understood):
    return [(c["slot"], c["value"]) for c in understood.commands if c["command"] == "fill"]


@pytest.mark.parametrize(
    "case",
    [
        ("rent for March", "not March, April", "en", "rent for April"),
        ("rent for March", "it's April, not March", "en", "rent for April"),
        ("rent for March", "sorry, April instead of March", "en", "rent for April"),
        ("rent for March", "change March to April", "en", "rent for April"),
        ("ev kirası mart", "mart değil nisan olacak", "tr", "ev kirası nisan"),
        ("ev kirası mart", "nisan olacak, mart değil", "tr", "ev kirası nisan"),
        ("kasım kirası", "kasım değil aralık kirası olacak pardon", "tr", "aralık kirası"),
        ("rent for March", "sorry, the rent for April, not March", "en", "rent for April"),
        ("三月房租", "不是三月，是四月", "zh", "四月房租"),
        ("三月房租", "是四月不是三月", "zh", "四月房租"),
        ("三月房租", "把三月改成四月", "zh", "四月房租"),
    ],
)
async def test_a_part_of_a_note_is_put_right(reader, harbour, case):
    note, message, locale, right = case

    assert filled(await reader.understand(harbour, at(message, locale=locale, **to_send(note)))) == [("note", right)]


@pytest.mark.parametrize(
    ("message", "right"),
    [
        ("等下，门牌号不是88，是99", "北京市朝阳区建国路99号"),
        ("把88号改成66号", "北京市朝阳区建国路66号"),
        ("写错了，是海淀区不是朝阳区", "北京市海淀区建国路88号"),
    ],
)
async def test_a_part_of_an_address_is_put_right(reader, shop, message, right):
    situation = at(message, locale="zh", **to_deliver("北京市朝阳区建国路88号"))

    assert filled(await reader.understand(shop, situation)) == [("address", right)]


@pytest.mark.parametrize(
    ("message", "locale"),
    [("not 500, 600", "en"), ("500 değil 600", "tr"), ("不是500，是600", "zh")],
)
async def test_a_typed_value_is_corrected_although_its_figures_stand_in_a_text(reader, harbour, message, locale):
    understood = await reader.understand(harbour, at(message, locale=locale, **to_send("invoice 500")))

    assert filled(understood) == [("amount", {"amount": 600, "currency": "EUR"})]


@pytest.mark.parametrize(
    ("message", "locale"),
    [("not rent", "en"), ("I did not pay the rent", "en"), ("kira değil", "tr"), ("不是房租", "zh")],
)
async def test_a_part_that_is_denied_with_nothing_in_its_place_is_not_rewritten(reader, harbour, message, locale):
    note = {"en": "rent for March", "tr": "mart kira", "zh": "三月房租"}[locale]
    understood = await reader.understand(harbour, at(message, locale=locale, **to_send(note)))

    assert all(value is None for slot, value in filled(understood) if slot == "note")
