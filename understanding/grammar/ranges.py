"""The smaller of two numbers when either is meant: "3 or 4 people", "between 200 and 300 euros", "两三百块"."""

import re
from functools import lru_cache

from understanding.grammar.language import Language

_REACH = 28
"""Characters before a quantity in which its lower end may stand."""
_NUMBER = r"(?<![\d.:/])(\d{1,9}(?:\.\d{1,2})?)"


def low_before(text: str, position: int, language: Language, *, joined: str) -> tuple[float, int] | None:
    """The lower number before a quantity that begins at `position`, and where that begins.

    `joined` is the list of the language's data that has what may stand between: "500 to 600" are two counts, and an
    amount of money that is changed.
    """
    begin = max(0, position - _REACH)
    match = _lower(language, joined).search(text[begin:position])
    return (float(next(filter(None, match.groups()))), begin + match.start()) if match else None


@lru_cache(maxsize=32)
def _lower(language: Language, joined: str) -> re.Pattern[str]:
    either = language.alternation(language.words(joined)) or "-"
    low = rf"{_NUMBER}\s{{0,2}}(?:{either})\s{{0,2}}$"
    before, between = (language.alternation(language.words(f"span_{key}")) for key in ("before", "between"))
    return re.compile(rf"{low}|(?<![^\W_]){before}\s{_NUMBER}\s{between}\s$" if before and between else low)
