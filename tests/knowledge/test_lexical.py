"""Words in common, in any language."""

import pytest

from tools import lexical
from tools.sentences import sentences


@pytest.mark.parametrize(
    ("question", "passage"),
    [
        ("kartımı kaybettim", "Kartınızı kaybetmeniz durumunda kart hemen kapatılır."),
        ("İADE SÜRESİ", "iade süresi on dört gündür"),
        ("退货运费", "退货的运费由卖家承担"),
        ("cancelling", "You can cancel at any time."),
        ("ＩＢＡＮ", "Your IBAN stands on the card."),
    ],
)
def test_forms_of_a_word_have_terms_in_common(question: str, passage: str) -> None:
    weights = lexical.weigh(question, 10, {})

    assert lexical.share(weights, lexical.searchable(passage)) > 0.3


def test_a_short_word_is_found_only_as_a_word() -> None:
    weights = lexical.weigh("pin", 10, {})

    assert lexical.share(weights, lexical.searchable("change your PIN here")) == 1.0
    assert lexical.share(weights, lexical.searchable("spinning pinboards")) == 0.0


def test_rare_terms_weigh_more_and_unseen_ones_most() -> None:
    weights = lexical.weigh("card fees zebra", 100, {"card": 90, "fees": 3})

    assert weights["card"] < weights["fees"] < weights["zebr"]


def test_coverage_lies_between_nothing_and_all() -> None:
    weights = lexical.weigh("transfer fee", 10, {})
    full = lexical.searchable("transfer fee " * 40)

    assert lexical.coverage(weights, lexical.searchable("天气"), 2, 2.0) == 0.0
    assert 0.5 < lexical.coverage(weights, full, 400, 400.0) <= 1.0
    assert lexical.coverage({}, full, 400, 400.0) == 0.0


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("error E4012 came up", {"e4012"}),
        ("order TR-2024/17", {"tr-2024/17"}),
        ("订单A1024的状态", {"a1024"}),
        ("number 40129", {"40129"}),
        ("3 days, 1.5 percent, 500", set()),
        ("no code at all", set()),
    ],
)
def test_codes_are_told_from_plain_numbers(text: str, codes: set[str]) -> None:
    assert lexical.codes(text) == codes


@pytest.mark.parametrize(
    ("locale", "text", "expected"),
    [
        ("tr", "Teslimat 3. gün biter. Sonra 2. Dünya Savaşı.", ["Teslimat 3. gün biter. ", "Sonra 2. Dünya Savaşı."]),
        ("en", "It costs 5. Then you pay.", ["It costs 5. ", "Then you pay."]),
        ("en", "1. Open the app.\n2. Tap Cards.", ["1. Open the app.\n", "2. Tap Cards."]),
        ("zh", "你好。可以退货吗？可以！", ["你好。", "可以退货吗？", "可以！"]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(locale: str, text: str, expected: list[str]) -> None:
    assert sentences(text, locale) == expected
