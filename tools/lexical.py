"""Words in common between a question and a passage: one tokenizer for every language, no word lists.

Alphabetic words are read as their 4-grams (a shorter word as a whole), which stands in for stemming in Turkish and
English alike; Chinese as single characters and pairs. A passage keeps its words as one string, every word between two
spaces, so that counting a term in it is a substring search.
"""

import math
import re
import unicodedata
from collections.abc import Mapping

from dialogue.tokens import is_cjk

_GRAM = 4
_K1, _B = 1.5, 0.75
"""The usual constants of BM25."""

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_CODE = re.compile(r"(?<![\w-])(?=[\w-]*\d)[^\W_]+(?:[-_/.][^\W_]+)*(?![\w-])", re.UNICODE)
_MIN_CODE = 3
_MIN_DIGITS = 4


def fold(text: str) -> str:
    """`text` with width, case and the dots of the Turkish i made equal."""
    return unicodedata.normalize("NFKC", text).replace("İ", "i").replace("I", "i").casefold().replace("ı", "i")


def searchable(text: str) -> str:
    """The form of a passage in which `count` looks terms up."""
    return "".join(f" {word} " for word in _runs(fold(text)))


def terms(text: str) -> list[str]:
    """The terms of `text`, in order, with repetitions; a whole short word is a term between spaces."""
    found: list[str] = []
    for run in _runs(fold(text)):
        if is_cjk(run[0]):
            found += [*run, *(run[at : at + 2] for at in range(len(run) - 1))]
        elif len(run) < _GRAM:
            found.append(f" {run} ")
        else:
            found += [run[at : at + _GRAM] for at in range(len(run) - _GRAM + 1)]
    return found


def codes(text: str) -> set[str]:
    """Exact codes in `text`, folded: E4012, TR-2024/17, 40129; not small or plain numbers such as 3 or 1.5."""
    spaced = "".join(" " if is_cjk(char) else char for char in fold(text))
    return {match.group() for match in _CODE.finditer(spaced) if _is_code(match.group())}


def rarity(documents: int, frequency: int) -> float:
    """How much a term tells: BM25's inverse document frequency, which is never negative."""
    return math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5))


def weigh(question: str, documents: int, frequencies: Mapping[str, int]) -> dict[str, float]:
    """The question's distinct terms with their rarity; one never seen weighs as the rarest."""
    return {term: rarity(max(documents, 1), frequencies.get(term, 0)) for term in dict.fromkeys(terms(question))}


def coverage(weights: Mapping[str, float], passage: str, length: int, mean_length: float) -> float:
    """Share of the question's weighted terms that `passage` (in its searchable form) holds, 0…1.

    A term counts by BM25's saturation, so that a passing mention in a long passage counts less. Unlike a rank or a
    score normalised per question it is absolute: it fades to nothing where question and passage differ in language.
    """
    total = sum(weights.values())
    if not total:
        return 0.0
    damping = _K1 * (1 - _B + _B * length / max(mean_length, 1.0))
    found = 0.0
    for term, weight in weights.items():
        times = passage.count(term)
        if times:
            found += weight * times / (times + damping)
    return found / total


def share(weights: Mapping[str, float], passage: str) -> float:
    """Share of the question's weighted terms that stand in `passage` (in its searchable form) at all, 0…1."""
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in passage) / total if total else 0.0


def _runs(folded: str) -> list[str]:
    runs: list[str] = []
    for word in _WORD.findall(folded):
        if word.isascii():
            runs.append(word)
            continue
        start = 0
        for at in range(1, len(word) + 1):
            if at == len(word) or is_cjk(word[at]) != is_cjk(word[start]):
                runs.append(word[start:at])
                start = at
    return runs


def _is_code(code: str) -> bool:
    digits = sum(char.isdigit() for char in code)
    if digits == len(code):
        return digits >= _MIN_DIGITS
    return len(code) >= _MIN_CODE and any(char.isalpha() for char in code)
