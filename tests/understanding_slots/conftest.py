from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from config.project import Slot
from understanding.grammar.loading import load_language
from understanding.grammar.reading import Reading
from understanding.slots import Found, extract

NOW = datetime(2026, 3, 11, 10, tzinfo=ZoneInfo("Europe/Istanbul"))
"""A Wednesday."""


@pytest.fixture
def read() -> Callable[[str, str], Reading]:
    def read(locale: str, text: str) -> Reading:
        language = load_language(locale)
        assert language is not None
        return Reading(text, language, NOW)

    return read


@pytest.fixture
def ask() -> Callable[..., list[Found]]:
    """Read a text for slots given as `name={"type": …}`; `requested` and `filled` as the dialogue has them."""

    def ask(locale: str, text: str, *, requested=(), filled=None, locales=None, now=NOW, **slots) -> list[Found]:
        return extract(
            text,
            {name: Slot(**spec) for name, spec in slots.items()},
            locale=locale,
            locales=locales or [locale],
            now=now,
            requested=requested,
            filled=filled or {},
        )

    return ask
