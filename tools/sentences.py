"""Sentences of a text, for passages and for answers that quote them."""

import re
from collections.abc import Iterable

import sentencex

_ORDINAL = re.compile(r"(?:^|\s)\d{1,3}\.\s*$")
_MARKER = re.compile(r"\s*(?:\d{1,3}[.)]|[-*•])\s*$")
_DOTTED_ORDINALS = frozenset(
    ("az", "cs", "da", "de", "et", "fi", "hr", "hu", "is", "lv", "nb", "nn", "no", "pl", "sk", "sl", "sr", "tr")
)
"""Languages that write an ordinal number as digits and a full stop: "3. gün", "2. Weltkrieg"."""


def sentences(text: str, locale: str) -> list[str]:
    """The sentences of `text`, joining to it but for blank lines; a line is never joined with the next."""
    language = locale.split("-", maxsplit=1)[0]
    found: list[str] = []
    for line in text.splitlines(keepends=True):
        found += _merged(sentencex.segment(language, line), ordinals=language in _DOTTED_ORDINALS)
    return [sentence for sentence in found if sentence.strip()]


def _merged(pieces: Iterable[str], *, ordinals: bool) -> list[str]:
    """Pieces cut after an ordinal number or a list marker, or before a small letter, joined again."""
    merged: list[str] = []
    for piece in pieces:
        if merged and _belongs(merged[-1], piece, ordinals=ordinals):
            merged[-1] += piece
        else:
            merged.append(piece)
    return merged


def _belongs(before: str, piece: str, *, ordinals: bool) -> bool:
    if piece.lstrip()[:1].islower() or _MARKER.fullmatch(before):
        return True
    return ordinals and bool(_ORDINAL.search(before))
