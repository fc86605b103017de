"""A project's own words are said in place of the built-in ones, in each of its languages."""

import pytest

from dialogue.commands import Command
from tests.dialogue.talking import Talk, act, bank, fill, lira, said, skip, start, unclear, why

SEND: list[Command] = [start("send_money"), fill("amount", lira(500)), fill("iban", "TR33")]
TWO_MEANT: Command = {"command": "clarify", "intents": ["balance", "fees"]}

WAYS: dict[str, list[list[Command]]] = {
    "session_start": [[act("begin")]],
    "greeting": [[{"command": "chat", "topic": "greeting"}]],
    "smalltalk": [[{"command": "chat", "topic": "smalltalk"}]],
    "thanks": [[{"command": "chat", "topic": "thanks"}]],
    "goodbye": [[{"command": "chat", "topic": "goodbye"}]],
    "insult": [[{"command": "chat", "topic": "insult"}]],
    "robot": [[{"command": "chat", "topic": "robot"}]],
    "help": [[{"command": "chat", "topic": "help"}]],
    "repeat.nothing": [[act("repeat")]],
    "cannot_handle.no_match": [[unclear()]],
    "cannot_handle.unreadable": [[{"command": "unclear", "reason": "unreadable"}]],
    "cannot_handle.unsupported": [[{"command": "unclear", "reason": "unsupported"}]],
    "cannot_handle.empty": [[{"command": "unclear", "reason": "empty"}]],
    "cannot_handle.too_long": [[{"command": "unclear", "reason": "too_long"}]],
    "clarify.ask": [[TWO_MEANT]],
    "clarify.again": [[TWO_MEANT], [unclear()]],
    "clarify.none": [[TWO_MEANT], [act("deny")]],
    "intent.unavailable": [[start("loan")]],
    "silence.first": [[start("balance")], [act("silence")]],
    "skip.required": [[start("balance")], [skip("customer")]],
    "why.default": [[start("balance")], [why()]],
    "why.nothing": [[why()]],
    "why.confirm": [[*SEND], [why()]],
    "wrong_type.id": [[start("balance")], [unclear()]],
    "invalid.too_large": [[start("send_money")], [fill("amount", lira(90_000))]],
    "corrected": [[*SEND[:2]], [fill("amount", lira(600))]],
    "undo.cleared": [[*SEND[:2]], [act("undo")]],
    "undo.nothing": [[act("undo")]],
    "cancelled": [[*SEND], [act("cancel")]],
    "cancel.nothing": [[act("cancel")]],
    "restarted": [[*SEND], [act("restart")]],
    "confirm.ask": [[*SEND]],
    "confirm.again": [[*SEND], [fill("amount", lira(600))]],
    "confirm.unclear": [[*SEND], [unclear()]],
    "confirm.declined": [[*SEND], [act("deny")]],
    "resume": [[*SEND[:2]], [start("balance")], [act("cancel")]],
    "digression.ask": [[start("appointment")], [start("balance")]],
    "digression.blocked": [[start("block_card")], [start("balance")]],
    "digression.stacked": [[*SEND[:2]], [start("balance")]],
    "digression.declined": [[start("appointment")], [start("balance")], [act("deny")]],
    "queued": [[start("balance"), start("send_money")]],
}
"""Of each text, what the customer says until it is said."""


@pytest.mark.parametrize("locale", ["en", "tr"])
@pytest.mark.parametrize("key", WAYS)
def test_the_projects_own_words_are_said(key, locale):
    own = {"en": {key: "OWN WORDS."}, "tr": {key: "KENDİ SÖZLERİ."}}
    talk = Talk(bank(texts=own), locale=locale)
    for commands in WAYS[key]:
        talk.hears(*commands, message=" ".join(c["quote"] for c in commands if c["command"] == "fill") or "so")

    assert own[locale][key] in said(talk.scene)


def test_a_text_of_one_language_leaves_the_others_as_they_are():
    talk = Talk(bank(texts={"en": {"thanks": "OWN WORDS."}}), locale="tr")

    assert said(talk.hears({"command": "chat", "topic": "thanks"}, message="sağ ol")) == "Rica ederim!"
