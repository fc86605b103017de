"""One spelling for whole short messages: case, width, diacritics, punctuation and stretched letters do not count."""

import re
import unicodedata

_PUNCTUATION = re.compile(r"[^\w\s]|_")
_STRETCHED = re.compile(r"([^\W\d])\1{2,}")
_LETTERS = str.maketrans({"ı": "i", "İ": "i", "I": "i"})


def fold(text: str) -> str:
    """`text` for comparison; a message of symbols only (an emoji) stays itself."""
    plain = text.lower() if text.isascii() else _bare_letters(text)
    bare = " ".join(_PUNCTUATION.sub(" ", plain.replace("'", "").replace("’", "")).split())
    return _STRETCHED.sub(r"\1", bare) if bare else " ".join(plain.split())


def _bare_letters(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).translate(_LETTERS).casefold()
    apart = unicodedata.normalize("NFD", plain)
    if any(map(unicodedata.combining, apart)):
        apart = "".join(c for c in apart if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", apart).translate(_LETTERS)
