"""A yes is read where it is said, and nowhere else: it releases what is done."""

from typing import Any

import pytest

from config.project import Action, Intent, Knowledge, Project, Slot
from tests.understanding.conftest import INTENTS, asked, at, make_version, said

BLOCKING = {"intent": "block_card", "filled": {"reason": "lost"}, "open": asked("confirm")}
SENDING = {"intent": "send_money", "filled": {"amount": {"amount": 500, "currency": "TRY"}}, "open": asked("confirm")}


@pytest.mark.parametrize(
    ("message", "locale"),
    [
        ("evet kapatın", "tr"),
        ("evet kapat", "tr"),
        ("evet, kapatın", "tr"),
        ("tamam kapatalım", "tr"),
        ("yes please block it", "en"),
        ("ok block my card", "en"),
        ("yes yes", "en"),
        ("sure, go on with that", "en"),
    ],
)
async def test_a_clear_yes_wins_over_the_words_for_what_is_done(engine, bank, message, locale):
    assert said(await engine.understand(bank, at(message, locale=locale, **BLOCKING))) == ["affirm"]


@pytest.mark.parametrize(("message"), ["是的，请冻结", "好的，挂失吧", "是的是的"])
async def test_a_clear_chinese_yes_wins_too(engine, message):
    intents = {"block": Intent(title="冻结银行卡", examples={"zh": ["我的卡丢了", "冻结银行卡", "挂失"]})}
    shop = make_version(Project(name="zh", locales=["zh"], intents=intents, knowledge=Knowledge(enabled=False)))

    understood = await engine.understand(shop, at(message, locale="zh", intent="block", open=asked("confirm")))

    assert said(understood) == ["affirm"]


@pytest.mark.parametrize(
    ("message", "locale"),
    [
        ("evet ama başka kart", "tr"),
        ("evet kapatma", "tr"),
        ("evet iptal et", "tr"),
        ("tamam mı", "tr"),
        ("belki", "tr"),
        ("evet dersem ne olur?", "tr"),
        ("yes, but not yet", "en"),
        ("ok wait", "en"),
        ("yes?", "en"),
        ("perhaps", "en"),
        ("hmm maybe", "en"),
        ("I guess", "en"),
        ("hmm", "en"),
        ("okay so how much does it cost?", "en"),
        ("blah blah", "en"),
        ("也许", "zh"),
        ("好像不对", "zh"),
        ("可以改吗", "zh"),
    ],
)
async def test_what_is_no_clear_yes_does_nothing(engine, bank, message, locale):
    for situation in (BLOCKING, SENDING):
        assert "affirm" not in said(await engine.understand(bank, at(message, locale=locale, **situation)))


async def test_a_yes_to_cancelling_may_say_cancel(engine):
    intents = {**INTENTS, "cancel_order": Intent(title="Cancel an order", examples={"en": ["cancel my order"]})}
    shop = make_version(Project(name="orders", locales=["en"], intents=intents))

    understood = await engine.understand(shop, at("yes, cancel it", intent="cancel_order", open=asked("confirm")))

    assert said(understood) == ["affirm"]


@pytest.mark.parametrize(
    ("message", "locale"), [("no, the reason is stolen", "en"), ("hayır, çalındı", "tr"), ("not lost, stolen", "en")]
)
async def test_a_new_value_at_a_confirmation_changes_the_open_flow(engine, bank, message, locale):
    understood = await engine.understand(bank, at(message, locale=locale, **BLOCKING))

    assert said(understood) == ["fill reason"]


async def test_a_yes_with_a_text_that_is_announced_is_no_yes_to_what_was_said(engine):
    slots = {"amount": Slot(type="money", currency="TRY"), "note": Slot(type="text", required=False)}
    intents = {"send_money": Intent(examples=INTENTS["send_money"].examples, slots=slots)}
    bot = make_version(Project(name="note", locales=["en"], intents=intents, knowledge=Knowledge(enabled=False)))

    understood = await engine.understand(bot, at("yes, and add the note: rent", locale="en", **SENDING))

    assert [each["value"] for each in understood.commands if each["command"] == "fill"] == ["rent"]
    assert "affirm" not in said(understood)


async def test_a_denied_value_is_taken_back(engine, bank):
    situation: dict[str, Any] = {"intent": "block_card", "filled": {"reason": "lost"}, "open": asked("confirm")}

    understood = await engine.understand(bank, at("it was not lost", **situation))

    assert understood.commands[0] == {"command": "fill", "slot": "reason", "value": None, "quote": "lost"}


async def test_another_wish_after_a_cancelled_one_does_both(engine, bank):
    situation: dict[str, Any] = {"intent": "send_money", "open": asked("slots", slots=["iban"])}

    for message in ("forget that, what is my balance", "cancel. what is my balance"):
        assert said(await engine.understand(bank, at(message, **situation))) == ["cancel", "start balance"]


async def test_a_correction_when_all_is_done_takes_back(engine, bank):
    for message in ("I made a mistake", "sorry, I meant 600"):
        assert said(await engine.understand(bank, at(message, open=asked("anything_else")))) == ["undo"]


async def test_a_value_for_a_waiting_flow_is_filled_there(engine, bank):
    situation: dict[str, Any] = {
        "intent": "appointment",
        "waiting": ("send_money",),
        "open": asked("slots", slots=["day"]),
    }

    understood = await engine.understand(bank, at("change the amount to 600", **situation))

    assert said(understood) == ["fill amount"]


@pytest.mark.parametrize(
    ("message", "locale", "time"),
    [("in the evening", "en", "20:00"), ("sabah", "tr", "08:00"), ("晚上", "zh", "20:00")],
)
async def test_an_ambiguous_time_is_settled_by_the_part_of_the_day(engine, message, locale, time):
    intents = {"visit": Intent(examples={"en": ["visit"]}, slots={"hour": Slot(type="time")}, action="book")}
    shop = make_version(
        Project(name="t", locales=["en", "tr", "zh"], intents=intents, actions={"book": Action(url="https://x.test")})
    )
    question = asked("ambiguous", slots=["hour"], candidates=["08:00", "20:00"])

    understood = await engine.understand(shop, at(message, locale=locale, intent="visit", open=question))

    assert understood.commands[0]["value"] == time
