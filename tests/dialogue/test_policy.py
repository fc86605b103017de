"""The dialogue rules, as conversations of commands."""

from dataclasses import replace

import pytest

from config.project import Project
from tests.dialogue.talking import (
    Talk,
    act,
    asks,
    bank,
    fill,
    lira,
    outcome,
    question,
    said,
    skip,
    start,
    step,
    thanks,
    unclear,
    values,
    why,
)

IBAN = "TR330006100519786457841326"


def collected() -> Talk:
    """A transfer that waits for its confirmation."""
    talk = Talk()
    talk.hears(start("send_money"), fill("amount", lira(500)), fill("iban", IBAN))
    return talk


def test_asks_for_what_is_missing_in_the_authors_order():
    scene = Talk().hears(start("send_money"))

    assert (step(scene), outcome(scene), asks(scene)) == ("ask", "asked", ["amount", "iban"])


def test_asks_for_one_slot_at_a_time_where_the_project_wants_that():
    scene = Talk(bank(limits={"max_params_per_question": 1})).hears(start("send_money"))

    assert asks(scene) == ["amount"]


def test_takes_values_from_the_first_message():
    scene = Talk().hears(start("send_money"), fill("amount", lira(500)))

    assert asks(scene) == ["iban"]
    assert values(scene) == {"amount": lira(500)}


def test_optional_slots_are_not_asked_for():
    assert outcome(collected().scene) == "confirming"


def test_a_value_that_the_customer_did_not_write_is_dropped():
    scene = Talk().hears(start("send_money"), fill("amount", lira(500), "500 lira"), message="send money please")

    assert values(scene) == {}


def test_a_slot_that_depends_on_an_open_one_is_asked_for_later():
    scene = Talk(bank(limits={"max_params_per_question": 3})).hears(start("appointment"))

    assert asks(scene) == ["branch", "date"]


def test_a_write_is_confirmed_with_readable_arguments():
    scene = collected().scene

    assert "TRY" in said(scene)
    assert "500.00" in said(scene)
    assert IBAN in said(scene)


def test_a_read_is_not_confirmed():
    scene = Talk().hears(start("balance"), fill("customer", "12345678"))

    assert step(scene) == "act"


def test_yes_acts_on_exactly_what_was_shown():
    talk = collected()
    shown = talk.scene.stack[-1]["plan"]
    scene = talk.hears(act("affirm"), message="yes")

    assert step(scene) == "act"
    plan = scene.stack[-1]["plan"]
    assert plan is not None
    assert shown is not None
    assert plan["confirmed"]
    assert plan["hash"] == shown["hash"]


def test_yes_but_another_amount_is_a_correction_and_confirmed_again():
    talk = collected()
    scene = talk.hears(act("affirm"), fill("amount", lira(600)))

    assert outcome(scene) == "confirming"
    assert values(scene)["amount"] == lira(600)


def test_no_does_nothing_and_ends_the_flow():
    scene = collected().hears(act("deny"), message="no")

    assert outcome(scene) == "cancelled"
    assert scene.stack == ()


def test_an_unclear_answer_to_a_confirmation_asks_again():
    scene = collected().hears(unclear(), message="hmm")

    assert outcome(scene) == "confirming"
    assert scene.progress == "failed"


def test_an_hour_later_yes_is_not_a_yes():
    talk = collected()
    talk.scene = replace(talk.scene, open=None)
    scene = talk.hears(act("affirm"), message="yes", expired=True)

    assert step(scene) == "ask"
    assert scene.open is not None
    assert scene.open["kind"] == "resume"


def test_a_correction_clears_what_depends_on_it_and_nothing_else():
    talk = Talk()
    talk.hears(start("appointment"), fill("branch", "kadikoy"), fill("date", "2026-03-20"), fill("time", "10:00"))
    scene = talk.hears(fill("date", "2026-03-21"))

    assert values(scene) == {"branch": "kadikoy", "date": "2026-03-21"}
    assert asks(scene) == ["time"]


def test_undo_restores_the_value_before():
    talk = collected()
    talk.hears(fill("amount", lira(600)))
    scene = talk.hears(act("undo"), message="go back")

    assert values(scene)["amount"] == lira(500)
    assert outcome(scene) == "confirming"


def test_undo_of_a_first_value_asks_for_it_again():
    talk = Talk()
    talk.hears(start("send_money"), fill("amount", lira(500)))
    scene = talk.hears(act("undo"), message="undo")

    assert asks(scene) == ["amount", "iban"]


def test_what_is_done_cannot_be_undone_and_is_said_so():
    talk = collected()
    talk.hears(act("affirm"), message="yes")
    talk.acted()
    scene = talk.hears(act("undo"), message="undo that")

    assert "already done" in said(scene)


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "too low"), (60_000, "too high")],
)
def test_a_value_that_is_not_allowed_is_explained_with_its_limit(amount, text):
    talk = Talk()
    talk.hears(start("send_money"))
    scene = talk.hears(fill("amount", lira(amount)))

    assert text in said(scene)
    assert scene.progress == "failed"
    assert asks(scene)[0] == "amount"


def test_questions_escalate_until_they_offer_a_person():
    talk = Talk()
    talk.hears(start("balance"))
    first = said(talk.hears(unclear(), message="what"))
    second = said(talk.hears(unclear(), message="what"))

    assert first != second
    assert "person" in second
    assert step(talk.hears(act("affirm"), message="yes")) == "transfer"


def test_a_refused_slot_is_explained_and_asked_for_again():
    talk = Talk()
    talk.hears(start("balance"))
    scene = talk.hears(act("deny"), message="no")

    assert asks(scene) == ["customer"]
    assert "without" in said(scene)


def test_an_optional_slot_may_be_skipped():
    talk = Talk()
    talk.hears(start("send_money"), fill("amount", lira(5)))
    scene = talk.hears(skip("note"), fill("iban", IBAN))

    assert outcome(scene) == "confirming"


def test_why_is_explained_in_the_authors_words_and_the_question_comes_back():
    talk = Talk()
    talk.hears(start("send_money"), fill("amount", lira(5)))
    scene = talk.hears(why(), message="why?")

    assert "It names the account." in said(scene)
    assert asks(scene) == ["iban"]


def test_a_question_in_mid_flow_is_answered_and_the_open_one_comes_back():
    talk = Talk()
    talk.hears(start("balance"))
    scene = talk.hears(question("what does it cost?"), message="what does it cost?")

    assert (step(scene), outcome(scene)) == ("answer", "answered")
    assert scene.reprise == "Your customer number?"
    assert scene.open is not None
    assert scene.open["slots"] == ["customer"]


def test_a_value_and_a_question_in_one_message():
    scene = Talk().hears(start("send_money"), fill("amount", lira(500)), question("what is the fee?"))

    assert step(scene) == "answer"
    assert scene.reprise == "To which IBAN?"


def test_a_due_action_comes_before_the_question_beside_it():
    talk = Talk()
    scene = talk.hears(start("balance"), fill("customer", "12345678"), question("and the fees?"))

    assert step(scene) == "act"
    assert step(talk.acted()) == "answer"


def test_another_intent_is_stacked_and_the_first_comes_back():
    talk = Talk()
    talk.hears(start("send_money"))
    scene = talk.hears(start("balance"), message="what is my balance")
    assert asks(scene) == ["customer"]

    talk.hears(fill("customer", "12345678"))
    scene = talk.acted(balance=5)

    assert "Back to Send money" in said(scene)
    assert asks(scene) == ["amount", "iban"]
    assert outcome(scene) == "acted"


def test_a_fixed_reply_in_mid_flow_returns_to_the_open_question():
    talk = Talk()
    talk.hears(start("balance"))
    scene = talk.hears(start("fees"), message="fees?")

    assert "5 TL" in said(scene)
    assert asks(scene) == ["customer"]


def test_two_intents_of_one_message_are_done_in_turn():
    talk = Talk()
    scene = talk.hears(start("balance"), start("send_money"), message="balance and then send money")
    assert [frame["intent"] for frame in scene.stack] == ["send_money", "balance"]

    talk.hears(fill("customer", "12345678"))

    assert asks(talk.acted()) == ["amount", "iban"]


def test_a_flow_may_ask_before_it_is_left():
    talk = Talk()
    talk.hears(start("appointment"))
    scene = talk.hears(start("balance"), fill("customer", "12345678"))
    assert outcome(scene) == "clarifying"
    assert [frame["intent"] for frame in scene.stack] == ["appointment"]

    scene = talk.hears(act("affirm"), message="yes")

    assert step(scene) == "act"
    assert scene.stack[-1]["intent"] == "balance"


def test_staying_with_the_flow_asks_its_question_again():
    talk = Talk()
    talk.hears(start("appointment"))
    talk.hears(start("balance"), message="balance")

    assert asks(talk.hears(act("deny"), message="no"))[0] == "branch"


def test_a_flow_may_refuse_to_be_left():
    talk = Talk()
    talk.hears(start("block_card"))
    scene = talk.hears(start("balance"), message="balance")

    assert "first" in said(scene)
    assert asks(scene) == ["card"]


def test_a_late_answer_fills_the_flow_that_waits():
    talk = Talk()
    talk.hears(start("send_money"))
    talk.hears(start("balance"), message="balance")
    scene = talk.hears(fill("iban", IBAN))

    assert scene.stack[0]["slots"]["iban"]["value"] == IBAN
    assert asks(scene) == ["customer"]


def test_cancel_drops_the_top_flow_and_nothing_else():
    talk = Talk()
    talk.hears(start("send_money"))
    talk.hears(start("balance"), message="balance")
    scene = talk.hears(act("cancel"), message="cancel")

    assert [frame["intent"] for frame in scene.stack] == ["send_money"]
    assert outcome(scene) == "cancelled"
    assert asks(scene) == ["amount", "iban"]


def test_cancel_and_start_another_at_once():
    talk = Talk()
    talk.hears(start("send_money"))
    scene = talk.hears(act("cancel"), start("balance"), message="forget it, my balance")

    assert [frame["intent"] for frame in scene.stack] == ["balance"]
    assert outcome(scene) == "asked"


def test_restart_forgets_everything():
    talk = collected()
    scene = talk.hears(act("restart"), message="start over")

    assert (scene.stack, scene.variables, outcome(scene)) == ((), {}, "cancelled")


def test_a_shared_slot_is_not_asked_for_twice():
    talk = Talk()
    talk.hears(start("balance"), fill("customer", "12345678"))
    talk.acted()
    scene = talk.hears(start("balance"), message="balance again")

    assert step(scene) == "act"


def test_a_guarded_intent_starts_only_when_its_guard_holds():
    talk = Talk()
    assert "can't" in said(talk.hears(start("loan"), message="loan"))

    talk.hears(start("balance"), fill("customer", "12345678"))
    talk.acted()

    assert "You can have one." in said(talk.hears(start("loan"), message="loan"))


def test_an_intent_may_hand_over_by_rule():
    talk = Talk()
    talk.hears(start("complaint"))
    scene = talk.hears(fill("what", "everything"))

    assert step(scene) == "transfer"
    assert scene.verdict is not None
    assert scene.verdict["reason"] == "policy"


def test_a_person_is_wanted_at_any_point():
    scene = collected().hears(act("person"), message="a human please")

    assert scene.verdict is not None
    assert scene.verdict["reason"] == "requested"
    assert len(scene.stack) == 1


def test_an_ambiguous_value_is_asked_about_by_its_readings():
    talk = Talk()
    talk.hears(start("appointment"), fill("branch", "kadikoy"), fill("date", "2026-03-20"))
    both = {**fill("time", "08:00", "8"), "candidates": ["08:00", "20:00"]}
    scene = talk.hears(both)  # type: ignore[arg-type]
    assert scene.open is not None
    assert scene.open["kind"] == "ambiguous"

    scene = talk.hears(fill("time", "20:00", "evening"))

    assert values(scene)["time"] == "20:00"
    assert outcome(scene) == "confirming"


def test_an_ambiguity_that_the_rules_settle_is_not_asked_about():
    talk = Talk()
    talk.hears(start("appointment"), fill("branch", "kadikoy"))
    dates = {**fill("date", "2026-01-05", "05.01"), "candidates": ["2026-01-05", "2026-04-05"]}
    scene = talk.hears(dates)  # type: ignore[arg-type]

    assert values(scene)["date"] == "2026-04-05"


def test_small_talk_in_mid_flow_keeps_the_question_open():
    talk = Talk()
    talk.hears(start("balance"))
    scene = talk.hears(thanks(), message="thanks")

    assert asks(scene) == ["customer"]
    assert "welcome" in said(scene)


def test_clarification_goes_by_titles_and_is_answered_by_a_start():
    talk = Talk()
    scene = talk.hears({"command": "clarify", "intents": ["balance", "fees"]}, message="money")
    assert outcome(scene) == "clarifying"
    assert "Balance" in said(scene)
    assert "Fees" in said(scene)

    assert asks(talk.hears(start("balance"), message="the first")) == ["customer"]


def test_an_action_that_ends_asks_what_else_there_is_and_no_says_goodbye():
    talk = collected()
    talk.hears(act("affirm"), message="yes")
    scene = talk.acted()
    assert scene.open is not None
    assert scene.open["kind"] == "anything_else"

    assert "Goodbye" in said(talk.hears(act("deny"), message="no thanks"))


def test_a_value_taken_back_is_asked_for_again():
    talk = collected()
    scene = talk.hears(
        {"command": "fill", "slot": "amount", "value": None, "quote": "the amount"}, message="the amount is wrong"
    )

    assert asks(scene) == ["amount"]


def test_a_value_learnt_meanwhile_is_not_asked_for_by_the_flow_that_waited():
    slots = {"customer": {}, "what": {"type": "text", "ask": "What?"}}
    project = bank()
    intents = {**project.model_dump(by_alias=True)["intents"], "letter": {"title": "Letter", "slots": slots}}
    talk = Talk(bank(intents=intents))
    talk.hears(start("letter"), fill("what", "a"))
    talk.hears(start("balance"), message="balance first")
    talk.hears(fill("customer", "12345678"))
    scene = talk.acted()

    assert [frame["intent"] for frame in scene.finished] == ["balance", "letter"]


def test_an_intent_that_is_done_at_once_is_not_announced_as_a_detour():
    talk = Talk()
    talk.hears(start("balance"))

    assert "First" not in said(talk.hears(start("fees"), message="fees?"))


def test_an_intent_that_asks_something_is_announced_as_a_detour():
    talk = Talk()
    talk.hears(start("send_money"))

    assert "First Balance" in said(talk.hears(start("balance"), message="balance"))


def test_yes_to_a_question_for_a_value_is_explained():
    talk = Talk()
    talk.hears(start("balance"))
    scene = talk.hears(act("affirm"), message="yes")

    assert "valid number" in said(scene)
    assert scene.progress == "failed"


def test_yes_and_another_wish_acts_first():
    talk = collected()
    scene = talk.hears(act("affirm"), start("balance"), message="yes, and then my balance")
    assert step(scene) == "act"
    assert scene.stack[-1]["intent"] == "send_money"

    scene = talk.acted()

    assert asks(scene) == ["customer"]
    assert outcome(scene) == "acted"


def done(read: bool = False) -> Talk:
    """A transfer that was done, or a balance that was told."""
    talk = Talk() if read else collected()
    if read:
        talk.hears(start("balance"), fill("customer", "12345678"))
    else:
        talk.hears(act("affirm"), message="yes")
    talk.acted()
    return talk


def test_cancelling_what_is_done_says_that_it_is_too_late():
    assert "already done" in said(done().hears(act("cancel"), message="cancel it"))


def test_cancelling_after_something_was_only_told_has_nothing_to_cancel():
    assert "nothing to cancel" in said(done(read=True).hears(act("cancel"), message="cancel it"))


def test_cancelling_a_choice_of_intents_drops_it():
    talk = Talk()
    talk.hears({"command": "clarify", "intents": ["balance", "fees"]}, message="money")
    scene = talk.hears(act("cancel"), message="never mind")

    assert scene.open is None
    assert "other words" in said(scene)


def test_repeat_without_a_flow_says_the_last_message_again():
    talk = Talk()
    talk.scene = replace(talk.scene, said="A transfer costs 5 TL.")

    assert said(talk.hears(act("repeat"), message="again")) == "A transfer costs 5 TL."


def test_repeat_asks_the_same_choice_again():
    talk = Talk()
    first = talk.hears({"command": "clarify", "intents": ["balance", "fees"]}, message="money")
    talk.scene = replace(talk.scene, said=said(first))
    scene = talk.hears(act("repeat"), message="again")

    assert said(scene) == said(first)
    assert outcome(scene) == "clarifying"


def test_repeat_says_what_was_done_and_offers_more_again():
    talk = done()
    talk.scene = replace(talk.scene, said="Sent, T-1.\nIs there anything else I can help you with?")
    scene = talk.hears(act("repeat"), message="again")

    assert said(scene).startswith("Sent, T-1.")
    assert scene.open is not None
    assert scene.open["kind"] == "anything_else"


@pytest.mark.parametrize("reason", ["empty", "too_long"])
def test_a_message_that_cannot_be_read_leaves_a_choice_of_intents_open(reason):
    talk = Talk()
    talk.hears({"command": "clarify", "intents": ["balance", "fees"]}, message="money")
    scene = talk.hears({"command": "unclear", "reason": reason}, message="")

    assert scene.open is not None
    assert scene.open["kind"] == "clarify"


def test_a_value_refused_here_that_a_waiting_flow_had_asked_for_goes_there():
    account = {"type": "id", "pattern": "[0-9]{6}", "ask": "Which account?", "title": "account"}
    intents = {"close": {"title": "Close", "slots": {"account": account}}, "balance": {"slots": {"customer": {}}}}
    talk = Talk(bank(intents=intents, actions={}))
    talk.hears(start("close"))
    talk.hears(start("balance"), message="balance")
    scene = talk.hears(fill("customer", "123456"))

    assert scene.stack[0]["slots"]["account"]["value"] == "123456"
    assert asks(scene) == ["customer"]
    assert "Account: 123456" in said(scene)
    assert scene.progress == "made"


def test_a_value_refused_here_does_not_go_to_a_slot_that_takes_anything():
    talk = Talk()
    talk.hears(start("send_money"))
    talk.hears(start("balance"), message="balance")
    scene = talk.hears(fill("customer", "12"))

    assert scene.stack[0]["slots"] == {}
    assert scene.progress == "failed"


def at_eight() -> Talk:
    """An appointment whose time is either of two."""
    talk = Talk()
    talk.hears(start("appointment"), fill("branch", "kadikoy"), fill("date", "2026-03-20"))
    talk.hears({**fill("time", "08:00", "8"), "candidates": ["08:00", "20:00"]})
    return talk


def test_an_ambiguous_value_given_again_is_asked_about_in_other_words():
    talk = at_eight()
    first = said(talk.scene)
    scene = talk.hears({**fill("time", "08:00", "8"), "candidates": ["08:00", "20:00"]})

    assert said(scene) != first
    assert scene.progress == "failed"


def test_an_unclear_answer_to_two_readings_is_asked_about_in_other_words():
    talk = at_eight()
    first = said(talk.scene)
    scene = talk.hears(unclear(), message="hm")

    assert said(scene) != first
    assert asks(scene) == ["time"]


def test_another_value_leaves_the_question_between_readings_open():
    scene = at_eight().hears(fill("branch", "besiktas"))

    assert asks(scene) == ["time"]
    assert scene.open is not None
    assert scene.open["kind"] == "ambiguous"


def test_why_at_a_confirmation_says_why_a_yes_is_needed():
    scene = collected().hears(why(), message="why?")

    assert "said yes to exactly" in said(scene)
    assert "not asking" not in said(scene)
    assert outcome(scene) == "confirming"


@pytest.mark.parametrize("topic", ["greeting", "smalltalk"])
def test_who_returns_with_a_greeting_is_greeted_once(topic):
    talk = collected()
    talk.scene = replace(talk.scene, open=None)
    scene = talk.hears({"command": "chat", "topic": topic}, message="hi", expired=True)

    assert scene.parts == ()
    assert scene.open is not None
    assert scene.open["kind"] == "resume"


def test_a_wish_that_was_queued_is_not_gone_back_to():
    talk = Talk()
    talk.hears(start("balance"), start("send_money"), message="balance and then send money")
    talk.hears(fill("customer", "12345678"))
    scene = talk.acted()

    assert "Back" not in said(scene)
    assert "Now to Send money" in said(scene)


@pytest.mark.parametrize("first", [0, 1])
def test_a_value_taken_back_and_given_anew_is_one_correction(first):
    talk = collected()
    both = [fill("amount", None, "500"), fill("amount", lira(600), "600")]
    scene = talk.hears(both[first], both[1 - first], message="not 500 but 600")

    assert values(scene)["amount"] == lira(600)
    assert outcome(scene) == "confirming"


def booked() -> Talk:
    talk = Talk()
    talk.hears(start("appointment"), fill("branch", "kadikoy"), fill("date", "2026-03-20"), fill("time", "10:00"))
    return talk


@pytest.mark.parametrize("first", ["date", "time"])
def test_a_value_of_the_same_message_does_not_fall_with_what_it_depends_on(first):
    given = {"date": fill("date", "2026-03-21"), "time": fill("time", "11:00")}
    scene = booked().hears(given.pop(first), *given.values())

    assert values(scene) == {"branch": "kadikoy", "date": "2026-03-21", "time": "11:00"}
    assert outcome(scene) == "confirming"


@pytest.mark.parametrize("first", ["date", "time"])
def test_undo_takes_back_all_that_the_last_message_corrected(first):
    talk = booked()
    given = {"date": fill("date", "2026-03-21"), "time": fill("time", "11:00")}
    talk.hears(given.pop(first), *given.values())
    scene = talk.hears(act("undo"), message="put it back")

    assert values(scene) == {"branch": "kadikoy", "date": "2026-03-20", "time": "10:00"}
    assert said(scene).startswith("Taken back. ")
    assert "Date: Friday, March 20, 2026" in said(scene)
    assert "time: 10:00" in said(scene).lower()


def test_undo_of_first_values_takes_back_only_the_last_of_a_message():
    talk = Talk()
    talk.hears(start("appointment"))
    talk.hears(fill("branch", "kadikoy"), fill("date", "2026-03-20"))
    scene = talk.hears(act("undo"), message="undo")

    assert values(scene) == {"branch": "kadikoy"}


@pytest.mark.parametrize("reference", [None, "RN-1"])
def test_taking_back_what_is_not_done_yet_is_giving_it_up(reference):
    base = bank().model_dump(by_alias=True, exclude_unset=True)
    base["intents"]["appointment"]["undo_with"] = "cancel_visit"
    base["intents"]["cancel_visit"] = {
        "title": "Cancel a visit",
        "slots": {"visit": {"type": "id", "ask": "Which visit?"}},
        "action": "cancel_visit",
    }
    base["actions"]["cancel_visit"] = {"effect": "write", "method": "DELETE", "url": "https://bank.example/visits"}
    talk = Talk(Project.model_validate(base))
    talk.hears(start("appointment"), fill("branch", "kadikoy"))
    given = [fill("visit", reference)] if reference else []
    scene = talk.hears(start("cancel_visit"), *given, message=f"cancel the visit {reference}")

    assert (outcome(scene) == "cancelled") is (reference is None)
    assert [frame["intent"] for frame in scene.stack] == ([] if reference is None else ["appointment"])


def test_undo_of_a_named_slot_takes_back_its_own_last_change():
    talk = collected()
    talk.hears(fill("amount", lira(600)))
    talk.hears(fill("note", "rent"))
    scene = talk.hears({"command": "undo", "slot": "amount"}, message="back to the previous amount")

    assert values(scene)["amount"] == lira(500)
    assert values(scene)["note"] == "rent"
