import pytest

NUMBERS = [
    ("en", "two hundred and fifty", 250),
    ("en", "twenty-five", 25),
    ("en", "a hundred", 100),
    ("en", "forty five thousand two hundred thirty one", 45231),
    ("en", "1,200.50", 1200.5),
    ("en", "1.500,50", 1500.5),
    ("en", "1.5k", 1500),
    ("en", "half a million", 500000),
    ("en", "two and a half", 2.5),
    ("en", "a couple hundred", 200),
    ("en", "half a dozen", 6),
    ("zh", "半打", 6),
    ("zh", "两打", 24),
    ("zh", "一打半", 18),
    ("en", "four point seven five", 4.75),
    ("en", "twelve hundred", 1200),
    ("tr", "bin beş yüz", 1500),
    ("tr", "yüz elli", 150),
    ("tr", "yüzelli", 150),
    ("tr", "beşyüz bin", 500000),
    ("tr", "iki yüz elli beş buçuk", 255.5),
    ("tr", "yarım milyon", 500000),
    ("tr", "bir buçuk milyon", 1500000),
    ("tr", "2,5 milyon", 2500000),
    ("tr", "1.500,50", 1500.5),
    ("tr", "dört virgül yetmiş beş", 4.75),
    ("tr", "10 bin", 10000),
    ("tr", "12 bin 500", 12500),
    ("tr", "3 milyon 250 bin", 3250000),
    ("en", "12 thousand 500", 12500),
    ("de", "12 tausend 500", 12500),
    ("zh", "两千零五十", 2050),
    ("zh", "三千五", 3500),
    ("zh", "一万二", 12000),
    ("zh", "两百五", 250),
    ("zh", "十二万五千", 125000),
    ("zh", "2.5万", 25000),
    ("zh", "四万五千二百三十一", 45231),
    ("zh", "一亿", 100000000),
    ("zh", "一九九〇", 1990),
    ("zh", "兩萬", 20000),
]


@pytest.mark.parametrize(("locale", "text", "value"), NUMBERS)
def test_numbers_are_read_however_they_are_said(read, locale, text, value):
    assert [number.value for number in read(locale, text).numbers] == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [("beşe", 5), ("500'ü", 500), ("dokuza", 9), ("yirmisinde", 20), ("dörtte", 4), ("sekizi", 8), ("10'da", 10)],
)
def test_turkish_numbers_keep_their_value_under_a_suffix(read, text, value):
    assert [number.value for number in read("tr", text).numbers] == [value]


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "the red one"),
        ("en", "one of these days"),
        ("tr", "onu istiyorum"),
        ("tr", "biri aradı"),
        ("tr", "otobüse bindim"),
        ("zh", "一下"),
        ("zh", "我们一起去"),
        ("zh", "万一不行"),
    ],
)
def test_words_that_only_look_like_numbers_are_none(read, locale, text):
    assert read(locale, text).numbers == []


def test_a_number_in_words_knows_its_place_in_the_original(read):
    reading = read("tr", "Lütfen İKİ YÜZ ELLİ liraya")
    number = reading.numbers[0]

    assert reading.original[number.start : number.end] == "İKİ YÜZ ELLİ"


def test_two_han_numbers_that_touch_stay_two(read):
    assert [number.value for number in read("zh", "8点45两张").numbers] == [8, 45, 2]


def test_digits_of_other_scripts_are_digits(read):
    assert [number.value for number in read("en", "１２ and ٣٤").numbers] == [12, 34]
