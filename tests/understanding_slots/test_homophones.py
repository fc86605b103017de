"""What customers write for what they mean: other characters of the same sound, names of banknotes."""

import pytest

HALL = {"type": "choice", "values": {"east": {"zh": ["东厅"]}, "terrace": {"zh": ["露台"]}, "window": {"zh": ["靠窗"]}}}


@pytest.mark.parametrize(
    ("text", "hall"), [("东听", "east"), ("鹿台", "terrace"), ("靠创的吧", "window"), ("不要露台，要东亭", "east")]
)
def test_a_choice_that_was_asked_for_is_heard_by_its_sound(ask, text, hall):
    found = ask("zh", text, requested=["hall"], hall=HALL)

    assert [each.value for each in found if not each.negated] == [hall]


@pytest.mark.parametrize("text", ["我冬天听过", "东边", "西厅", "不知道"])
def test_what_sounds_otherwise_is_no_choice(ask, text):
    assert ask("zh", text, requested=["hall"], hall=HALL) == []


def test_sounds_are_only_listened_to_where_the_choice_was_asked_for(ask):
    assert ask("zh", "我在动听的音乐里", hall=HALL) == []


@pytest.mark.parametrize(
    ("locale", "text", "amount"),
    [
        ("en", "a fiver", 5),
        ("en", "two tenners", 20),
        ("en", "sixty quid", 60),
        ("tr", "yüz papel", 100),
        ("zh", "五十块钱", 50),
        ("de", "ein Fünfziger", 50),
        ("de", "drei Zehner", 30),
    ],
)
def test_money_is_heard_by_the_names_of_its_notes(ask, locale, text, amount):
    (found,) = ask(locale, text, requested=["price"], price={"type": "money", "currency": "EUR"})

    assert found.value["amount"] == amount
