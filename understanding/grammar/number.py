"""A number of a text, and how numbers are written in plain digits."""

from dataclasses import dataclass
from math import isfinite

from understanding.grammar.entities import whole
from understanding.grammar.language import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number and the piece of a text that says it; offsets are those of the text it was looked for in."""

    start: int
    end: int
    value: float
    written: str
    """In plain digits, as the other rules read it."""
    weak: bool = False
    """Said with a word that often means something else ("one", "bir", "一")."""
    ordinal: bool = False
    literal: bool = False
    """Said in digits."""
    suffixed: bool = False
    """Ends inside a word: what follows is a suffix."""


def written(value: float) -> str:
    """A number in plain digits; nothing for one beyond all counting."""
    if not isfinite(value):
        return ""
    plain = whole(value)
    return str(plain) if isinstance(plain, int) else f"{plain:.6f}".rstrip("0")


def read_literal(text: str, language: Language) -> str:
    """Digits with this language's separators as plain digits with a decimal point."""
    dot, comma = text.rfind("."), text.rfind(",")
    decimal = str(language.data.get("decimal", "."))
    if dot >= 0 and comma >= 0:
        decimal = "." if dot > comma else ","
    group = "," if decimal == "." else "."
    return text.replace(group, "").replace(decimal, ".")
