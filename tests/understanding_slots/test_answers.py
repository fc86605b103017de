import pytest

DATE, TIME, COUNT, BOOLEAN = ({"type": kind} for kind in ("date", "time", "count", "boolean"))
PLACE, TEXT, INTEGER = ({"type": kind} for kind in ("location", "text", "integer"))
SEATS = {"type": "choice", "values": ["Economy", "Premium Economy", "Full-size", "any"]}

ANSWERS = [
    ("en", "I'd like to leave on the 12th of this month", "departure", DATE, "2026-03-12"),
    ("en", "later today", "date", DATE, "2026-03-11"),
    ("en", "Monday next week", "date", DATE, "2026-03-16"),
    ("en", "half past 5 in the evening", "time", TIME, "17:30"),
    ("en", "evening 6:15", "time", TIME, "18:15"),
    ("en", "morning 10", "time", TIME, "10:00"),
    ("en", "2215", "time", TIME, "22:15"),
    ("en", "only one bed", "beds", INTEGER, 1),
    ("en", "It's for 4 days.", "number_of_days", INTEGER, 4),
    ("en", "just the one ticket", "tickets", COUNT, 1),
    ("en", "I'll be going by myself", "travelers", COUNT, 1),
    ("en", "Premium Economy would be nice", "seat", SEATS, "Premium Economy"),
    ("en", "full size", "seat", SEATS, "Full-size"),
    ("en", "I don't care", "seat", SEATS, "any"),
    ("en", "No I don't need a garage", "has_garage", BOOLEAN, False),
    ("en", "not necessary", "has_wifi", BOOLEAN, False),
    ("en", "a non smoking one please", "smoking_allowed", BOOLEAN, False),
    ("en", "That would be great", "breakfast", BOOLEAN, True),
    ("en", "I would like it without insurance", "add_insurance", BOOLEAN, False),
    ("en", "In San Jose please", "city", PLACE, "San Jose"),
    ("en", "I'd like to find a place in Oakland, CA", "city", PLACE, "Oakland, CA"),
    ("en", "in fresno", "city", PLACE, "fresno"),
    ("en", "The movie is called Shazam", "movie", TEXT, "Shazam"),
    ("tr", "ayın 12'sinde", "date", DATE, "2026-03-12"),
    ("tr", "akşam altı buçuk", "time", TIME, "18:30"),
    ("tr", "isterim tabii", "breakfast", BOOLEAN, True),
    ("tr", "sigara içilmesin, hayır", "smoking", BOOLEAN, False),
    ("tr", "sadece bir tane", "tickets", COUNT, 1),
    ("zh", "要的", "breakfast", BOOLEAN, True),
    ("zh", "不需要", "breakfast", BOOLEAN, False),
    ("zh", "在杭州", "city", PLACE, "杭州"),
    ("zh", "就一张", "tickets", COUNT, 1),
    ("zh", "晚上六点半吧", "time", TIME, "18:30"),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer[1])
def test_an_answer_in_a_sentence_is_read_for_the_slot_that_was_asked_for(ask, answer):
    locale, text, name, spec, value = answer
    found = ask(locale, text, requested=[name], **{name: spec})

    assert [each.value for each in found] == [value]
