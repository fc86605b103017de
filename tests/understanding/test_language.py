"""The language of a message is named only where it is clear."""

import pytest

from understanding.language import detect


@pytest.mark.parametrize(
    ("text", "locales", "expected"),
    [
        ("kartımı kaybettim ne yapmalıyım", ["tr", "en"], "tr"),
        ("kartimi kaybettim ne yapmaliyim", ["en", "tr"], "tr"),
        ("I lost my card yesterday", ["tr", "en"], "en"),
        ("send five hundred lira to Ayşe Yılmaz please", ["tr", "en"], "en"),
        ("我的订单到哪里了", ["zh", "en"], "zh"),
        ("iPhone 15 想退货", ["zh", "en"], "zh"),
        ("好", ["en", "zh"], "zh"),
        ("我想转500里拉", ["tr", "en", "zh"], "zh"),
        ("发到li@example.cn谢谢", ["tr", "zh"], "zh"),
        ("我的订单", ["en", "tr"], None),
        ("ok", ["tr", "en"], None),
        ("500 lira", ["tr", "en"], None),
        ("TR33 0006 1005 1978 6457 8413 26", ["tr", "en"], None),
        ("ayse@example.com", ["tr", "en"], None),
        ("", ["tr"], None),
        ("🙂🙂🙂", ["tr", "en"], None),
        ("where is my order please", ["en-GB", "tr"], "en-GB"),
        ("Где мой заказ", ["en", "ru"], "ru"),
        ("ich habe meine Karte verloren", ["de", "tr"], "de"),
    ],
)
def test_the_clear_locale_of_a_text(text, locales, expected):
    assert detect(text, locales) == expected
