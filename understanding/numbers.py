"""Numbers as the examples have them: where order 4711 is, is asked in the same words as where order 10042 is.

A sentence's vector leans on its figures, and no two customers have the same. A message that nothing is made of is read
once more with figures that the project's examples hold; it may become surer so, and never mean something else.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

_FIGURES: Final = re.compile(r"\d+")


def numbers_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Every number in `texts`, the most frequent first."""
    counts = Counter(number for text in texts for number in _FIGURES.findall(text))
    return tuple(number for number, _ in counts.most_common())


def with_known_numbers(text: str, known: Sequence[str]) -> str:
    """`text` with each number in the place of the known one that is nearest in length."""
    return _FIGURES.sub(lambda match: _nearest(match[0], known), text)


def _nearest(number: str, known: Sequence[str]) -> str:
    if not known or number in known:
        return number
    return min(known, key=lambda each: abs(len(each) - len(number)))
