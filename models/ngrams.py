"""How texts are spelt: their character n-grams, hashed into rows of one length."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import numpy.typing as npt

from models.ports import Vectors

if TYPE_CHECKING:
    from scipy.sparse import csr_array

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


def sparse_ngrams(texts: Sequence[str], dimension: int) -> "csr_array":
    """The same rows, of which only what is not zero is held: of many texts they would fill the memory."""
    from scipy.sparse import csr_array

    rows = [[_hashed(word, dimension) for word in text.split()] for text in texts]
    counts = [sum(len(places) for places, _ in row) for row in rows]
    none = (np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.float32))
    places = np.concatenate([none[0], *(places for row in rows for places, _ in row)])
    signs = np.concatenate([none[1], *(signs for row in rows for _, signs in row)])
    table = csr_array((signs, places, np.concatenate([[0], np.cumsum(counts)])), shape=(len(texts), dimension))
    table.sum_duplicates()
    lengths = np.sqrt(np.bincount(_row_of(table), weights=table.data.astype(np.float64) ** 2, minlength=len(texts)))
    table.data /= np.maximum(lengths, 1e-9)[_row_of(table)].astype(np.float32)
    return table


def _row_of(table: "csr_array") -> npt.NDArray[np.intp]:
    """The row of each number that is held."""
    return np.repeat(np.arange(table.shape[0]), np.diff(table.indptr))


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
