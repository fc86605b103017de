"""One spelling for whole short messages: case, width, diacritics, punctuation and stretched letters do not count."""

import re
import unicodedata

_PUNCTUATION = re.compile(r"[^\w\s]|_")
_STRETCHED = re.compile(r"([^\W\d])\1{2,}")
_LETTERS = str.maketrans({"ı": "i", "İ": "i", "I": "i"})


def fold(text: str) -> str:
    """`text` for comparison; a message of symbols only (an emoji) stays itself."""
    plain = unicodedata.normalize("NFKC", text).translate(_LETTERS).casefold()
    plain = "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
    plain = unicodedata.normalize("NFC", plain).translate(_LETTERS)
    bare = " ".join(_PUNCTUATION.sub(" ", plain.replace("'", "").replace("’", "")).split())
    return _STRETCHED.sub(r"\1", bare) if bare else " ".join(plain.split())
