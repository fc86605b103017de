"""A language is data: what no code knows is read like the others."""

import pytest

EURO = {"type": "money", "currency": "EUR"}
DATE, TIME, COUNT, TEXT = ({"type": kind} for kind in ("date", "time", "count", "text"))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("zweiundzwanzig", [22]),
        ("zwei und zwanzig", [22]),
        ("hundertdreizehn", [113]),
        ("neunzehnhundertneunundneunzig", [1999]),
        ("dreitausendfünfhundert", [3500]),
        ("dreitausendfuenfhundert", [3500]),
        ("anderthalb", [1.5]),
        ("zweieinhalb", [2.5]),
        ("eine halbe Million", [500000]),
        ("eine Viertelmillion", [250000]),
        ("zwei Komma fünf", [2.5]),
        ("1.250,75", [1250.75]),
        ("einunddreißigsten", [31]),
        ("noch einmal bitte", []),
    ],
)
def test_numbers_are_said_in_one_word(read, text, numbers):
    assert [number.value for number in read("de", text).numbers] == numbers


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("am 3. März", ["2027-03-03"]),
        ("am dritten Maerz", ["2027-03-03"]),
        ("übermorgen", ["2026-03-13"]),
        ("nächsten Freitag", ["2026-03-13"]),
        ("Freitag in einer Woche", ["2026-03-20"]),
        ("nächste Woche Dienstag", ["2026-03-17"]),
        ("am Samstag, den 14. März", ["2026-03-14"]),
        ("am 15.", ["2026-03-15"]),
        ("03.04.2026", ["2026-04-03"]),
        ("am 3.4.", ["2026-04-03"]),
        ("in drei Wochen", ["2026-04-01"]),
        ("vor zwei Tagen", ["2026-03-09"]),
        ("Ende des Monats", ["2026-03-31"]),
        ("vom 3. bis 10. Juli", ["2026-07-03", "2026-07-10"]),
        ("vom 28. Juni bis zum 2. Juli", ["2026-06-28", "2026-07-02"]),
        ("die Rechnung stimmt so", []),
        ("Montagmorgen", ["2026-03-16"]),
        ("kommenden Donnerstagvormittag", ["2026-03-12"]),
        ("guten Morgen", []),
        ("morgens um acht", []),
        ("30. Februar", []),
    ],
)
def test_days(read, text, days):
    assert [each.values[0] for each in read("de", text).dates()] == days


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("20 Uhr 15", [("20:15",)]),
        ("20.15 Uhr", [("20:15",)]),
        ("abends um halb neun", [("20:30",)]),
        ("um halb neun morgens", [("08:30",)]),
        ("Viertel vor zehn abends", [("21:45",)]),
        ("Viertel nach acht", [("08:15", "20:15")]),
        ("drei viertel acht", [("07:45", "19:45")]),
        ("morgens um fünf vor halb neun", [("08:25",)]),
        ("zwanzig nach vier nachmittags", [("16:20",)]),
        ("um acht", [("08:00", "20:00")]),
        ("acht Uhr morgens", [("08:00",)]),
        ("von 8:30 bis 17 Uhr", [("08:30",), ("17:00",)]),
        ("um Mitternacht", [("00:00",)]),
    ],
)
def test_times(read, text, times):
    assert [each.values for each in read("de", text).times()] == times


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("anderthalb Jahre", "P1Y6M"),
        ("eine halbe Stunde", "PT30M"),
        ("zwei Stunden und 30 Minuten", "PT2H30M"),
        ("drei Nächte", "P3D"),
        ("eine Dreiviertelstunde", "PT45M"),
    ],
)
def test_durations(read, text, duration):
    assert [each.values for each in read("de", text).durations()] == [(duration,)]


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("1.000,50 €", 1000.5, "EUR"),
        ("zwölf Euro fünfzig", 12.5, "EUR"),
        ("fünf Euro und 20 Cent", 5.2, "EUR"),
        ("zweihundert Schweizer Franken", 200, "CHF"),
        ("USD 99,90", 99.9, "USD"),
    ],
)
def test_money(read, text, amount, currency):
    found = [each.values[0] for each in read("de", text).money("EUR")]

    assert found == [{"amount": amount, "currency": currency}]


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("zwei Erwachsene und drei Kinder", (5,)),
        ("wir sind zu dritt", (3,)),
        ("ein Tisch für vier", (4,)),
        ("nur ich", (1,)),
        ("zwischen drei und fünf Personen", (3, 5)),
    ],
)
def test_people(read, text, counts):
    assert [each.values for each in read("de", text).counts()] == [counts]


@pytest.mark.parametrize(
    "text",
    ["nicht 500, sondern 600", "500, Entschuldigung, 600", "ändern Sie 500 auf 600", "600 statt 500", "keine 500, 600"],
)
def test_what_is_taken_back_is_negated(ask, text):
    found = ask("de", text, requested=["amount"], amount=EURO)

    assert {(each.value["amount"], each.negated) for each in found} == {(500, True), (600, False)}


@pytest.mark.parametrize(
    ("text", "name", "spec", "value"),
    [
        ("Der Fahrer wird Jan Weber sein", "driver", {"type": "name"}, "Jan Weber"),
        ("auf den Namen Öztürk", "customer", {"type": "name"}, "Öztürk"),
        ("Ich suche ein Hotel in Bad Homburg", "city", {"type": "location"}, "Bad Homburg"),
        ("der blaue bitte", "colour", {"type": "choice", "values": {"blue": {"de": ["blau"]}, "red": {}}}, "blue"),
        ("schreiben Sie Miete für Mai", "note", TEXT, "Miete für Mai"),
        ("lieber nicht", "breakfast", {"type": "boolean"}, False),
        ("ja gern", "breakfast", {"type": "boolean"}, True),
        ("anna punkt vogt ät example punkt de", "email", {"type": "email"}, "anna.vogt@example.de"),
    ],
)
def test_an_answer_goes_to_the_slot_that_was_asked_for(ask, text, name, spec, value):
    assert [each.value for each in ask("de", text, requested=[name], **{name: spec})] == [value]


def test_two_days_go_where_their_words_say(ask):
    found = ask("de", "zurück am 12. Juni, hin am 5. Juni", hinfahrt=DATE, rueckfahrt=DATE)

    assert {each.slot: each.value for each in found} == {"hinfahrt": "2026-06-05", "rueckfahrt": "2026-06-12"}


def test_a_part_of_the_day_written_with_its_day_settles_the_hour(ask):
    found = {each.slot: each.value for each in ask("de", "Freitagabend um 8", day=DATE, at=TIME)}

    assert found == {"day": "2026-03-13", "at": "20:00"}
