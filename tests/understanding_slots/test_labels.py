"""Numbers that are no amount: they name something, say how often, or count what nobody asked for."""

import pytest

MONEY = {"type": "money", "currency": "EUR"}
COUNT = {"type": "count"}

LABELS = [
    ("en", "platform 9 is closed"),
    ("en", "I'm staying in room 214"),
    ("en", "we are at number 31"),
    ("en", "the A14 was blocked"),
    ("en", "it is on the 2nd floor"),
    ("en", "my daughter is 12 years old"),
    ("en", "I bought it in 2018"),
    ("en", "is it a 5G phone"),
    ("tr", "9 numaralı peron kapalı"),
    ("tr", "7. kattayız"),
    ("tr", "oda 214'te kalıyorum"),
    ("tr", "2018'den beri müşterinizim"),
    ("tr", "E80 kapalıydı"),
    ("tr", "4 nolu gişede bekledim"),
    ("zh", "我在九号楼"),
    ("zh", "住214房间"),
    ("zh", "S20高速"),
    ("zh", "坐七路公交"),
    ("zh", "我女儿十二岁"),
    ("de", "Gleis 9 ist gesperrt"),
    ("de", "wir sind in Zimmer 214"),
    ("de", "im 7. Stock"),
    ("de", "seit 2018 bin ich Kunde"),
    ("de", "die A9 war gesperrt"),
]


@pytest.mark.parametrize(("locale", "text"), LABELS)
def test_a_number_that_names_something_is_no_amount_and_no_count(ask, locale, text):
    assert ask(locale, text, price=MONEY, seats={"type": "count"}) == []


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "I tried three times"),
        ("tr", "üç kez denedim"),
        ("tr", "iki sefer aradım"),
        ("zh", "我试了三遍"),
        ("zh", "跑了两趟"),
        ("de", "Ich habe es dreimal versucht"),
        ("de", "ich war zweimal bei Ihnen"),
    ],
)
def test_how_often_something_happened_is_no_amount_and_no_count(ask, locale, text):
    assert ask(locale, text, price=MONEY) == []
    assert ask(locale, text, seats=COUNT) == []


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "I have three cats and 2 broken chairs"),
        ("tr", "iki kedim var"),
        ("zh", "我有两只猫"),
        ("zh", "五星级的"),
        ("de", "Ich habe 3 Katzen"),
    ],
)
def test_what_is_counted_with_its_own_noun_is_no_amount(ask, locale, text):
    assert ask(locale, text, price=MONEY) == []


@pytest.mark.parametrize(
    ("locale", "text", "amount"),
    [
        ("en", "send 80 to James", 80),
        ("en", "send 40 for shoes", 40),
        ("en", "transfer 70 please", 70),
        ("tr", "80 gönder", 80),
        ("tr", "annesine 90 yolla", 90),
        ("zh", "给他转80", 80),
        ("de", "Überweise 80 an James", 80),
    ],
)
def test_a_bare_number_that_is_sent_stays_an_amount(ask, locale, text, amount):
    (found,) = ask(locale, text, price=MONEY)

    assert found.value == {"amount": amount, "currency": "EUR"}


@pytest.mark.parametrize(
    ("locale", "text", "cue"),
    [
        ("en", "we are on floor 7", "floor"),
        ("tr", "7. kattayız", "kat"),
        ("zh", "我们在七楼", "楼"),
        ("de", "im Stock 7", "Stock"),
    ],
)
def test_a_label_that_the_slot_is_called_by_is_its_value(ask, locale, text, cue):
    (found,) = ask(locale, text, level={"type": "integer", "cues": {locale: [cue]}}, price=MONEY)

    assert (found.slot, found.value) == ("level", 7)


@pytest.mark.parametrize(
    ("locale", "text"), [("en", "number 7"), ("tr", "7 numara"), ("zh", "7号楼"), ("de", "Nummer 7")]
)
def test_a_label_answers_the_question_for_a_number_and_none_for_an_amount(ask, locale, text):
    (found,) = ask(locale, text, requested=["house"], house={"type": "integer"})

    assert found.value == 7
    assert ask(locale, text, requested=["price"], price=MONEY) == []


@pytest.mark.parametrize(
    ("locale", "text"), [("en", "three times"), ("tr", "üç kere"), ("zh", "三次"), ("de", "dreimal")]
)
def test_how_often_answers_the_question_for_a_count(ask, locale, text):
    (found,) = ask(locale, text, requested=["seats"], seats=COUNT)

    assert found.value == 3


@pytest.mark.parametrize("text", ["I called twice", "we called yesterday", "who called again"])
def test_a_call_names_nobody(ask, text):
    assert ask("en", text, customer={"type": "name"}) == []


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "a charge of 2450 euros"),
        ("tr", "2450 avroluk harcama"),
        ("zh", "有笔2450欧元的消费"),
        ("de", "2450 Euro"),
    ],
)
def test_an_amount_is_no_identifier_of_as_many_digits(ask, locale, text):
    (found,) = ask(locale, text, card_end={"type": "id", "pattern": "[0-9]{4}"}, price=MONEY)

    assert (found.slot, found.value) == ("price", {"amount": 2450, "currency": "EUR"})


@pytest.mark.parametrize("text", ["乘车人是王晓燕", "收件人张伟", "持卡人是李建国"])
def test_a_chinese_name_is_announced_by_what_the_person_is(ask, text):
    (found,) = ask("zh", text, who={"type": "name"})

    assert found.value == text[-len(found.value) :]
    assert len(found.value) in (2, 3)
