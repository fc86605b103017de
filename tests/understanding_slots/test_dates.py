import pytest

DATES = [
    ("en", "tomorrow", "2026-03-12"),
    ("en", "the day after tomorrow", "2026-03-13"),
    ("en", "on Friday", "2026-03-13"),
    ("en", "Thursday the 12th", "2026-03-12"),
    ("en", "March 21st, 2027", "2027-03-21"),
    ("en", "the 3rd of May", "2026-05-03"),
    ("en", "3 March", "2027-03-03"),
    ("en", "a week from today", "2026-03-18"),
    ("en", "in three weeks", "2026-04-01"),
    ("en", "next Monday", "2026-03-16"),
    ("en", "Christmas Eve", "2026-12-24"),
    ("en", "2026-04-09", "2026-04-09"),
    ("en", "the beginning of October", "2026-10-01"),
    ("en", "the beginning of October, maybe the 5th", "2026-10-05"),
    ("de", "Mitte April", "2026-04-15"),
    ("tr", "ekim başında", "2026-10-01"),
    ("zh", "十月初", "2026-10-01"),
    ("en", "the twenty-first of May", "2026-05-21"),
    ("en", "the first of July", "2026-07-01"),
    ("en", "4/17/2026", "2026-04-17"),
    ("en-GB", "17/04/2026", "2026-04-17"),
    ("en-GB", "03/04/2026", "2026-04-03"),
    ("tr", "yarın", "2026-03-12"),
    ("tr", "öbür gün", "2026-03-13"),
    ("tr", "ayın 15'inde", "2026-03-15"),
    ("tr", "ayın yirmisinde", "2026-03-20"),
    ("tr", "21.03.2026", "2026-03-21"),
    ("tr", "3 Mayıs'ta", "2026-05-03"),
    ("tr", "28 subat", "2027-02-28"),
    ("tr", "haftaya cuma", "2026-03-20"),
    ("tr", "önümüzdeki salı", "2026-03-17"),
    ("tr", "iki hafta sonra", "2026-03-25"),
    ("zh", "后天", "2026-03-13"),
    ("zh", "大后天", "2026-03-14"),
    ("zh", "下周四", "2026-03-19"),
    ("zh", "这个星期天", "2026-03-15"),
    ("zh", "五月三号", "2026-05-03"),
    ("zh", "2026年3月21日", "2026-03-21"),
    ("zh", "明年1月2号", "2027-01-02"),
    ("zh", "三天后", "2026-03-14"),
]


@pytest.mark.parametrize(("locale", "text", "day"), DATES)
def test_days_are_read_however_they_are_said(read, locale, text, day):
    assert [each.values for each in read(locale, text).dates()] == [(day,)]


@pytest.mark.parametrize(
    ("locale", "text", "day"),
    [
        ("en", "Monday", "2026-03-09"),
        ("en", "last Friday", "2026-03-06"),
        ("en", "28 February", "2026-02-28"),
        ("en", "the 28th", "2026-02-28"),
        ("tr", "geçen cuma", "2026-03-06"),
        ("tr", "üç gün önce", "2026-03-08"),
        ("zh", "上周五", "2026-03-06"),
        ("zh", "两周前", "2026-02-25"),
    ],
)
def test_open_days_are_read_towards_the_past_where_the_slot_says_so(read, locale, text, day):
    assert [each.values for each in read(locale, text).dates("past")] == [(day,)]


@pytest.mark.parametrize(
    ("locale", "text", "days"),
    [
        ("en", "next Friday", ("2026-03-20", "2026-03-13")),
        ("en", "Wednesday", ("2026-03-11", "2026-03-18")),
        ("en", "03/04/2026", ("2026-03-04", "2026-04-03")),
        ("tr", "hafta sonu", ("2026-03-14", "2026-03-15")),
    ],
)
def test_a_day_with_two_readings_keeps_both(read, locale, text, days):
    assert [each.values for each in read(locale, text).dates()] == [days]


@pytest.mark.parametrize(
    ("locale", "text", "days"),
    [
        ("en", "from the 3rd to the 10th of July", ["2026-07-03", "2026-07-10"]),
        ("en", "december 24 to january 2", ["2026-12-24", "2027-01-02"]),
        ("en", "from Friday to Monday", ["2026-03-13", "2026-03-16"]),
        ("tr", "9-14 nisan arası", ["2026-04-09", "2026-04-14"]),
        ("zh", "4月9号到14号", ["2026-04-09", "2026-04-14"]),
        ("zh", "6月5号出发，12号回来", ["2026-06-05", "2026-06-12"]),
        ("zh", "6月28号到7月2号", ["2026-06-28", "2026-07-02"]),
        ("tr", "20 Kasım'da gidip 27'sinde döneceğiz", ["2026-11-20", "2026-11-27"]),
    ],
)
def test_the_second_day_of_a_range_follows_the_first(read, locale, text, days):
    assert [each.values[0] for each in read(locale, text).dates()] == days


@pytest.mark.parametrize(
    ("locale", "text"),
    [("en", "31/02/2026"), ("tr", "30 Şubat"), ("zh", "2月30号"), ("en", "the 32nd"), ("en", "we sat")],
)
def test_days_that_do_not_exist_are_none(read, locale, text):
    assert read(locale, text).dates() == []
