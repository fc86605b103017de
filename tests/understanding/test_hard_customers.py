"""What difficult customers write where another answer was expected."""

import pytest

from config.loading import load_version
from tests.understanding.conftest import asked, at, said
from tests.understanding.harbour import EUROS, SHOP, TO_VISIT

FOR_NOTE = {
    "intent": "send_money",
    "filled": {**EUROS, "account": "12345678"},
    "open": asked("slots", slots=["note"]),
}
FOR_ADDRESS = {
    "intent": "change_address",
    "filled": {"order_id": "D10001"},
    "open": asked("slots", slots=["address"]),
}
FOR_BRANCH = {"intent": "book_visit", "open": asked("slots", slots=["branch"])}
OFFERED = {**FOR_BRANCH, "open": asked("digression", intents=["balance"])}
DONE = {"changed": True, "open": asked("anything_else")}


@pytest.fixture(scope="module")
def shop():
    return load_version(SHOP)


@pytest.mark.parametrize("message", ["你们一般发什么快递", "退款多久能到账？", "开票要多久"])
async def test_a_question_is_no_address(reader, shop, message):
    assert said(await reader.understand(shop, at(message, locale="zh", **FOR_ADDRESS))) == ["question"]


async def test_two_wishes_are_no_address(reader, shop):
    message = "算了不管了。D10003那双鞋我要退，顺便再给我开张发票"
    understood = await reader.understand(shop, at(message, locale="zh", **FOR_ADDRESS))

    assert [each for each in said(understood) if not each.startswith("fill")] == [
        "cancel",
        "start return_order",
        "start request_invoice",
    ]


@pytest.mark.parametrize("message", ["上海市徐汇区漕溪北路88号", "北京市朝阳区建国路88号，三单元"])
async def test_an_address_is_one(reader, shop, message):
    understood = await reader.understand(shop, at(message, locale="zh", **FOR_ADDRESS))

    assert [(c["slot"], c["value"]) for c in understood.commands] == [("address", message)]


@pytest.mark.parametrize(
    ("message", "locale"),
    [("is there parking for 18 cars at your branch?", "en"), ("18 yaş altı da gelebiliyor mu?", "tr")],
)
async def test_a_figure_in_a_question_is_no_day(reader, harbour, message, locale):
    situation = {"intent": "book_visit", "open": asked("slots", slots=["date"])}

    assert "fill date" not in said(await reader.understand(harbour, at(message, locale=locale, **situation)))


@pytest.mark.parametrize(
    ("message", "locale"), [("is the 18th possible?", "en"), ("ayın 18'i olur mu?", "tr"), ("18号可以吗？", "zh")]
)
async def test_a_day_that_is_asked_for_is_one(reader, harbour, message, locale):
    situation = {"intent": "book_visit", "open": asked("slots", slots=["date"])}

    assert "fill date" in said(await reader.understand(harbour, at(message, locale=locale, **situation)))


@pytest.mark.parametrize(
    ("message", "locale"),
    [
        ("nah, put it back to what it was", "en"),
        ("no, leave it as it was", "en"),
        ("yok, önceki saate dön", "tr"),
        ("eski haline getir", "tr"),
        ("改回原来的", "zh"),
        ("还是原来那个吧", "zh"),
        ("doch wieder wie vorher", "de"),
    ],
)
async def test_what_is_to_be_as_before_is_taken_back(reader, harbour, message, locale):
    (only,) = said(await reader.understand(harbour, at(message, locale=locale, **TO_VISIT)))

    assert only.startswith("undo")


@pytest.mark.parametrize(
    ("message", "locale"),
    [
        ("hmm no, on second thoughts leave me where I was", "en"),
        ("actually, can we call it off?", "en"),
        ("fikrimi değiştirdim ben", "tr"),
        ("eski haline getirebilir misiniz", "tr"),
        ("我反悔了", "zh"),
        ("再改回去行不行", "zh"),
    ],
)
async def test_second_thoughts_after_it_is_done_take_it_back(reader, harbour, message, locale):
    assert said(await reader.understand(harbour, at(message, locale=locale, **DONE))) in (["undo"], ["cancel"])


@pytest.mark.parametrize(
    ("message", "locale", "slot"),
    [
        ("önceki saate dönelim", "tr", "time"),
        ("go back to the previous time", "en", "time"),
        ("时间改回原来的", "zh", "time"),
        ("go back to the previous one", "en", None),
    ],
)
async def test_what_is_named_is_to_be_as_before(reader, harbour, message, locale, slot):
    (undo,) = (await reader.understand(harbour, at(message, locale=locale, **TO_VISIT))).commands

    assert (undo["command"], undo.get("slot")) == ("undo", slot)


@pytest.mark.parametrize("situation", [FOR_BRANCH, TO_VISIT, OFFERED], ids=["value", "yes", "digression"])
@pytest.mark.parametrize("message", ["王小虎", "陈晨", "Ahmet Kaya", "Priya Shah"])
async def test_a_name_is_no_yes(reader, harbour, message, situation):
    assert "affirm" not in said(await reader.understand(harbour, at(message, locale="zh", **situation)))


@pytest.mark.parametrize(
    ("message", "locale"),
    [
        ("ne işinize yarayacak bu", "tr"),
        ("hesap numaramı ne yapacaksınız", "tr"),
        ("what do you need that for", "en"),
        ("这个有什么用", "zh"),
    ],
)
async def test_a_doubt_what_something_is_for_is_answered_with_the_reason(reader, harbour, message, locale):
    situation = {"intent": "send_money", "filled": EUROS, "open": asked("slots", slots=["account"])}

    assert said(await reader.understand(harbour, at(message, locale=locale, **situation))) == ["why account"]


async def test_what_only_tells_why_is_no_second_wish(reader):
    telecom = load_version(SHOP.parent / "telecom")

    assert said(await reader.understand(telecom, at("I need an engineer, router's dead"))) == ["start book_technician"]


@pytest.mark.parametrize(
    "message", ["哎不对，那个退货不退了，我老婆要穿", "退货取消吧，我不退了", "刚才那个退货我后悔了"]
)
async def test_what_was_done_last_and_is_denied_is_taken_back(reader, shop, message):
    understood = await reader.understand(shop, at(message, locale="zh", done="return_order", **DONE))

    assert said(understood) in (["undo"], ["cancel"], ["start cancel_return"])


@pytest.mark.parametrize("message", ["还有一单也要退", "D10004也退掉"])
async def test_what_was_done_last_may_be_wanted_again(reader, shop, message):
    understood = await reader.understand(shop, at(message, locale="zh", done="return_order", **DONE))

    assert "undo" not in said(understood)


async def test_what_leads_to_a_wish_asks_nothing(reader):
    telecom = load_version(SHOP.parent / "telecom")

    assert said(await reader.understand(telecom, at("while you're at it what's my bill looking like"))) == [
        "start get_bill"
    ]
