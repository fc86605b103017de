import pytest

MONEY = {"type": "money", "currency": "TRY"}


def one(found):
    assert len(found) == 1, found
    return found[0]


def test_every_value_has_its_exact_quote_in_the_original(ask):
    text = "Lütfen İKİ YÜZ lirayı  yarın gönder"
    found = ask("tr", text, amount=MONEY, day={"type": "date"})

    assert {each.slot: each.quote for each in found} == {"amount": "İKİ YÜZ lirayı", "day": "yarın"}
    assert all(text[each.start : each.end] == each.quote for each in found)


@pytest.mark.parametrize(
    ("spec", "text", "value"),
    [
        ({"type": "money", "currency": "TRY"}, "500", {"amount": 500, "currency": "TRY"}),
        ({"type": "integer"}, "on iki", 12),
        ({"type": "number"}, "2,5", 2.5),
        ({"type": "count"}, "bir", 1),
        ({"type": "date"}, "15", "2026-03-15"),
        ({"type": "text"}, "  kapıya bırakın.", "kapıya bırakın"),
        ({"type": "name"}, "elif demir", "elif demir"),
        ({"type": "boolean"}, "evet", True),
        ({"type": "boolean"}, "yok", False),
        ({"type": "choice", "values": ["1", "2", "3"]}, "iki", "2"),
    ],
)
def test_a_short_answer_goes_to_the_slot_that_was_asked_for(ask, spec, text, value):
    assert one(ask("tr", text, requested=["wanted"], wanted=spec)).value == value


@pytest.mark.parametrize("kind", ["text", "name", "boolean", "integer", "number"])
def test_what_was_not_asked_for_is_not_guessed(ask, kind):
    assert ask("en", "yes please send 3 things to my house", wanted={"type": kind}) == []


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "not 500, 600"),
        ("en", "500, sorry, 600"),
        ("en", "change 500 to 600"),
        ("en", "600 instead of 500"),
        ("tr", "500 değil 600"),
        ("tr", "500'ü 600 yap"),
        ("tr", "500 yerine 600"),
        ("tr", "500 pardon 600"),
        ("zh", "不是500，是600"),
        ("zh", "把500改成600"),
    ],
)
def test_what_the_customer_takes_back_is_negated_and_the_other_stays(ask, locale, text):
    found = ask(locale, text, requested=["amount"], amount=MONEY)

    assert {(each.value["amount"], each.negated) for each in found} == {(500, True), (600, False)}


def test_two_values_for_one_slot_are_an_ambiguity(ask):
    found = one(ask("en", "500 or 600 lira", requested=["amount"], amount=MONEY))

    assert [each["amount"] for each in found.candidates] == [500, 600]
    assert found.value == found.candidates[0]


CITIES = {
    "ankara": {"tr": ["Ankara"], "en": ["Ankara"]},
    "izmir": {"tr": ["İzmir"], "en": ["Izmir"], "zh": ["伊兹密尔"]},
}


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "from Ankara to Izmir"),
        ("en", "to Izmir from Ankara"),
        ("en", "Ankara to Izmir"),
        ("tr", "Ankara'dan İzmir'e"),
        ("tr", "izmire ankaradan gideceğim"),
        ("zh", "从Ankara到伊兹密尔"),
    ],
)
def test_two_places_are_told_apart_by_what_stands_around_them(ask, locale, text):
    found = ask(
        locale,
        text,
        origin={"type": "location", "values": CITIES},
        destination={"type": "location", "values": CITIES},
    )

    assert {each.slot: each.value for each in found} == {"origin": "ankara", "destination": "izmir"}


def test_without_cues_two_values_fill_two_slots_in_order(ask):
    found = ask("tr", "5 haziran, 12 haziran", first={"type": "date"}, second={"type": "date"})

    assert {each.slot: each.value for each in found} == {"first": "2026-06-05", "second": "2026-06-12"}


def test_the_authors_cues_beat_the_order(ask):
    found = ask(
        "en",
        "I need a loan of $12,000 and I make $3,500",
        income={"type": "money", "currency": "USD", "cues": {"en": ["make", "earn"]}},
        principal={"type": "money", "currency": "USD"},
    )

    assert {each.slot: each.value["amount"] for each in found} == {"income": 3500, "principal": 12000}


def test_one_piece_of_text_fills_one_slot(ask):
    found = ask("tr", "500 lira", amount=MONEY, fee=MONEY, count={"type": "count"}, number={"type": "number"})

    assert [each.slot for each in found] == ["amount"]


def test_limits_settle_an_open_hour(ask):
    found = one(ask("tr", "saat 8'de", at={"type": "time", "min": "17:00", "max": "23:00"}))

    assert (found.value, found.candidates) == ("20:00", ())


def test_an_hour_that_has_passed_today_is_the_later_one(ask):
    found = ask("tr", "bugün saat 8'de", day={"type": "date"}, at={"type": "time"})

    assert {each.slot: (each.value, each.candidates) for each in found} == {
        "day": ("2026-03-11", ()),
        "at": ("20:00", ()),
    }


def test_a_moment_knows_the_offset_of_its_day(ask):
    from datetime import datetime
    from zoneinfo import ZoneInfo

    london = datetime(2026, 3, 11, 10, tzinfo=ZoneInfo("Europe/London"))
    found = one(ask("en", "April 2nd at 10:30 am", now=london, at={"type": "datetime"}))

    assert found.value == "2026-04-02T10:30:00+01:00"


def test_a_message_in_another_language_of_the_project_is_read_too(ask):
    found = ask(
        "tr", "tomorrow at 5 pm for two people", locales=["tr", "en"], day={"type": "date"}, at={"type": "time"}
    )

    assert {each.slot: each.value for each in found} == {"day": "2026-03-12", "at": "17:00"}


def test_a_language_without_a_grammar_is_read_as_english(ask):
    assert one(ask("xx", "tomorrow", day={"type": "date"})).value == "2026-03-12"


def test_numbers_inside_other_things_are_no_amounts(ask):
    text = "kart 4821 ile 3 Mayıs 19:30'da, tel 0532 123 45 67"
    found = ask("tr", text, amount=MONEY, phone={"type": "phone"}, day={"type": "date"}, at={"type": "time"},
                card={"type": "id", "pattern": "[0-9]{4}"})  # fmt: skip

    assert {each.slot for each in found} == {"phone", "day", "at", "card"}


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\x00", "\ud800"])
def test_nothing_said_is_nothing_found(ask, text):
    assert ask("en", text, requested=["amount"], amount=MONEY) == []


def test_a_boolean_is_stated_by_its_own_words_only(ask):
    insured = {"type": "boolean", "cues": {"en": ["insured", "insurance"]}}

    assert one(ask("en", "I want it insured", insured=insured)).value is True
    assert one(ask("en", "no insurance", insured=insured)).value is False
    assert ask("en", "no thanks", insured=insured) == []


@pytest.mark.parametrize(
    ("locale", "text", "readings"),
    [
        ("en", "20 or 25", (20, 25)),
        ("tr", "20 ya da 25", (20, 25)),
        ("zh", "20或者25", (20, 25)),
        ("de", "20 oder 25", (20, 25)),
    ],
)
def test_half_of_what_was_asked_for_is_no_other_slots_value(ask, locale, text, readings):
    found = one(ask(locale, text, requested=["slices"], slices={"type": "count"}, limit=MONEY))

    assert (found.slot, found.candidates) == ("slices", readings)


def test_what_takes_another_values_place_is_for_the_same_slot(ask):
    places = {"type": "location", "values": {"xiamen": {"zh": ["厦门"]}, "kunming": {"zh": ["昆明"]}}}
    found = ask("zh", "把厦门换成昆明", requested=["destination"], origin=places, destination=places)

    assert {(each.slot, each.value, each.negated) for each in found} == {
        ("destination", "xiamen", True),
        ("destination", "kunming", False),
    }


def test_a_misspelt_place_is_found_beside_one_that_is_spelt_right(ask):
    places = {"type": "location", "values": ["Leeds", "Newcastle"]}
    found = ask("en", "from leeds to newcasle", origin=places, destination=places)

    assert {each.slot: each.value for each in found} == {"origin": "Leeds", "destination": "Newcastle"}


@pytest.mark.parametrize(
    ("locale", "text"), [("en", "third floor"), ("tr", "üçüncü kat"), ("zh", "三楼"), ("de", "im dritten Stock")]
)
def test_an_ordinal_answers_a_question_for_a_number(ask, locale, text):
    assert one(ask(locale, text, requested=["floor"], floor={"type": "integer"})).value == 3


def test_a_changed_amount_is_no_range(ask):
    found = ask("en", "change it from 500 to 600 dollars", requested=["amount"], amount=MONEY)

    assert {(each.value["amount"], each.negated) for each in found} == {(500, True), (600, False)}


def test_a_day_with_a_time_is_a_moment_before_it_is_a_day(ask):
    found = ask("en", "on Tuesday at 9:30 am", start={"type": "date"}, visit={"type": "datetime"})

    assert {each.slot: each.value for each in found} == {"visit": "2026-03-17T09:30:00+03:00"}


@pytest.mark.parametrize(("text", "value"), [("köpeğimiz de var", True), ("köpek getirmeyeceğiz", False)])
def test_words_are_known_however_their_ends_change(ask, text, value):
    dog = {"type": "boolean", "cues": {"tr": ["köpek"]}}

    assert one(ask("tr", text, requested=["dog"], dog=dog)).value is value
    assert one(ask("tr", "köpeği", animal={"type": "choice", "values": {"dog": {"tr": ["köpek"]}}})).value == "dog"


@pytest.mark.parametrize(
    ("locale", "text", "address", "recipient"),
    [
        ("zh", "上海市徐汇区漕溪北路88号，收件人改成李四", "上海市徐汇区漕溪北路88号", "李四"),
        ("zh", "地址改成上海市徐汇区漕溪北路88号，收件人李四", "上海市徐汇区漕溪北路88号", "李四"),
        ("en", "14 Harbour Road, Leeds, recipient is Anna Berg", "14 Harbour Road, Leeds", "Anna Berg"),
        ("tr", "Bağdat Caddesi 12, alıcı Ayşe Yılmaz", "Bağdat Caddesi 12", "Ayşe Yılmaz"),
    ],
)
def test_a_text_ends_where_another_slot_is_named_and_given(ask, locale, text, address, recipient):
    slots = {
        "address": {"type": "text", "cues": {"zh": ["地址改成", "改成"], "en": ["address to"]}},
        "recipient": {
            "type": "name",
            "title": {"zh": "收件人", "en": "recipient", "tr": "alıcı"},
            "cues": {"zh": ["收件人"], "en": ["recipient"], "tr": ["alıcı"]},
        },
    }
    found = ask(locale, text, requested=["address"], **slots)

    assert {each.slot: each.value for each in found} == {"address": address, "recipient": recipient}


def test_a_text_with_another_slots_name_and_no_value_for_it_is_one(ask):
    slots = {"reason": {"type": "text"}, "date": {"type": "date", "title": {"en": "date"}}}
    text = "it never came, date after date was promised"

    assert [each.value for each in ask("en", text, requested=["reason"], **slots)] == [text]
