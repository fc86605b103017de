"""In which words the rules of dialogue speak: said once, said where it belongs, never twice the same."""

from dataclasses import replace

import pytest

from dialogue.commands import Clarify, Fill, Start
from tests.dialogue.talking import Talk, act, asks, bank, fill, lira, outcome, question, said, start, unclear, values

IBAN = "TR330006100519786457841326"


def collected() -> Talk:
    """A transfer that waits for its confirmation."""
    talk = Talk()
    talk.hears(start("send_money"), fill("amount", lira(500)), fill("iban", IBAN))
    return talk


def test_a_correction_of_what_was_shown_is_shown_again_and_not_told_twice():
    scene = collected().hears(fill("amount", lira(600)))

    assert said(scene).startswith("With your change: Send money. Amount: 600.00 TRY")
    assert "Changed" not in said(scene)


def test_a_correction_before_anything_was_shown_is_told():
    talk = Talk()
    talk.hears(start("send_money"), fill("amount", lira(500)))
    scene = talk.hears(fill("amount", lira(600)))

    assert said(scene).startswith("Changed. Amount is now 600.00 TRY")
    assert asks(scene) == ["iban"]


def test_two_corrections_of_one_message_are_told_in_one_sentence():
    talk = Talk()
    talk.hears(start("appointment"), fill("branch", "kadikoy"), fill("date", "2026-03-20"))
    scene = talk.hears(fill("branch", "besiktas"), fill("date", "2026-03-21"))

    assert said(scene).startswith("Changed. Branch: besiktas, date: Saturday, March 21, 2026.")
    assert said(scene).count("Changed") == 1


def test_a_correction_of_what_waits_is_told():
    talk = collected()
    talk.hears(start("balance"), message="balance")
    scene = talk.hears(fill("amount", lira(600)))

    assert "Changed. Amount is now" in said(scene)
    assert asks(scene) == ["customer"]


def test_a_correction_beside_a_question_is_in_what_is_asked_again():
    scene = collected().hears(fill("amount", lira(600)), question("and the fee?"))

    assert scene.reprise is not None
    assert scene.reprise.startswith("With your change")
    assert "600.00" in scene.reprise


def test_a_correction_that_opens_a_gap_is_told_with_the_question():
    talk = Talk()
    talk.hears(start("appointment"), fill("branch", "kadikoy"), fill("date", "2026-03-20"), fill("time", "10:00"))
    scene = talk.hears(fill("date", "2026-03-21"))

    assert said(scene) == "Changed. Date is now Saturday, March 21, 2026. What time?"


def test_what_is_wrong_with_one_value_comes_after_what_was_corrected():
    talk = Talk()
    talk.hears(start("appointment"), fill("branch", "kadikoy"))
    scene = talk.hears(fill("date", "2026-01-01"), fill("branch", "besiktas"))

    assert said(scene).index("too early") < said(scene).index("Changed. Branch")


def test_exactly_the_same_a_second_time_is_warned_of_once():
    talk = collected()
    talk.hears(act("affirm"), message="yes")
    talk.acted()
    first = talk.hears(start("send_money"), fill("amount", lira(500)), fill("iban", IBAN))
    again = talk.hears(unclear(), message="hm")

    assert "already done exactly this" in said(first)
    assert "already done" not in said(again)
    assert outcome(again) == "confirming"


def test_another_amount_is_not_the_same():
    talk = collected()
    talk.hears(act("affirm"), message="yes")
    talk.acted()

    assert "already" not in said(talk.hears(start("send_money"), fill("amount", lira(501)), fill("iban", IBAN)))


def test_slots_without_words_of_their_own_are_asked_for_in_one_sentence():
    slots = {"height": {"type": "number"}, "weight": {"type": "number", "title": "weight in kilos"}}
    scene = Talk(bank(intents={"parcel": {"title": "Parcel", "slots": slots}}, actions={})).hears(start("parcel"))

    assert said(scene) == "I need a few details: height and weight in kilos."


def test_the_second_misunderstanding_in_a_row_says_what_can_be_done():
    talk = Talk()
    first = said(talk.hears(unclear(), message="blah"))
    talk.scene = replace(talk.scene, failures=1)
    second = said(talk.hears(unclear(), message="blah"))

    assert "Send money" not in first
    assert "Send money" in second


HELD: list[Start | Fill] = [
    start("balance"),
    fill("customer", "12345678"),
    start("send_money"),
    fill("amount", lira(500)),
]
WORDS = " ".join(one["quote"] for one in HELD if one["command"] == "fill")


def two_meant(*intents: str) -> Clarify:
    """A message that may mean either, with the values it gave for each."""
    return {"command": "clarify", "intents": list(intents) or ["balance", "send_money"], "held": HELD}


@pytest.mark.parametrize(
    ("chosen", "kept"), [("send_money", {"amount": lira(500)}), ("balance", {"customer": "12345678"})]
)
def test_values_of_a_message_that_is_asked_about_are_kept_for_the_intent_chosen(chosen, kept):
    talk = Talk()
    talk.hears(two_meant(), message=WORDS)
    scene = talk.hears(start(chosen), message="that one")

    assert values(scene) == kept


def test_values_kept_survive_an_unclear_answer_and_are_dropped_with_another_wish():
    talk, other = Talk(), Talk()
    for one in (talk, other):
        one.hears(two_meant(), message=WORDS)
    talk.hears(unclear(), message="hm")

    assert values(talk.hears(start("send_money"), message="send")) == {"amount": lira(500)}
    assert values(other.hears(start("complaint"), message="complain")) == {}


def test_a_yes_to_the_only_intent_meant_keeps_its_values_and_its_guard():
    talk = Talk()
    talk.hears(two_meant("send_money"), message=WORDS)
    assert values(talk.hears(act("affirm"), message="yes")) == {"amount": lira(500)}

    guarded = Talk()
    guarded.hears({"command": "clarify", "intents": ["loan"]}, message="money")
    assert "can't" in said(guarded.hears(act("affirm"), message="yes"))


def test_values_beside_a_clarification_are_kept_whichever_way_they_are_told():
    talk = Talk()
    scene = talk.hears({"command": "clarify", "intents": ["balance", "send_money"]}, *HELD, message=WORDS)
    assert outcome(scene) == "clarifying"

    assert values(talk.hears(start("send_money"), message="send")) == {"amount": lira(500)}


def test_values_that_the_customer_did_not_write_are_not_kept():
    talk = Talk()
    talk.hears(two_meant(), message="something about money")

    assert values(talk.hears(start("send_money"), message="send")) == {}


def test_values_kept_for_one_intent_also_serve_another_that_has_the_slot():
    slots = {"customer": {}, "what": {"type": "text", "ask": "What?"}}
    intents = {
        "balance": {"title": "Balance", "slots": {"customer": {}}},
        "letter": {"title": "Letter", "slots": slots},
    }
    talk = Talk(bank(intents=intents, actions={}))
    held: list[Start | Fill] = [start("balance"), fill("customer", "12345678")]
    talk.hears({"command": "clarify", "intents": ["balance"], "held": held}, message=WORDS)

    assert values(talk.hears(start("letter"), message="a letter")) == {"customer": "12345678"}


def test_a_choice_that_is_not_answered_is_offered_once_more_in_other_words():
    talk = Talk()
    talk.hears(two_meant(), message=WORDS)
    scene = talk.hears(unclear(), message="hm")

    assert said(scene) == "Please choose one of these: Balance or Send money."


def test_undo_brings_back_what_fell_with_the_value_before():
    talk = Talk()
    talk.hears(start("appointment"), fill("branch", "kadikoy"), fill("date", "2026-03-20"), fill("time", "10:00"))
    talk.hears(fill("date", "2026-03-21"))
    scene = talk.hears(act("undo"))

    assert values(scene) == {"branch": "kadikoy", "date": "2026-03-20", "time": "10:00"}
    assert outcome(scene) == "confirming"


def test_what_was_given_anew_since_is_not_overwritten_by_undo():
    talk = Talk()
    talk.hears(start("appointment"), fill("branch", "kadikoy"), fill("date", "2026-03-20"), fill("time", "10:00"))
    talk.hears(fill("date", "2026-03-21"))
    talk.hears(fill("time", "11:00"))
    talk.hears(act("undo"))
    scene = talk.hears(act("undo"))

    assert values(scene) == {"branch": "kadikoy", "date": "2026-03-20", "time": "10:00"}


def test_two_values_that_are_refused_are_said_in_one_sentence():
    talk = Talk()
    talk.hears(start("send_money"))
    scene = talk.hears(act("deny"))

    assert said(scene).startswith("I'm afraid I can't go on without this: amount and IBAN. How much?")


def test_no_to_an_offered_person_is_no_refusal_of_the_value():
    talk = Talk()
    talk.hears(start("balance"))
    talk.hears(unclear())
    talk.hears(unclear())
    scene = talk.hears(act("deny"))

    assert said(scene).startswith("All right, let's go on together. Your customer number?")
    assert "talk to a person" not in said(scene)
    assert scene.progress == "neutral"


def test_who_says_goodbye_is_not_asked_on_and_finds_the_flow_on_return():
    talk = Talk()
    talk.hears(start("balance"))
    scene = talk.hears(act("deny"), {"command": "chat", "topic": "goodbye"})
    back = talk.hears(fill("customer", "12345678"))

    assert (said(scene), outcome(scene)) == ("Goodbye, and thank you for getting in touch.", "chatted")
    assert scene.open is None
    assert back.stack[-1]["intent"] == "balance"


def test_a_yes_with_a_goodbye_is_done():
    talk = collected()
    scene = talk.hears(act("affirm"), {"command": "chat", "topic": "goodbye"})

    assert scene.verdict is not None
    assert scene.verdict["next"] == "act"


def test_a_value_for_the_intent_that_was_offered_says_yes_to_it():
    talk = Talk()
    talk.hears(start("appointment"))
    talk.hears(start("send_money"))
    scene = talk.hears(fill("amount", lira(500)))

    assert [frame["intent"] for frame in scene.stack] == ["appointment", "send_money"]
    assert values(scene) == {"amount": lira(500)}


def test_a_value_that_the_present_flow_waits_for_stays_with_it():
    talk = Talk()
    talk.hears(start("appointment"))
    talk.hears(start("send_money"))
    scene = talk.hears(fill("branch", "kadikoy"))

    assert [frame["intent"] for frame in scene.stack] == ["appointment"]
    assert values(scene) == {"branch": "kadikoy"}
