from datetime import datetime
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from config.project import Intent, Project, Slot
from understanding.slots import extract
from understanding.tagger import MINIMUM, SlotTagger, marked_examples, train_tagger

NOW = datetime(2026, 3, 11, 10, tzinfo=ZoneInfo("Europe/Istanbul"))
FRAMES = [
    "do you sell [{}](product)",
    "I am looking for a [{}](product)",
    "is the [{}](product) in stock",
    "add [2](amount) [{}](product) to my cart",
    "I want to return the [{}](product)",
]
THINGS = (
    "lamp|kettle|blue chair|rain jacket|toaster|garden hose|coffee maker|pillow|desk fan|rug|mirror|bath towel|radio|"
    "door mat|phone case|tea pot|vase|bookshelf|kitchen scale|alarm clock|water bottle|drill|wool hat|yoga mat|wallet|"
    "picture frame|night light|cutting board|mouse pad|umbrella|shoe rack|wall clock"
)
SLOTS = {"product": Slot(type="text"), "amount": Slot(type="count")}


@pytest.fixture(scope="module")
def project() -> Project:
    examples = [frame.format(thing) for frame, thing in product(FRAMES, THINGS.split("|"))]
    return Project(
        name="shop",
        locales=["en"],
        intents={
            "buy": Intent(slots=SLOTS, examples={"en": examples}),
            "hours": Intent(examples={"en": ["when do you open", "are you open on sunday", "is the shop closed now"]}),
        },
    )


@pytest.fixture(scope="module")
def tagger(project) -> SlotTagger:
    tagger = train_tagger(project, now=NOW)
    assert tagger is not None
    return tagger


def found(text, tagger, *, requested=()):
    values = extract(text, SLOTS, locale="en", locales=["en"], now=NOW, requested=requested, tagger=tagger)
    return {each.slot: each.value for each in values}


@pytest.mark.parametrize(
    ("text", "product"),
    [("do you sell floor polish", "floor polish"), ("is the standing desk in stock?", "standing desk")],
)
def test_a_value_nobody_listed_is_found_in_sentences_like_the_examples(tagger, text, product):
    assert found(text, tagger) == {"product": product}
    assert found(text, None) == {}


def test_what_the_grammars_find_stays(tagger):
    assert found("add three pillow to my cart", tagger)["amount"] == 3


def test_sentences_without_a_value_have_none(tagger):
    assert found("when do you open", tagger) == {}


def test_a_tagger_is_kept_as_bytes(tagger):
    again = SlotTagger(tagger.model)

    assert found("do you sell floor polish", again) == {"product": "floor polish"}


def test_below_the_minimum_there_is_no_tagger(project):
    few = marked_examples(project)[: MINIMUM - 1]

    assert SlotTagger.train(few, SLOTS, now=NOW) is None
    assert train_tagger(Project(name="shop", locales=["en"]), now=NOW) is None


def test_marks_keep_their_places_in_the_plain_sentence(project):
    example = next(each for each in marked_examples(project) if len(each.marks) == 2)

    assert [example.text[start:end] for _, start, end in example.marks] == ["2", "lamp"]


def test_tagging_survives_texts_of_any_kind(tagger):
    for text in ("", "\x00", "🙂" * 900, "a " * 2000, "\ud800"):
        found(text, tagger)
