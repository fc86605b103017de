"""Sentences as customers write them, in three languages, each in its place of a conversation with a small bank."""

import pytest

from config.loading import load_version
from tests.understanding.conftest import asked, at, said
from tests.understanding.harbour import FOR_ACCOUNT, FOR_DAY, FOR_TIME, SHOP, TO_SEND, TO_VISIT, VISIT


@pytest.mark.parametrize("situation", [FOR_DAY, FOR_TIME, TO_VISIT], ids=["asked for", "given", "to be confirmed"])
@pytest.mark.parametrize(
    ("message", "locale"),
    [
        ("not tomorrow, on Friday", "en"),
        ("no not tomorrow but friday", "en"),
        ("Friday, not tomorrow", "en"),
        ("I said Friday, not tomorrow", "en"),
        ("yarın değil, cuma günü", "tr"),
        ("yarin degil cuma", "tr"),
        ("cuma olsun, yarın değil", "tr"),
        ("hayır yarın değil cuma günü", "tr"),
        ("不是明天，是星期五", "zh"),
        ("不要明天，周五", "zh"),
        ("周五，不是明天", "zh"),
        ("不，不是明天，是周五", "zh"),
    ],
)
async def test_a_day_in_the_place_of_another_is_a_correction(reader, harbour, message, locale, situation):
    understood = await reader.understand(harbour, at(message, locale=locale, **situation))

    fills = [command for command in understood.commands if command["command"] == "fill"]
    assert [(fill["slot"], fill["value"]) for fill in fills] == [("date", "2026-03-13")]
    assert {"cancel", "skip date", "skip time", "affirm"}.isdisjoint(said(understood))


@pytest.mark.parametrize(
    ("message", "locale"),
    [
        ("not the harbour branch", "en"),
        ("not harbour", "en"),
        ("no, not the harbour one", "en"),
        ("it's not the harbour branch", "en"),
        ("harbour is wrong", "en"),
        ("liman değil", "tr"),
        ("liman şubesi değil", "tr"),
        ("hayır liman değil", "tr"),
        ("liman degil ki", "tr"),
        ("liman yanlış", "tr"),
        ("不是海港", "zh"),
        ("不要海港网点", "zh"),
        ("不对，不是海港那个", "zh"),
        ("海港不对", "zh"),
    ],
)
async def test_a_denied_value_is_asked_for_again(reader, harbour, message, locale):
    understood = await reader.understand(harbour, at(message, locale=locale, **TO_VISIT))

    assert [(c["command"], c.get("slot"), c.get("value")) for c in understood.commands] == [("fill", "branch", None)]


@pytest.mark.parametrize(
    "situation", [{}, FOR_ACCOUNT, TO_SEND, {"open": asked("anything_else")}], ids=["idle", "asked", "confirm", "done"]
)
@pytest.mark.parametrize(
    ("message", "locale"),
    [
        ("sorry, what is my balance", "en"),
        ("excuse me, how much money do I have?", "en"),
        ("sorry to bother you but what's my balance", "en"),
        ("özür dilerim, bakiyem ne kadar", "tr"),
        ("pardon bakiyem ne kadar", "tr"),
        ("kusura bakmayın, bakiyemi söyler misiniz", "tr"),
        ("不好意思，我的余额是多少", "zh"),
        ("抱歉打扰，查一下余额", "zh"),
        ("对不起，我账户里还有多少钱", "zh"),
    ],
)
async def test_an_apology_before_a_wish_takes_nothing_back(reader, harbour, message, locale, situation):
    understood = await reader.understand(harbour, at(message, locale=locale, **situation))

    assert said(understood) == ["start balance"]


@pytest.mark.parametrize(
    ("message", "locale"),
    [
        ("sorry, 600", "en"),
        ("oh sorry, 600 euros", "en"),
        ("özür dilerim, 600", "tr"),
        ("pardon 600 euro", "tr"),
        ("不好意思，600欧元", "zh"),
        ("抱歉，是600", "zh"),
    ],
)
async def test_an_apology_before_a_value_corrects(reader, harbour, message, locale):
    for situation in (FOR_ACCOUNT, TO_SEND):
        understood = await reader.understand(harbour, at(message, locale=locale, **situation))

        assert said(understood) == ["fill amount"]


@pytest.mark.parametrize(
    ("message", "locale"),
    [
        ("I'm not sure", "en"),
        ("im not sure yet", "en"),
        ("not really sure about that", "en"),
        ("I don't know", "en"),
        ("let me think about it", "en"),
        ("emin değilim", "tr"),
        ("emin degilim ya", "tr"),
        ("pek emin olamadım", "tr"),
        ("bilmiyorum ki", "tr"),
        ("bir düşüneyim", "tr"),
        ("不确定", "zh"),
        ("我不太确定", "zh"),
        ("还不确定呢", "zh"),
        ("我不知道", "zh"),
        ("让我想想", "zh"),
    ],
)
async def test_doubt_is_neither_yes_nor_no(reader, harbour, message, locale):
    for situation in (TO_SEND, TO_VISIT):
        understood = await reader.understand(harbour, at(message, locale=locale, **situation))

        assert said(understood) == ["unclear no_match"]


@pytest.mark.parametrize(
    ("message", "locale"),
    [
        ("what does a transfer cost", "en"),
        ("how much is the fee for a transfer?", "en"),
        ("do you charge for sending money abroad", "en"),
        ("how long does a transfer take", "en"),
        ("EFT ücreti ne kadar", "tr"),
        ("havale ücreti nedir", "tr"),
        ("para gönderirken masraf alıyor musunuz", "tr"),
        ("havale kaç günde geçer", "tr"),
        ("转账手续费多少", "zh"),
        ("汇款要收费吗", "zh"),
        ("汇款几天能到账", "zh"),
    ],
)
async def test_a_question_about_a_matter_does_not_begin_it(reader, harbour, message, locale):
    understood = await reader.understand(harbour, at(message, locale=locale))

    assert said(understood) == ["question"]


@pytest.mark.parametrize(
    ("message", "locale", "expected"),
    [
        ("something about my account", "en", {"balance", "statement"}),
        ("it's about my card", "en", {"block_card"}),
        ("regarding my address", "en", {"move_house"}),
        ("hesabımla ilgili", "tr", {"balance", "statement"}),
        ("kartımla alakalı bir konu", "tr", {"block_card"}),
        ("adresim hakkında", "tr", {"move_house"}),
        ("关于我的账户", "zh", {"balance", "statement"}),
        ("银行卡的事", "zh", {"block_card"}),
        ("地址方面的问题", "zh", {"move_house"}),
    ],
)
async def test_a_vague_opening_is_asked_about_by_titles(reader, harbour, message, locale, expected):
    understood = await reader.understand(harbour, at(message, locale=locale))

    assert [command["command"] for command in understood.commands] == ["clarify"]
    assert expected & set(understood.commands[0]["intents"])


@pytest.mark.parametrize(
    ("message", "locale", "expected"),
    [
        ("block my credit card what is my balance", "en", ["start block_card", "fill card", "start balance"]),
        ("block my card, send me a statement", "en", ["start block_card", "start statement"]),
        ("kartımı kapat bakiyemi söyle", "tr", ["start block_card", "start balance"]),
        ("kartımı kapatın, ekstre gönderin", "tr", ["start block_card", "start statement"]),
        ("冻结我的卡查一下余额", "zh", ["start block_card", "start balance"]),
        ("帮我挂失银行卡，发一份账单", "zh", ["start block_card", "start statement"]),
        (
            "send 500 euros to account 12345678 what does it cost",
            "en",
            ["start send_money", "fill amount", "fill account", "question"],
        ),
        ("I want to send money, how long does a transfer take?", "en", ["start send_money", "question"]),
        ("kartımı kapatın yeni kart kaç para", "tr", ["start block_card", "question"]),
        ("para göndermek istiyorum, havale ücreti ne kadar?", "tr", ["start send_money", "question"]),
        ("我要汇款，手续费多少", "zh", ["start send_money", "question"]),
        ("挂失银行卡补一张新卡要多少钱", "zh", ["start block_card", "question"]),
    ],
)
async def test_two_things_in_one_message_are_both_heard(reader, harbour, message, locale, expected):
    understood = await reader.understand(harbour, at(message, locale=locale))

    assert said(understood) == expected


@pytest.mark.parametrize(
    ("message", "locale", "amount"),
    [
        ("send 900 euros", "en", 900),
        ("transfer 1250 euro", "en", 1250),
        ("pay 75 euros", "en", 75),
        ("900 euro gönder", "tr", 900),
        ("1250 euro havale", "tr", 1250),
        ("75 euro yolla", "tr", 75),
        ("汇900欧元", "zh", 900),
        ("转1250欧元", "zh", 1250),
        ("转75欧元过去", "zh", 75),
    ],
)
async def test_other_values_than_the_examples_mean_the_same(reader, harbour, message, locale, amount):
    understood = await reader.understand(harbour, at(message, locale=locale))

    assert said(understood) == ["start send_money", "fill amount"]
    assert understood.commands[1]["value"] == {"amount": amount, "currency": "EUR"}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("订单D10003我要退货", ["start return_order", "fill order_id"]),
        ("我要退货，订单D10001", ["start return_order", "fill order_id"]),
        ("order D10001 I want to return it", ["start return_order", "fill order_id"]),
        (
            "查一下订单D10002到哪了，顺便问下发票怎么开",
            ["start order_status", "fill order_id", "start request_invoice"],
        ),
    ],
)
async def test_what_a_wish_is_about_is_no_wish_of_its_own(reader, message, expected):
    shop = load_version(SHOP)

    assert said(await reader.understand(shop, at(message, locale="zh"))) == expected


@pytest.mark.parametrize("message", ["D10001开张票", "给D10001开个电子发票吧", "查一下D10001的物流"])
async def test_another_wish_with_a_value_of_its_own_changes_nothing_that_is_to_be_confirmed(reader, message):
    place = {
        "open": asked("confirm"),
        "intent": "return_order",
        "filled": {"order_id": "D10003"},
    }

    heard = said(await reader.understand(load_version(SHOP), at(message, locale="zh", **place)))

    assert any(each.startswith("start ") for each in heard)
    assert "affirm" not in heard


@pytest.mark.parametrize(
    ("message", "locale", "expected"),
    [
        ("sorry, I meant 600 euros", "en", ["undo"]),
        ("pardon, 600 euro demek istedim", "tr", ["undo"]),
        ("600 euro olacaktı", "tr", ["undo"]),
        ("不好意思，应该是600欧元", "zh", ["undo"]),
        ("说错了，是600欧元", "zh", ["undo"]),
        ("pardon, 600 euro gönder", "tr", ["start send_money", "fill amount"]),
        ("不好意思，再转600欧元", "zh", ["start send_money", "fill amount"]),
    ],
)
async def test_a_correction_when_all_is_done_begins_nothing_new(reader, harbour, message, locale, expected):
    assert said(await reader.understand(harbour, at(message, locale=locale, open=asked("anything_else")))) == expected


@pytest.mark.parametrize("locale", ["en", "tr", "zh"])
@pytest.mark.parametrize("message", ["hi", "Hello", "merhaba", "你好"])
async def test_a_greeting_is_one_in_whatever_language_the_session_begins(reader, harbour, message, locale):
    assert said(await reader.understand(harbour, at(message, locale=locale))) == ["chat greeting"]


@pytest.mark.parametrize(
    ("message", "locale"),
    [
        ("no, make it 4", "en"),
        ("no 4 instead", "en"),
        ("hayır 4 olsun", "tr"),
        ("hayır, 4 yapın", "tr"),
        ("不，改成4", "zh"),
    ],
)
@pytest.mark.parametrize("new", [("time", "16:00"), ("people", 4), ("date", "2026-04-04")], ids=lambda new: new[0])
async def test_a_bare_number_after_a_no_is_a_new_value_of_what_was_given_last(reader, harbour, message, locale, new):
    last, value = new
    given_last_first = {last: VISIT[last], **VISIT}
    situation = {"intent": "book_visit", "filled": given_last_first, "open": asked("confirm")}

    understood = await reader.understand(harbour, at(message, locale=locale, **situation))

    assert [(each["slot"], each["value"]) for each in understood.commands] == [(last, value)]


@pytest.mark.parametrize(
    ("message", "locale", "day"),
    [
        ("Friday then", "en", "2026-03-13"),
        ("oh, on Friday", "en", "2026-03-13"),
        ("cuma olsun", "tr", "2026-03-13"),
        ("ya da cuma", "tr", "2026-03-13"),
        ("还是星期五吧", "zh", "2026-03-13"),
        ("星期五好了", "zh", "2026-03-13"),
    ],
)
async def test_little_more_than_another_value_is_a_correction_of_what_is_to_be_confirmed(
    reader, harbour, message, locale, day
):
    understood = await reader.understand(harbour, at(message, locale=locale, **TO_VISIT))

    assert [(each["slot"], each["value"]) for each in understood.commands] == [("date", day)]


@pytest.mark.parametrize("message", ["no", "no thanks", "hayır", "不用了", "hayır teşekkürler", "yes", "evet"])
async def test_a_plain_yes_or_no_is_still_one(reader, harbour, message):
    understood = await reader.understand(harbour, at(message, locale="en", **TO_VISIT))

    assert said(understood) in (["affirm"], ["deny"])


@pytest.mark.parametrize(
    ("message", "locale"),
    [
        ("I don't know the number", "en"),
        ("I forgot my account number", "en"),
        ("hesap numaramı hatırlamıyorum", "tr"),
        ("numarayı bilmiyorum ki", "tr"),
        ("账号我忘了", "zh"),
        ("我不知道账号是多少", "zh"),
        ("die Nummer weiß ich nicht", "de"),
    ],
)
async def test_whoever_does_not_know_what_is_asked_for_gives_no_wrong_value(reader, harbour, message, locale):
    understood = await reader.understand(harbour, at(message, locale=locale, **FOR_ACCOUNT))

    assert said(understood) == ["skip account"]


@pytest.mark.parametrize(
    ("message", "locale"),
    [("what about a visit?", "en"), ("and on sundays?", "en"), ("peki ziyaret?", "tr"), ("那星期天开门呢", "zh")],
)
async def test_a_few_words_after_an_answer_lean_on_what_was_asked_before(reader, harbour, message, locale):
    understood = await reader.understand(harbour, at(message, locale=locale, answered=True))

    assert [command["command"] for command in understood.commands] == ["question"]


@pytest.mark.parametrize(
    ("message", "locale"), [("iyi günler", "tr"), ("İyi akşamlar!", "tr"), ("good day", "en"), ("guten Tag", "de")]
)
async def test_what_is_said_on_coming_and_leaving_alike_depends_on_what_was_said_before(
    reader, harbour, message, locale
):
    told = (("user", "?"), ("assistant", "."), ("user", "!"), ("assistant", "."))

    coming = await reader.understand(harbour, at(message, locale=locale))
    leaving = await reader.understand(harbour, at(message, locale=locale, history=told))
    after = await reader.understand(harbour, at(message, locale=locale, open=asked("anything_else")))

    assert [said(each) for each in (coming, leaving, after)] == [["chat greeting"], ["chat goodbye"], ["chat goodbye"]]


@pytest.mark.parametrize(
    ("message", "locale"),
    [
        ("I want to book an appointment at the branch and how much is a transfer abroad?", "en"),
        ("şubeden randevu almak istiyorum ve yurt dışına havale ne kadar?", "tr"),
        ("我想预约网点，还有汇款到国外要多少钱？", "zh"),
    ],
)
async def test_a_wish_and_a_question_of_another_matter_are_both_heard(reader, harbour, message, locale):
    understood = await reader.understand(harbour, at(message, locale=locale))

    assert said(understood) == ["start book_visit", "question"]


async def test_a_value_of_a_slot_that_the_flow_has_no_more_changes_nothing(reader, harbour):
    left_over = {"gone": 5, **VISIT}

    understood = await reader.understand(
        harbour, at("no", intent="book_visit", filled=left_over, open=asked("confirm"))
    )

    assert said(understood) == ["deny"]
