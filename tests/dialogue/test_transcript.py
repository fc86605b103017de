"""How much of what was said a conversation carries with it."""

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage

from dialogue.transcript import LEAST_KEPT, outgrown

LONG = "word " * 100


def test_a_short_conversation_is_kept_whole_however_long_its_messages_are():
    assert outgrown([HumanMessage(LONG)] * LEAST_KEPT, budget=0) == []


def test_a_long_one_keeps_what_fits_and_the_newest_in_any_case():
    messages: list[AnyMessage] = [HumanMessage(f"{number} {LONG}") for number in range(LEAST_KEPT + 5)]

    assert outgrown(messages, budget=0) == messages[4::-1]
    assert outgrown(messages, budget=1_000_000) == []


def test_it_ends_where_the_budget_does():
    messages: list[AnyMessage] = [HumanMessage(f"{number} {LONG}") for number in range(LEAST_KEPT + 50)]
    gone = outgrown(messages, budget=10_000)

    assert 0 < len(gone) < 50
    assert gone == messages[len(gone) - 1 :: -1]


def test_what_a_person_said_and_that_it_was_given_back_stays():
    said: list[AnyMessage] = [AIMessage("I am Ayşe", name="person"), SystemMessage("given back")]

    assert outgrown([*said, *[HumanMessage(LONG)] * LEAST_KEPT], budget=0) == []
