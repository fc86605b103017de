"""Days said by their place in a month, and days counted from another day of the sentence."""

import pytest


@pytest.mark.parametrize(
    ("locale", "text", "day"),
    [
        ("en", "the last Monday in June", "2026-06-29"),
        ("en", "the first Sunday of next month", "2026-04-05"),
        ("en", "the last day of May", "2026-05-31"),
        ("en", "the last Thursday of the month", "2026-03-26"),
        ("en", "end of June", "2026-06-30"),
        ("en", "the 9th of last month", "2026-02-09"),
        ("en", "in a fortnight", "2026-03-25"),
        ("en", "a fortnight on Friday", "2026-03-27"),
        ("en", "mid-April", "2026-04-15"),
        ("zh", "两个半月后", "2026-05-26"),
        ("en", "the end of the year", "2026-12-31"),
        ("tr", "haziranın son pazartesisi", "2026-06-29"),
        ("tr", "gelecek ayın ilk pazarı", "2026-04-05"),
        ("tr", "mayısın son günü", "2026-05-31"),
        ("tr", "haziran sonunda", "2026-06-30"),
        ("tr", "geçen ayın 9'unda", "2026-02-09"),
        ("tr", "yıl sonunda", "2026-12-31"),
        ("tr", "haftaya bugün", "2026-03-18"),
        ("zh", "六月最后一个星期一", "2026-06-29"),
        ("zh", "下个月第一个星期天", "2026-04-05"),
        ("zh", "五月最后一天", "2026-05-31"),
        ("zh", "六月底", "2026-06-30"),
        ("zh", "年底", "2026-12-31"),
        ("zh", "半个月后", "2026-03-26"),
        ("zh", "大大后天", "2026-03-15"),
        ("zh", "下周5", "2026-03-20"),
        ("de", "der letzte Montag im Juni", "2026-06-29"),
        ("de", "am ersten Sonntag des nächsten Monats", "2026-04-05"),
        ("de", "am letzten Tag im Mai", "2026-05-31"),
        ("de", "Ende Juni", "2026-06-30"),
        ("de", "zum Jahresende", "2026-12-31"),
    ],
)
def test_a_day_is_found_by_its_place(read, locale, text, day):
    assert [each.values for each in read(locale, text).dates()] == [(day,)]


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "the first weekend in May"),
        ("tr", "mayısın ilk hafta sonu"),
        ("zh", "五月第一个周末"),
        ("de", "das erste Wochenende im Mai"),
    ],
)
def test_a_weekend_of_a_month_is_its_two_days(read, locale, text):
    assert [each.values for each in read(locale, text).dates()] == [("2026-05-02", "2026-05-03")]


@pytest.mark.parametrize(
    ("locale", "text", "days"),
    [
        ("zh", "9号到14号", ["2026-04-09", "2026-04-14"]),
        ("en", "the 9th until the 14th", ["2026-04-09", "2026-04-14"]),
        ("en", "arriving the 9th, leaving the 14th", ["2026-04-09", "2026-04-14"]),
    ],
)
def test_the_second_of_two_days_is_never_before_the_first(read, locale, text, days):
    assert [each.values[0] for each in read(locale, text).dates()] == days


@pytest.mark.parametrize("text", ["the second week of April", "on Good Friday", "the 3rd attempt"])
def test_what_only_looks_like_a_day_is_none(read, text):
    assert read("en", text).dates() == []


@pytest.mark.parametrize("text", ["the last Friday in February", "end of February"])
def test_a_place_in_a_month_is_read_towards_the_past_where_the_slot_says_so(read, text):
    (found,) = read("en", text).dates("past")

    assert str(found.values[0]).startswith("2026-02-2")


def test_a_fifth_friday_that_a_month_has_not_is_no_day(read):
    assert read("en", "the 5th Friday in April").dates("future")[-1].values != ("2026-05-01",)


@pytest.mark.parametrize(
    ("locale", "text", "days"),
    [
        ("en", "leaving 4 June, back two weeks later", ["2026-06-04", "2026-06-18"]),
        ("en", "from 4 June, and a month later again", ["2026-06-04", "2026-07-04"]),
        ("en", "in on 4 June and out the next day", ["2026-06-04", "2026-06-05"]),
        ("tr", "4 Haziran'da gidiş, iki hafta sonra dönüş", ["2026-06-04", "2026-06-18"]),
        ("tr", "4 Haziran'da giriş, ertesi gün çıkış", ["2026-06-04", "2026-06-05"]),
        ("zh", "6月4号去，两周后回", ["2026-06-04", "2026-06-18"]),
        ("zh", "6月4号入住，第二天退房", ["2026-06-04", "2026-06-05"]),
        ("de", "Hinfahrt 4. Juni, zurück zwei Wochen später", ["2026-06-04", "2026-06-18"]),
        ("de", "Anreise am 4. Juni, Abreise am nächsten Tag", ["2026-06-04", "2026-06-05"]),
        ("tr", "ayın 20'sinden 25'ine", ["2026-03-20", "2026-03-25"]),
        ("tr", "gelecek ayın 2'sinden 6'sına kadar", ["2026-04-02", "2026-04-06"]),
        ("tr", "haziranın 2'sinden 6'sına", ["2026-06-02", "2026-06-06"]),
        ("en", "from the 2nd to the 6th of next month", ["2026-04-02", "2026-04-06"]),
    ],
)
def test_a_day_is_counted_from_the_one_before_it(read, locale, text, days):
    assert [each.values[0] for each in read(locale, text).dates()] == days


@pytest.mark.parametrize(("locale", "text"), [("en", "two weeks later"), ("tr", "iki hafta sonra"), ("zh", "两周后")])
def test_without_another_day_it_is_counted_from_today(read, locale, text):
    assert [each.values for each in read(locale, text).dates()] == [("2026-03-25",)]


@pytest.mark.parametrize(("locale", "text"), [("en", "the next day"), ("zh", "第二天"), ("de", "am nächsten Tag")])
def test_the_next_day_of_nothing_is_no_day(read, locale, text):
    assert read(locale, text).dates() == []


@pytest.mark.parametrize("text", ["每周3次", "两周4天", "一周5节课"])
def test_how_often_a_week_is_no_day_of_the_week(read, text):
    assert read("zh", text).dates() == []


def test_a_day_that_is_over_goes_to_the_slot_that_looks_back(ask):
    (found,) = ask(
        "en", "it broke on the 9th of last month", until={"type": "date"}, since={"type": "date", "prefer": "past"}
    )

    assert (found.slot, found.value) == ("since", "2026-02-09")


@pytest.mark.parametrize(
    ("text", "time"), [("yedi buçuğa", "07:30"), ("akşam dokuz buçuğu", "21:30"), ("sabah on buçukta", "10:30")]
)
def test_half_past_is_heard_with_its_softened_ending(ask, text, time):
    (found,) = ask("tr", text, requested=["at"], at={"type": "time"})

    assert found.value == time
