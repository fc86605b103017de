"""A change of mind about what is done, where the author named an intent that takes it back."""

from typing import Any

import pytest

from config.project import Project
from tests.dialogue.talking import Talk, act, bank, fill, lira, outcome, said, start, step, thanks, values

IBAN = "TR330006100519786457841326"


def reversible(**recall: object) -> Project:
    """The bank with a transfer that can be called back by its reference."""
    base: dict[str, Any] = bank().model_dump(by_alias=True, exclude_unset=True)
    base["intents"]["send_money"]["undo_with"] = "recall"
    base["intents"]["recall"] = {
        "title": "Recall a transfer",
        "slots": {
            "reference": {"type": "id", "title": "reference", "ask": "Which reference?"},
            "iban": {"type": "id", "title": "IBAN", "ask": "Which IBAN?"},
        },
        "action": "recall",
        **recall,
    }
    base["actions"]["send_money"]["result"] = {"reference": "id"}
    base["actions"]["recall"] = {"effect": "write", "method": "DELETE", "url": "https://bank.example/transfers"}
    return Project.model_validate(base)


def sent(project: Project | None = None, reference: object = "T-1") -> Talk:
    """A transfer that is done."""
    talk = Talk(project or reversible())
    talk.hears(start("send_money"), fill("amount", lira(500)), fill("iban", IBAN))
    talk.hears(act("affirm"))
    talk.acted(reference=reference)  # type: ignore[arg-type]
    return talk


@pytest.mark.parametrize("words", ["undo", "cancel"])
def test_taking_back_what_is_done_begins_the_named_intent_with_what_is_known_of_it(words):
    scene = sent().hears(act(words))

    assert said(scene).startswith("“Send money” is already done. It can be taken back: Recall a transfer.")
    assert "Recall a transfer. Reference: T-1, IBAN: TR33" in said(scene)
    assert (outcome(scene), values(scene)) == ("confirming", {"reference": "T-1", "iban": IBAN})


def test_only_a_yes_takes_it_back():
    talk = sent()
    talk.hears(act("undo"))
    scene = talk.hears(act("deny"))

    assert step(scene) != "act"
    assert scene.stack == ()


def test_a_yes_acts_on_the_very_deed():
    talk = sent()
    talk.hears(act("undo"))
    scene = talk.hears(act("affirm"))

    assert step(scene) == "act"
    assert scene.stack[-1]["plan"]["arguments"] == {"reference": "T-1", "iban": IBAN}


def test_a_number_that_an_api_gave_fits_a_code():
    assert values(sent(reference=4711).hears(act("undo")))["reference"] == "4711"


def test_the_newest_deed_is_taken_back_with_its_own_reference():
    talk = sent()
    talk.hears(start("send_money"), fill("amount", lira(40)), fill("iban", IBAN))
    talk.hears(act("affirm"))
    talk.acted(reference="T-2")
    talk.hears(start("fees"))

    assert values(talk.hears(act("undo")))["reference"] == "T-2"


def test_a_correction_that_comes_too_late_offers_it():
    talk = sent()
    scene = talk.hears(fill("amount", lira(600)))

    assert scene.open["kind"] == "reverse"
    assert said(scene) == "“Send money” is already done. Shall I take it back with “Recall a transfer”?"
    assert outcome(talk.hears(act("affirm"))) == "confirming"


@pytest.mark.parametrize("words", ["deny", "cancel"])
def test_no_to_the_offer_lets_it_stand(words):
    talk = sent()
    talk.hears(fill("amount", lira(600)))
    scene = talk.hears(act(words))

    assert (said(scene), scene.stack, scene.open) == ("All right, it stays as it is.", (), None)


def test_the_offer_is_gone_once_the_customer_talks_of_something_else():
    talk = sent()
    talk.hears(fill("amount", lira(600)))
    talk.hears(thanks())

    assert talk.hears(act("affirm")).stack == ()


def test_without_a_confirmation_of_its_own_it_is_offered_first():
    talk = sent(reversible(confirm=False))
    scene = talk.hears(act("undo"))

    assert scene.open["kind"] == "reverse"
    assert step(scene) == "ask"
    done = talk.hears(act("affirm"))
    assert step(done) == "act"


def test_where_its_guard_does_not_hold_it_is_too_late():
    scene = sent(reversible(when="slots.customer is defined")).hears(act("undo"))

    assert "can't take it back" in said(scene)


def test_what_the_reversal_lacks_is_asked_for():
    scene = sent(reference=None).hears(act("undo"))

    assert (outcome(scene), values(scene)) == ("asked", {"iban": IBAN})


def test_in_the_middle_of_something_else_it_is_not_begun():
    talk = sent()
    talk.hears(start("block_card"))
    scene = talk.hears(act("undo"))

    assert [frame["intent"] for frame in scene.stack] == ["block_card"]
    assert "can't take it back" in said(scene)


def test_what_only_told_something_leaves_nothing_to_take_back():
    talk = Talk()
    talk.hears(start("fees"))

    assert said(talk.hears(act("undo"))) == "There's nothing to take back."
