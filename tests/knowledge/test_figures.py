"""A deed told in other words brings no figure of its own, however it is written."""

import pytest

from tools.figures import names, strange_figures

RECEIPT = '{"reference": "T-17", "amount": {"amount": 1250.5, "currency": "TRY"}, "day": "2026-03-15", "fee": 350}'
BIG = '{"amount": 20000, "seats": 3, "plan": "three for all"}'


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("Sent 1,250.50 TRY on 15 March 2026, reference T-17.", "en"),
        ("1.250,50 TL gönderildi, referans T-17; ücret 350 TL, gün 15.03.2026.", "tr"),
        ("1 250,50 ₺ gönderildi.", "tr"),
        ("已转账1250.50里拉，手续费三百五，参考号T-17，日期2026年3月15日。", "zh"),
        ("手续费是３５０里拉，一定会到账，您只有一笔，十分感谢。", "zh"),
        ("手续费三百五十里拉。", "zh"),
        ("03/15/2026 and 15/03/2026 are the same day to us.", "en"),
        ("İşleminiz tamamlandı, teşekkürler.", "tr"),
        ("Done.", "de"),
    ],
)
def test_figures_of_the_receipt_are_known_in_every_form(text: str, locale: str) -> None:
    assert strange_figures(text, RECEIPT, locale) == ()


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("Sent 1,260.50 TRY.", "en"),
        ("Sent six hundred lira.", "en"),
        ("Sent 1,250.50 TRY on 16.03.2026.", "en"),
        ("Sent 1,250.50 USD.", "en"),
        ("Sent €1,250.50.", "en"),
        ("1.250,50 dolar gönderildi.", "tr"),
        ("Altı yüz lira gönderildi.", "tr"),
        ("已转账六百里拉。", "zh"),
        ("手续费三百六。", "zh"),
        ("已转账1250.50美元。", "zh"),
        ("已转账５００里拉。", "zh"),
        ("两三个工作日到账。", "zh"),
        ("It costs 350 thousand lira.", "en"),
        ("手续费350万里拉。", "zh"),
        ("350 bin lira gönderildi.", "tr"),
        ("The fee is 12 %.", "en"),
    ],
)
def test_another_figure_or_currency_is_seen(text: str, locale: str) -> None:
    assert strange_figures(text, RECEIPT, locale)


@pytest.mark.parametrize(
    ("text", "locale", "clean"),
    [
        ("20 thousand, for three seats", "en", True),
        ("20k", "en", True),
        ("20 bin", "tr", True),
        ("2万", "zh", True),
        ("两万，三个座位", "zh", True),
        ("二十万", "zh", False),
        ("2 bin", "tr", False),
        ("200 thousand", "en", False),
        ("for four", "en", False),
    ],
)
def test_numbers_that_are_multiplied_are_read_as_one(text: str, locale: str, clean: bool) -> None:
    assert (strange_figures(text, BIG, locale) == ()) is clean


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Reference T-17.", True),
        ("参考号T-17。", True),
        ("(T-17)", True),
        ("Reference T-170.", False),
        ("Reference AT-17.", False),
        ("Reference T17.", False),
    ],
)
def test_a_reference_stands_by_itself(text: str, named: bool) -> None:
    assert names(text, "T-17") is named
