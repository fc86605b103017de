"""Finds a quote in what the customer wrote: spelling aside, but as whole words and whole numbers."""

import re
import unicodedata
from typing import Final

_LETTERS: Final = str.maketrans({"ı": "i", "İ": "i", "I": "i", "ß": "s"})
_NUMBER_GOES_ON: Final = re.compile(r"[.,٫٬]?\d")
_NUMBER_CAME_BEFORE: Final = re.compile(r"\d[.,٫٬]?\Z")


def find_quote(message: str, quote: str) -> list[tuple[int, int]]:
    """Where `quote` stands in `message`, as character spans; empty where it does not."""
    haystack, places = _folded(message)
    needle = _folded(quote)[0].strip()
    if not needle:
        return []
    spans: list[tuple[int, int]] = []
    at = haystack.find(needle)
    while at >= 0 and len(spans) < 20:
        end = at + len(needle)
        span = (places[at], places[end - 1] + 1)
        if _whole(haystack, at) and _whole_number(message, *span):
            spans.append(span)
        at = haystack.find(needle, at + 1)
    return spans


def _folded(text: str) -> tuple[str, list[int]]:
    """`text` without case, accents and punctuation, and where each of its characters came from."""
    chars: list[str] = []
    places: list[int] = []
    for place, original in enumerate(text):
        for char in unicodedata.normalize("NFKD", original.translate(_LETTERS)).casefold().translate(_LETTERS):
            if unicodedata.combining(char):
                continue
            if not char.isalnum():
                if not chars or chars[-1] == " ":
                    continue
                char = " "  # noqa: PLW2901 -- every stretch of other characters counts as one space
            chars.append(char)
            places.append(place)
    return "".join(chars), places


def _whole(haystack: str, at: int) -> bool:
    """Whether a word begins at `at`; in scripts without spaces it may begin anywhere. Suffixes may follow."""
    before, first = haystack[at - 1] if at else " ", haystack[at]
    spaced = before < "\u0250" and first < "\u0250"
    return not (spaced and before.isalpha() and first.isalpha())


def _whole_number(message: str, start: int, end: int) -> bool:
    if message[start].isdigit() and _NUMBER_CAME_BEFORE.search(message[:start]):
        return False
    return not (message[end - 1].isdigit() and _NUMBER_GOES_ON.match(message[end:]))
