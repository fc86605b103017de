"""What a slot counts among other things that are counted: its nouns, its units, its part of a sum."""

import pytest

PEOPLE = {
    "adults": {"type": "count", "cues": {"en": ["adults"], "tr": ["yetişkin"], "zh": ["大人"], "de": ["Erwachsene"]}},
    "kids": {
        "type": "count",
        "cues": {"en": ["kid", "kids"], "tr": ["çocuk"], "zh": ["小孩"], "de": ["Kind", "Kinder"]},
    },
}
NIGHTS = {"type": "count", "cues": {"en": ["night", "nights"], "tr": ["gece"], "zh": ["晚"], "de": ["Nacht", "Nächte"]}}


def values(found):
    return {each.slot: each.value for each in found if not each.negated}


@pytest.mark.parametrize(
    ("locale", "text", "kids"),
    [
        ("en", "three adults and two kids", 2),
        ("en", "three adults and a kid", 1),
        ("tr", "üç yetişkin ve iki çocuk", 2),
        ("tr", "üç yetişkin bir çocuk", 1),
        ("zh", "三个大人两个小孩", 2),
        ("zh", "三个大人和一个小孩", 1),
        ("de", "drei Erwachsene und zwei Kinder", 2),
        ("de", "drei Erwachsene und ein Kind", 1),
    ],
)
def test_of_a_sum_every_slot_takes_what_its_words_name(ask, locale, text, kids):
    assert values(ask(locale, text, **PEOPLE)) == {"adults": 3, "kids": kids}
    assert values(ask(locale, text, people={"type": "count"})) == {"people": 3 + kids}


@pytest.mark.parametrize(
    ("locale", "text", "nights"),
    [
        ("en", "a room for six nights", 6),
        ("en", "one night please", 1),
        ("tr", "altı gece kalacağız", 6),
        ("tr", "bir gece", 1),
        ("zh", "住六晚", 6),
        ("zh", "就一晚", 1),
        ("de", "ein Zimmer für sechs Nächte", 6),
        ("de", "eine Nacht bitte", 1),
    ],
)
def test_a_span_of_time_is_a_count_where_the_slot_counts_its_unit(ask, locale, text, nights):
    assert values(ask(locale, text, nights=NIGHTS, price={"type": "money", "currency": "EUR"})) == {"nights": nights}
    assert values(ask(locale, text, stay={"type": "duration"})) == {"stay": f"P{nights}D"}


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "a twin room for the two of us"),
        ("tr", "iki kişilik oda"),
        ("zh", "订一间两个人的房"),
        ("de", "ein Zimmer für zwei Personen"),
    ],
)
def test_people_and_rooms_are_no_nights(ask, locale, text):
    assert values(ask(locale, text, nights=NIGHTS, guests={"type": "count"})) == {"guests": 2}


@pytest.mark.parametrize(
    ("locale", "text", "people"),
    [
        ("en", "me and three classmates", 4),
        ("en", "me and a friend", 2),
        ("tr", "ben ve üç kuzenim", 4),
        ("zh", "我和三个同事", 4),
        ("zh", "一家四口", 4),
        ("de", "ich und drei Nachbarn", 4),
    ],
)
def test_who_speaks_counts_too(ask, locale, text, people):
    assert values(ask(locale, text, people={"type": "count"})) == {"people": people}


def test_one_of_several_people_is_no_count(ask):
    assert ask("en", "one of us is a vegetarian", people={"type": "count"}) == []


@pytest.mark.parametrize(
    ("locale", "text"), [("en", "two bags and a suitcase"), ("de", "zwei Taschen und einen Koffer")]
)
def test_one_thing_named_beside_counted_ones_is_one(ask, locale, text):
    bags = {"type": "count", "cues": {"en": ["bags"], "de": ["Taschen"]}}
    cases = {"type": "count", "cues": {"en": ["suitcase", "suitcases"], "de": ["Koffer"]}}

    assert values(ask(locale, text, bags=bags, cases=cases)) == {"bags": 2, "cases": 1}


@pytest.mark.parametrize(
    ("locale", "text", "age"),
    [
        ("en", "she is 34 years old", 34),
        ("en", "a six-year-old", 6),
        ("tr", "34 yaşında", 34),
        ("zh", "今年34岁", 34),
        ("de", "sie ist 34 Jahre alt", 34),
    ],
)
def test_an_age_is_a_number_and_no_span_of_time(ask, locale, text, age):
    cues = {"en": ["years old", "year old"], "tr": ["yaşında"], "zh": ["岁"], "de": ["Jahre alt"]}
    found = ask(locale, text, age={"type": "integer", "cues": cues}, hire={"type": "duration"})

    assert values(found) == {"age": age}


@pytest.mark.parametrize(
    ("locale", "text"),
    [("tr", "12 kiloluk bir koli"), ("zh", "12公斤一箱"), ("en", "12 kilos one box"), ("de", "12 Kilo ein Karton")],
)
def test_a_unit_belongs_to_the_number_before_it(ask, locale, text):
    cues = {"tr": ["kilo"], "zh": ["公斤"], "en": ["kilos"], "de": ["Kilo"]}

    assert values(ask(locale, text, weight={"type": "number", "cues": cues})) == {"weight": 12}


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "two seats, no, make that four seats"),
        ("en", "two, no, four seats"),
        ("en", "two seats, sorry, four"),
        ("tr", "iki bilet, yok, dört"),
        ("tr", "iki, pardon, dört bilet"),
        ("zh", "两张，不对，四张"),
        ("de", "zwei Karten, nein, vier"),
        ("de", "zwei, nein, vier Karten"),
    ],
)
def test_a_number_that_is_taken_back_goes_to_no_other_slot(ask, locale, text):
    cues = {"en": ["seat", "seats"], "tr": ["bilet"], "zh": ["张"], "de": ["Karte", "Karten"]}
    found = ask(locale, text, seats={"type": "count", "cues": cues}, price={"type": "money", "currency": "EUR"})

    assert values(found) == {"seats": 4}
    assert [each.value for each in found if each.negated] == [2]
