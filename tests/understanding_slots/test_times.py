import pytest

TIMES = [
    ("en", "7pm", "19:00"),
    ("en", "at 7:15 p.m.", "19:15"),
    ("en", "half past eight in the evening", "20:30"),
    ("en", "quarter to nine tonight", "20:45"),
    ("en", "ten past six in the morning", "06:10"),
    ("en", "noon", "12:00"),
    ("en", "midnight", "00:00"),
    ("en", "19:30", "19:30"),
    ("en", "3 o'clock in the afternoon", "15:00"),
    ("tr", "akşam 8'e", "20:00"),
    ("tr", "sabah dokuzda", "09:00"),
    ("tr", "akşam yedi buçukta", "19:30"),
    ("tr", "bu akşam dokuza çeyrek kala", "20:45"),
    ("tr", "sabah dokuzu çeyrek geçe", "09:15"),
    ("tr", "akşam sekizi on geçe", "20:10"),
    ("tr", "saat 19.30'da", "19:30"),
    ("tr", "öğlen 12'de", "12:00"),
    ("tr", "gece 11'de", "23:00"),
    ("zh", "下午三点半", "15:30"),
    ("zh", "晚上八点一刻", "20:15"),
    ("zh", "今晚差一刻九点", "20:45"),
    ("zh", "18点30分", "18:30"),
    ("zh", "晚上六点十分", "18:10"),
    ("zh", "凌晨两点", "02:00"),
    ("zh", "中午十二点", "12:00"),
]


@pytest.mark.parametrize(("locale", "text", "time"), TIMES)
def test_times_are_read_however_they_are_said(read, locale, text, time):
    assert [each.values for each in read(locale, text).times()] == [(time,)]


@pytest.mark.parametrize(
    ("locale", "text", "times"),
    [
        ("en", "at 8", ("08:00", "20:00")),
        ("en", "at 3", ("15:00", "03:00")),
        ("en", "half past eight", ("08:30", "20:30")),
        ("tr", "8'de", ("08:00", "20:00")),
        ("tr", "saat yedi buçukta", ("07:30", "19:30")),
        ("zh", "8点", ("08:00", "20:00")),
    ],
)
def test_a_bare_hour_keeps_both_readings(read, locale, text, times):
    assert [each.values for each in read(locale, text).times()] == [times]


@pytest.mark.parametrize(
    ("locale", "text", "times"),
    [
        ("en", "between 2 and 4 pm", ["14:00", "16:00"]),
        ("en", "from 11 to 1 pm", ["11:00", "13:00"]),
        ("tr", "14:00-16:00 arası", ["14:00", "16:00"]),
        ("zh", "下午2点到4点", ["14:00", "16:00"]),
    ],
)
def test_a_range_of_times_is_two_times(read, locale, text, times):
    assert [each.values[0] for each in read(locale, text).times()] == times


@pytest.mark.parametrize(
    ("locale", "text", "moment"),
    [
        ("en", "in two hours", "2026-03-11T12:00:00+03:00"),
        ("en", "in half an hour", "2026-03-11T10:30:00+03:00"),
        ("tr", "yarım saat sonra", "2026-03-11T10:30:00+03:00"),
        ("zh", "一个半小时后", "2026-03-11T11:30:00+03:00"),
    ],
)
def test_moments_are_counted_from_now(read, locale, text, moment):
    assert [each.values for each in read(locale, text).moments()] == [(moment,)]
