"""Answers to a question for words are answers, whatever else they resemble; noise is nothing."""

import pytest

from config.project import Intent, Project, Slot
from tests.understanding.conftest import asked, at, make_version, said


@pytest.fixture(scope="module")
def shop():
    slots = {
        "title": Slot(type="text", title={"en": "name on the invoice", "zh": "抬头"}, cues={"zh": ["抬头写"]}),
        "email": Slot(type="email"),
    }
    examples = {
        "en": ["send me an invoice", "I need an invoice"],
        "zh": ["开发票", "我要发票"],
        "tr": ["fatura istiyorum"],
    }
    kind = Slot(type="choice", values={"person": {"tr": ["gerçek kişi", "bireysel"]}, "firm": {"tr": ["tüzel kişi"]}})
    intents = {
        "invoice": Intent(examples=examples, slots=slots),
        "tax": Intent(examples={"tr": ["vergi kaydı"], "en": ["tax record"]}, slots={"kind": kind}),
    }
    return make_version(Project(name="invoices", locales=["en", "tr", "zh"], intents=intents))


FOR_TITLE = {"intent": "invoice", "open": asked("slots", slots=["title"])}


@pytest.mark.parametrize(
    ("message", "locale"),
    [("个人", "zh"), ("个人吧", "zh"), ("individual", "en"), ("Personal", "en"), ("bireysel", "tr"), ("şahıs", "tr")],
)
async def test_a_private_person_is_an_answer_and_no_wish_for_one(engine, shop, message, locale):
    assert said(await engine.understand(shop, at(message, locale=locale, **FOR_TITLE))) == ["fill title"]


@pytest.mark.parametrize(
    ("message", "locale"),
    [("转人工", "zh"), ("我想找人工客服", "zh"), ("let me talk to a human", "en"), ("beni birine bağlayın", "tr")],
)
async def test_a_person_is_still_asked_for_in_the_middle_of_a_question(engine, shop, message, locale):
    assert said(await engine.understand(shop, at(message, locale=locale, **FOR_TITLE))) == ["person"]


async def test_a_choice_that_sounds_like_a_wish_for_a_person_is_the_choice(engine, shop):
    situation = {"intent": "tax", "open": asked("slots", slots=["kind"])}

    assert said(await engine.understand(shop, at("gerçek kişi", locale="tr", **situation))) == ["fill kind"]


@pytest.mark.parametrize(
    ("message", "locale", "title"),
    [
        ("抬头写李明，邮箱liming@example.com", "zh", "李明"),
        ("Li Ming, email liming@example.com", "en", "Li Ming"),
        ("li@example.com, Li Ming", "en", "Li Ming"),
        ("liming@example.com", "en", None),
        ("my e-mail is liming@example.com", "en", None),
    ],
)
async def test_words_asked_for_leave_other_values_out(engine, shop, message, locale, title):
    understood = await engine.understand(shop, at(message, locale=locale, **FOR_TITLE))
    values = {command["slot"]: command["value"] for command in understood.commands}

    assert values.get("title") == title
    assert values["email"].endswith("@example.com")


@pytest.mark.parametrize(
    "message", ["ab", "blah blah", "bla bla bla", "{{ 7*7 }} ${HOME}", "tamam mı", "x", "ok?", "@@ ## $$ %%"]
)
async def test_noise_is_unclear(engine, bank, message):
    understood = said(await engine.understand(bank, at(message)))

    assert understood[0].startswith("unclear") or understood == ["chat smalltalk"]
