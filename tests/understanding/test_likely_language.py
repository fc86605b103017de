"""A few words are probably in the language whose words they are."""

from pathlib import Path

import pytest

from config.loading import load
from understanding.likely_language import likely_language

PROJECTS = Path(__file__).parents[2] / "projects"


@pytest.mark.parametrize(
    ("project", "text", "expected"),
    [
        ("bank", "hi", "en"),
        ("bank", "Good morning", "en"),
        ("bank", "card lost", "en"),
        ("bank", "merhaba", "tr"),
        ("bank", "IBAN", None),
        ("bank", "10000001", None),
        ("bank", "hello, merhaba", None),
        ("telecom", "selam", "tr"),
        ("telecom", "fatura", "tr"),
        ("telecom", "internet yok", "tr"),
        ("telecom", "bill", "en"),
        ("shop", "refund", "en"),
        ("shop", "iPhone", None),
    ],
)
def test_the_words_of_a_short_message_tell_its_likely_language(project, text, expected):
    assert likely_language(text, load(PROJECTS / project).version) == expected
