"""Token estimates without a vocabulary."""

import itertools

import pytest

from dialogue.tokens import estimate_tokens


def test_nothing_costs_nothing_and_something_at_least_one() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens("a") == 1


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The quick brown fox jumps over the lazy dog. " * 20, 200),
        ("请问我的订单什么时候能够送到北京市朝阳区？" * 20, 284),
        ("Kredi kartımın borcunu nasıl öğrenebilirim acaba? " * 20, 260),
    ],
)
def test_long_texts_are_estimated_within_a_third(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == pytest.approx(tokens, rel=0.34)


def test_chinese_is_not_taken_for_one_word() -> None:
    assert estimate_tokens("退货需要在七天之内申请") > 8


def test_short_texts_carry_a_reserve() -> None:
    assert estimate_tokens("word " * 20) > 1.1 * estimate_tokens("word " * 200) / 10


def test_more_text_never_costs_less() -> None:
    costs = [estimate_tokens("wörd 字 " * count) for count in range(1, 120)]

    assert all(later >= earlier * 0.9 for earlier, later in itertools.pairwise(costs))
