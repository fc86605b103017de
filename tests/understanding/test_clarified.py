"""What is said before it is clear what is meant is not said in vain."""

import pytest

from config.project import Intent, Knowledge, Project, Slot
from tests.understanding.conftest import at, make_version
from understanding.vocabulary import learn

EUROS = Slot(type="money", currency="EUR", title="amount")


@pytest.fixture(scope="module")
def payments():
    """Two intents that one word fits."""
    examples = {
        "to_savings": {
            "en": ["transfer money to my savings", "put money into savings"],
            "tr": ["birikim hesabına aktar", "birikime para koy"],
            "zh": ["转到储蓄账户", "存到储蓄里"],
        },
        "to_person": {
            "en": ["transfer money to a person", "send money to someone"],
            "tr": ["birine para aktar", "birisine para gönder"],
            "zh": ["转账给别人", "给别人转钱"],
        },
        "opening_hours": {
            "en": ["when do you open", "opening hours"],
            "tr": ["kaçta açılıyorsunuz", "çalışma saatleri"],
            "zh": ["几点开门", "营业时间"],
        },
    }
    intents = {name: Intent(examples=said, slots={"amount": EUROS}) for name, said in examples.items()}
    locales = ["en", "tr", "zh"]
    return make_version(Project(name="pay", locales=locales, intents=intents, knowledge=Knowledge(enabled=False)))


@pytest.mark.parametrize(
    ("message", "locale"),
    [
        ("transfer 500 euros", "en"),
        ("about a transfer of 500 euros", "en"),
        ("500 euro aktar", "tr"),
        ("para aktarma konusunda, 500 euro", "tr"),
        ("转500欧元", "zh"),
        ("关于转钱，500欧元", "zh"),
    ],
)
async def test_a_clarification_keeps_the_values_for_each_intent(engine, payments, message, locale):
    understood = await engine.understand(payments, at(message, locale=locale))

    clarify = understood.commands[0]
    assert clarify["command"] == "clarify"
    assert [c["intent"] for c in clarify["held"][::2]] == clarify["intents"]
    assert [c["value"] for c in clarify["held"][1::2]] == [{"amount": 500, "currency": "EUR"}] * len(clarify["intents"])


def test_words_tell_where_one_wish_ends_and_another_begins():
    words = learn(
        [
            ("block my card", "block"),
            ("freeze the card", "block"),
            ("show my balance", "balance"),
            ("balance", "balance"),
        ]
    )

    assert words.cut("block my card show the balance") == ("block my card", "show the balance")
    assert words.cut("please block my card today") == ()
    assert words.vague("something about my card") == frozenset({"block"})
    assert words.vague("my card is broken and I am angry") == frozenset()
