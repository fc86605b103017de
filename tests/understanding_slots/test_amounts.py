import pytest


@pytest.mark.parametrize(
    ("locale", "text", "amount", "currency"),
    [
        ("en", "$250", 250, "USD"),
        ("en", "two hundred and fifty dollars", 250, "USD"),
        ("en", "40 quid", 40, "GBP"),
        ("en", "5 euros and 20 cents", 5.2, "EUR"),
        ("en", "EUR 99.90", 99.9, "EUR"),
        ("tr", "beş yüz liraya", 500, "TRY"),
        ("tr", "1.500,50 TL", 1500.5, "TRY"),
        ("tr", "₺75", 75, "TRY"),
        ("tr", "200 dolar", 200, "USD"),
        ("tr", "3 lira 50 kuruş", 3.5, "TRY"),
        ("tr", "12 lira 50", 12.5, "TRY"),
        ("de", "12 Euro 50", 12.5, "EUR"),
        ("zh", "两百块", 200, "CNY"),
        ("zh", "三块五", 3.5, "CNY"),
        ("zh", "一百二十块五毛", 120.5, "CNY"),
        ("zh", "100美元", 100, "USD"),
        ("zh", "￥88", 88, "CNY"),
        ("zh", "2.5万人民币", 25000, "CNY"),
        ("zh", "一点五万元", 15000, "CNY"),
        ("zh", "五元七角五分", 5.75, "CNY"),
        ("en", "a quarter of a million dollars", 250000, "USD"),
        ("en", "five pounds fifty", 5.5, "GBP"),
        ("tr", "çeyrek milyon lira", 250000, "TRY"),
    ],
)
def test_money_is_an_amount_and_a_currency(read, locale, text, amount, currency):
    assert [each.values[0] for each in read(locale, text).money(None)] == [{"amount": amount, "currency": currency}]


def test_a_shared_sign_is_the_currency_of_the_slot(read):
    assert read("en", "$5").money("CAD")[0].values == ({"amount": 5, "currency": "CAD"},)
    assert read("en", "5 dollars").money("AUD")[0].values == ({"amount": 5, "currency": "AUD"},)
    assert read("en", "€5").money("CAD")[0].values == ({"amount": 5, "currency": "EUR"},)


@pytest.mark.parametrize(
    ("locale", "text", "percent"),
    [
        ("en", "4.75 percent", 4.75),
        ("zh", "百分之五点九", 5.9),
        ("tr", "yüzde 4,75", 4.75),
        ("tr", "%5", 5),
        ("zh", "百分之五", 5),
        ("zh", "5%", 5),
    ],
)
def test_a_percentage_is_the_number_that_is_said(read, locale, text, percent):
    assert [each.values for each in read(locale, text).percents()] == [(percent,)]


@pytest.mark.parametrize(
    ("locale", "text", "duration"),
    [
        ("en", "a year and a half", "P1Y6M"),
        ("en", "2 hours 30 minutes", "PT2H30M"),
        ("en", "half an hour", "PT30M"),
        ("en", "a fortnight", "P2W"),
        ("en", "24 month contract", "P24M"),
        ("tr", "bir buçuk sene", "P1Y6M"),
        ("tr", "yarım saat", "PT30M"),
        ("tr", "24 aylık", "P24M"),
        ("tr", "üç gece", "P3D"),
        ("tr", "bir haftalığına", "P1W"),
        ("zh", "一年半", "P1Y6M"),
        ("zh", "一个半小时", "PT1H30M"),
        ("zh", "一刻钟", "PT15M"),
        ("zh", "三个月", "P3M"),
        ("zh", "半年", "P6M"),
    ],
)
def test_durations_are_iso_durations(read, locale, text, duration):
    assert [each.values for each in read(locale, text).durations()] == [(duration,)]


@pytest.mark.parametrize(
    ("locale", "text", "count"),
    [
        ("en", "table for four tomorrow", 4),
        ("en", "2 adults and 3 kids", 5),
        ("en", "me and my wife", 2),
        ("en", "just me", 1),
        ("en", "6 of us", 6),
        ("en", "four vip seats", 4),
        ("tr", "iki kişiyiz", 2),
        ("tr", "dört kişilik masa", 4),
        ("tr", "2 yetişkin 3 çocuk", 5),
        ("tr", "ben, eşim ve iki çocuk", 4),
        ("tr", "tek kişi", 1),
        ("zh", "两个人", 2),
        ("zh", "两大一小", 3),
        ("zh", "我和老公还有两个孩子", 4),
        ("zh", "就我一个", 1),
    ],
)
def test_people_are_counted(read, locale, text, count):
    assert [each.values for each in read(locale, text).counts()] == [(count,)]


@pytest.mark.parametrize(
    ("locale", "text"),
    [("en", "3 or 4 people"), ("en", "between 3 and 4 people"), ("tr", "3-4 kişi"), ("zh", "三四个人")],
)
def test_an_unsure_count_keeps_both(read, locale, text):
    assert [each.values for each in read(locale, text).counts()] == [(3, 4)]


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "between 200 and 300 dollars"),
        ("en", "200 or 300 dollars"),
        ("tr", "200-300 dolar"),
        ("zh", "两三百美元"),
        ("de", "200 bis 300 Dollar"),
    ],
)
def test_an_unsure_amount_keeps_both(read, locale, text):
    amounts = [[value["amount"] for value in each.values] for each in read(locale, text).money(None)]

    assert amounts == [[200, 300]]
