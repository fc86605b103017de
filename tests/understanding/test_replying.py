"""What customers say to what was asked of them or done for them: why, can I have it back, that was all, hang on."""

import pytest

from config.loading import load_version
from tests.understanding.conftest import asked, at, said
from tests.understanding.harbour import FOR_ACCOUNT, FOR_DAY, SHOP, TO_SEND


@pytest.mark.parametrize(
    ("message", "locale"),
    [
        ("neden hesap numaramı istiyorsunuz", "tr"),
        ("hesap numaramı niye istiyosunuz ki", "tr"),
        ("hesap numaram neden lazım", "tr"),
        ("niçin hesap numaramı vereyim", "tr"),
        ("bu niye gerekiyor", "tr"),
        ("why do you need my account number", "en"),
        ("why would you need my account number for that?", "en"),
        ("why should I give you my number", "en"),
        ("why is the account number required", "en"),
        ("为什么要我的账号", "zh"),
        ("为啥需要我的账号啊", "zh"),
        ("你们干嘛要我提供账号", "zh"),
        ("warum brauchen Sie meine Kontonummer", "de"),
        ("wozu wollen Sie meine Nummer haben", "de"),
    ],
)
async def test_a_question_why_something_is_asked_for_is_one(reader, harbour, message, locale):
    understood = await reader.understand(harbour, at(message, locale=locale, **FOR_ACCOUNT))

    assert said(understood) == ["why account"]


@pytest.mark.parametrize(
    ("message", "locale"),
    [
        ("why do transfers cost so much?", "en"),
        ("havale ücreti neden bu kadar yüksek", "tr"),
        ("为什么转账手续费这么高", "zh"),
    ],
)
async def test_a_question_why_something_else_is_so_is_no_doubt_about_what_was_asked(reader, harbour, message, locale):
    assert "why account" not in said(await reader.understand(harbour, at(message, locale=locale, **FOR_ACCOUNT)))


@pytest.mark.parametrize(
    "situation", [FOR_ACCOUNT, FOR_DAY, {"open": asked("anything_else")}], ids=["id", "day", "done"]
)
@pytest.mark.parametrize(
    ("message", "locale"),
    [
        ("no that's all, bye", "en"),
        ("no thanks, that is all. goodbye!", "en"),
        ("no, bye", "en"),
        ("that's it, thanks, bye", "en"),
        ("yok bu kadar, görüşürüz", "tr"),
        ("hayır teşekkürler, hoşça kalın", "tr"),
        ("没有了，再见", "zh"),
        ("不用了，谢谢，拜拜", "zh"),
        ("nein danke, das war's, tschüss", "de"),
    ],
)
async def test_a_no_before_a_goodbye_denies_nothing(reader, harbour, message, locale, situation):
    understood = await reader.understand(harbour, at(message, locale=locale, **situation))

    assert said(understood) == ["chat goodbye"]


@pytest.mark.parametrize("message", ["no, bye", "hayır, hoşça kalın", "不，再见"])
async def test_a_no_before_a_goodbye_says_no_to_what_is_to_be_confirmed(reader, harbour, message):
    assert "affirm" not in said(await reader.understand(harbour, at(message, locale="en", **TO_SEND)))


BACK = [
    ("can I get the money back", "en"),
    ("is there any way to get it back?", "en"),
    ("can that be undone", "en"),
    ("could this still be reversed?", "en"),
    ("parayı geri alabilir miyim", "tr"),
    ("parami geri alabilirmiyim", "tr"),
    ("bu işlem geri çevrilebilir mi, geri almak istiyorum", "tr"),
    ("能退回来吗", "zh"),
    ("钱还能要回来吗", "zh"),
    ("可以撤回吗", "zh"),
    ("kann ich das Geld zurückbekommen?", "de"),
    ("lässt sich das rückgängig machen", "de"),
]


@pytest.mark.parametrize("question", [asked("anything_else"), None], ids=["anything else", "nothing open"])
@pytest.mark.parametrize(("message", "locale"), BACK)
async def test_whoever_asks_to_have_it_back_wants_what_was_done_undone(reader, harbour, message, locale, question):
    understood = await reader.understand(harbour, at(message, locale=locale, open=question, changed=True))

    assert said(understood) == ["undo"]


@pytest.mark.parametrize(("message", "locale"), [BACK[0], BACK[4], BACK[7], BACK[10]])
async def test_a_question_for_money_back_is_one_where_nothing_was_done(reader, harbour, message, locale):
    assert said(await reader.understand(harbour, at(message, locale=locale))) != ["undo"]


@pytest.mark.parametrize(
    ("message", "locale", "asked_for"),
    [
        ("hang on, what does a transfer cost", "en", "what does a transfer cost"),
        ("wait a second, what does a transfer cost?", "en", "what does a transfer cost?"),
        ("sorry, hold on, how long does a transfer take", "en", "how long does a transfer take"),
        ("dur bir, havale ücreti nedir", "tr", "havale ücreti nedir"),
        ("bir dakika havale ücreti nedir", "tr", "havale ücreti nedir"),
        ("等等，转账手续费多少", "zh", "转账手续费多少"),
        ("等一下汇款要收费吗", "zh", "汇款要收费吗"),
        ("Moment mal, was kostet eine Überweisung", "de", "was kostet eine Überweisung"),
    ],
)
async def test_what_asks_to_wait_is_not_looked_up(reader, harbour, message, locale, asked_for):
    for situation in ({}, FOR_ACCOUNT, TO_SEND):
        understood = await reader.understand(harbour, at(message, locale=locale, **situation))

        assert [dict(each) for each in understood.commands] == [{"command": "question", "text": asked_for}]


@pytest.mark.parametrize(
    ("message", "texts"),
    [
        ("发到 li@example.com", []),
        ("请发到li@example.com", []),
        ("李明，发到li@example.com", ["李明"]),
        ("李明 发到 li@example.com", ["李明"]),
    ],
)
async def test_words_that_only_lead_to_another_value_are_no_text(reader, message, texts):
    shop = load_version(SHOP)
    open_question = asked("slots", slots=["invoice_title"])
    situation = {"intent": "request_invoice", "filled": {"order_id": "D10003"}, "open": open_question}
    understood = await reader.understand(shop, at(message, locale="zh", **situation))

    filled = [(each["slot"], each["value"]) for each in understood.commands if each["command"] == "fill"]
    assert ("email", "li@example.com") in filled
    assert [value for slot, value in filled if slot != "email"] == texts
