"""The embedded engine reads messages by what the dialogue waits for."""

from collections.abc import Mapping
from typing import Any

import pytest

from config.project import Intent, Knowledge, Project
from models.embedding_engines import EncoderUnavailableError
from tests.understanding.conftest import asked, at, make_version, said
from understanding.embedded import EmbeddedUnderstanding

LIRA = {"amount": 500, "currency": "TRY"}
SENDING = {"intent": "send_money", "filled": {"amount": LIRA}}
FOR_AMOUNT: Mapping[str, Any] = {"intent": "send_money", "open": asked("slots", slots=["amount"])}
FOR_IBAN = {**SENDING, "open": asked("slots", slots=["iban"])}
FOR_NOTE = {**SENDING, "open": asked("slots", slots=["note"])}
FOR_YES = {**SENDING, "open": asked("confirm")}
WHICH = {"open": asked("clarify", intents=["block_card", "balance"])}


@pytest.mark.parametrize(
    ("message", "locale", "situation", "expected"),
    [
        ("kartımı kaybettim", "tr", {}, ["start block_card"]),
        ("what's my balance?", "en", {}, ["start balance"]),
        ("when do you open", "en", {}, ["start hours"]),
        ("500 lira göndermek istiyorum", "tr", {}, ["start send_money", "fill amount"]),
        ("kartımı kapatın ve bakiyemi söyleyin", "tr", {}, ["start block_card", "start balance"]),
        ("I lost my card. Also, what is my balance?", "en", {}, ["start block_card", "fill reason", "start balance"]),
        ("merhaba", "tr", {}, ["chat greeting"]),
        ("thanks a lot", "en", {}, ["chat thanks"]),
        ("sen robot musun", "tr", {}, ["chat robot"]),
        ("what can you do", "en", {}, ["chat help"]),
        ("ok", "en", {}, ["chat smalltalk"]),
        ("beni bir insana bağlayın", "tr", {}, ["person"]),
        ("who won the world cup in 1998", "en", {}, ["question"]),
        ("500", "tr", FOR_AMOUNT, ["fill amount"]),
        ("beş yüz lira", "tr", FOR_AMOUNT, ["fill amount"]),
        ("vazgeçtim", "tr", FOR_AMOUNT, ["cancel"]),
        ("never mind, forget it", "en", FOR_IBAN, ["cancel"]),
        ("neden soruyorsunuz?", "tr", FOR_IBAN, ["why iban"]),
        ("can you repeat that please", "en", FOR_IBAN, ["repeat"]),
        ("bunun ücreti ne kadar?", "tr", FOR_IBAN, ["question"]),
        ("can I talk to a human", "en", FOR_IBAN, ["person"]),
        ("geri al", "tr", FOR_IBAN, ["undo"]),
        ("baştan başlayalım", "tr", FOR_IBAN, ["restart"]),
        ("pardon 600 olsun", "tr", FOR_IBAN, ["fill amount"]),
        ("change the amount please", "en", FOR_IBAN, ["fill amount"]),
        ("bu arada bakiyem ne kadar", "tr", FOR_IBAN, ["start balance"]),
        ("rent for March", "en", FOR_NOTE, ["fill note"]),
        ("skip this one", "en", FOR_NOTE, ["skip note"]),
        ("iptal", "tr", FOR_NOTE, ["cancel"]),
        ("evet", "tr", FOR_YES, ["affirm"]),
        ("yes please go ahead", "en", FOR_YES, ["affirm"]),
        ("hayır", "tr", FOR_YES, ["deny"]),
        ("yes, but 600", "en", FOR_YES, ["fill amount"]),
        ("hayır 500 değil 600", "tr", FOR_YES, ["fill amount"]),
        ("the second one", "en", WHICH, ["start balance"]),
        ("ilki", "tr", WHICH, ["start block_card"]),
        ("Kart kapatma", "tr", WHICH, ["start block_card"]),
        ("my card was stolen", "en", WHICH, ["start block_card", "fill reason"]),
        ("hiçbiri", "tr", WHICH, ["deny"]),
        ("tomorrow", "en", {"intent": "appointment", "open": asked("slots", slots=["day"])}, ["fill day"]),
    ],
)
async def test_a_message_is_read_by_what_was_asked(  # noqa: PLR0917 - pytest passes them by name
    engine, bank, message, locale, situation, expected
):
    understood = await engine.understand(bank, at(message, locale=locale, **situation))

    assert said(understood) == expected


async def test_a_question_that_no_intent_is_meant_by_is_unclear_without_knowledge(engine, silent_bank):
    understood = await engine.understand(silent_bank, at("who won the world cup in 1998"))

    assert said(understood) == ["unclear no_match"]


async def test_two_near_intents_are_asked_about(engine):
    intents = {
        "copy": Intent(examples={"en": ["send me a copy of my invoice", "I need my invoice", "email me the invoice"]}),
        "dispute": Intent(examples={"en": ["my invoice is wrong", "the invoice has an error", "dispute my invoice"]}),
        "hours": Intent(examples={"en": ["when do you open", "opening hours", "are you open on Sunday"]}),
    }
    shop = make_version(Project(name="near", locales=["en"], intents=intents, knowledge=Knowledge(enabled=False)))

    understood = await engine.understand(shop, at("invoice"))

    assert said(understood) in (["clarify copy dispute"], ["clarify dispute copy"])
    assert understood.certainty < 0.6


async def test_the_ranking_is_there_in_the_middle_of_a_flow_and_sums_to_at_most_one(engine, bank):
    understood = await engine.understand(bank, at("500", **FOR_AMOUNT))

    assert len(understood.ranking) == 5
    assert 0 <= sum(ranked["score"] for ranked in understood.ranking) <= 1.001


async def test_quotes_are_the_customers_own_words(engine, bank):
    understood = await engine.understand(bank, at("lütfen 500 lira gönder", locale="tr"))

    fill = next(command for command in understood.commands if command["command"] == "fill")
    assert fill["value"] == LIRA
    assert fill["quote"] in "lütfen 500 lira gönder"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("", ["unclear empty"]),
        (" \n\t ", ["unclear empty"]),
        ("\u200b\u200e", ["unclear empty"]),
        ("???", ["repeat"]),
        ("🦄🦄🦄", ["unclear unreadable"]),
    ],
)
async def test_what_holds_no_words_is_said_so(engine, bank, message, expected):
    assert said(await engine.understand(bank, at(message))) == expected


@pytest.mark.parametrize(
    "message",
    [
        "\ufdfa" * 100,
        "\ud800\udfff\ud800",
        "a\0b\0c",
        "x" * 4000,
        "kart " * 800,
        "\u202eabc\u202c",
        "ＳＥＮＤ　ＭＯＮＥＹ",
        "{{ 7*7 }}",
        "'; DROP TABLE",
        "١٢٣",
        "\ufeff",
        "e\u0301" * 500,
        "[500](amount)",
        "-" * 2000,
        "好" * 2000,
    ],
)
async def test_hostile_text_is_read_without_raising(engine, bank, message):
    for situation in ({}, FOR_AMOUNT, FOR_NOTE, FOR_YES, WHICH):
        understood = await engine.understand(bank, at(message, **situation))

        assert understood.commands


async def test_the_language_is_named_only_where_it_is_clear(engine, bank):
    assert (await engine.understand(bank, at("kartımı kaybettim ne yapmalıyım"))).locale == "tr"
    assert (await engine.understand(bank, at("ok"))).locale is None


async def test_a_project_without_intents_leaves_everything_to_its_knowledge(engine):
    empty = make_version(Project(name="faq", locales=["en"]))

    understood = await engine.understand(empty, at("how much does parking cost"))

    assert said(understood) == ["question"]
    assert understood.ranking == ()


async def test_a_project_of_one_intent_with_one_example_still_knows_inside_from_outside(engine):
    lone = make_version(
        Project(name="lone", locales=["en"], intents={"rent": Intent(examples={"en": ["I want to rent a car"]})})
    )

    assert said(await engine.understand(lone, at("I'd like to rent a car"))) == ["start rent"]
    assert "start rent" not in said(await engine.understand(lone, at("how tall is Mount Everest")))


async def test_an_encoder_that_fails_leaves_the_message_unclear_and_says_so(bank):
    class DeadEncoder:
        name = "dead"
        dimension = 4

        def encode_now(self, texts, kind):
            raise EncoderUnavailableError("gone")

        async def encode(self, texts, kind):
            raise EncoderUnavailableError("gone")

        def forget(self):
            return None

    understood = await EmbeddedUnderstanding(DeadEncoder()).understand(bank, at("my card was stolen"))

    assert said(understood) == ["unclear no_match"]
    assert "gone" in understood.notices[0]


async def test_what_was_learnt_is_read_back_from_disk(encoder, bank, tmp_path):
    first = await EmbeddedUnderstanding(encoder, tmp_path).understand(bank, at("my card was stolen"))
    assert len(list(tmp_path.glob("*.npz"))) == 1

    again = await EmbeddedUnderstanding(encoder, tmp_path).understand(bank, at("my card was stolen"))

    assert again == first


async def test_a_damaged_file_of_what_was_learnt_is_learnt_anew(encoder, bank, tmp_path):
    await EmbeddedUnderstanding(encoder, tmp_path).prepare(bank)
    next(iter(tmp_path.glob("*.npz"))).write_bytes(b"PK\x03\x04 broken")

    understood = await EmbeddedUnderstanding(encoder, tmp_path).understand(bank, at("my card was stolen"))

    assert said(understood) == ["start block_card", "fill reason"]


async def test_the_shortlist_ranks_every_intent(engine, bank):
    ranked = await engine.shortlist(bank, at("my card was stolen"))

    assert ranked[0] == "block_card"
    assert sorted(ranked) == sorted(bank.project.intents)
