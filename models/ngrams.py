"""How texts are spelt: their character n-grams, hashed into rows of one length."""

from collections.abc import Sequence
from functools import lru_cache
from zlib import crc32

import numpy as np
import numpy.typing as npt

from models.ports import Vectors

_LONGEST = 4
_SIGN = 1 << 31


def hashed_ngrams(texts: Sequence[str], dimension: int) -> Vectors:
    """A row of unit length for each text: the n-grams of one to four characters of its words, with the spaces around.

    Half of the n-grams count downwards, so that two that share a place rather cancel than add up.
    """
    rows = np.zeros((len(texts), dimension), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        for word in text.split():
            places, signs = _hashed(word, dimension)
            np.add.at(row, places, signs)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9).astype(np.float32)
    return rows


@lru_cache(maxsize=4096)
def _hashed(word: str, dimension: int) -> tuple[npt.NDArray[np.intp], Vectors]:
    """The places of a word's n-grams, and which way each counts."""
    padded = f" {word} "
    sizes = range(1, min(_LONGEST, len(padded)) + 1)
    pieces = [padded[start : start + size] for size in sizes for start in range(len(padded) - size + 1)]
    hashes = [crc32(piece.encode("utf-8", "surrogatepass")) for piece in pieces]
    places = np.array([value % dimension for value in hashes], dtype=np.intp)
    signs = np.array([1.0 if value & _SIGN else -1.0 for value in hashes], dtype=np.float32)
    return places, signs
