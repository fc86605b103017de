"""An answer without a model: the stored answer of a FAQ row, or the sentences that say most of what was asked."""

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from dialogue.state import Passage
from dialogue.tokens import is_cjk
from tools import lexical
from tools.sentences import sentences

PASSAGES = 3
SENTENCES = 2
_WHOLE_CHARS = 240
"""A passage this short is said whole."""
_PASSAGE_WEIGHT = 8.0
"""How much a better passage counts against a better sentence."""
_NEARNESS_WEIGHT = 2.0
"""How much a sentence's cosine counts beside the words it has of the question."""
_ALIKE = 85.0
"""From this likeness on, of 100, a second sentence tells a customer nothing new."""
_FIGURES = re.compile(r"\d+")
_ENDS = tuple(".!?。！？…:：;；\"'”’»)）")
"""How a sentence ends; what ends otherwise was a line of its own, such as a table's row."""
_CELLS = " — "
"""Between the first cell of a table's row and the others, as `ingest` tells them."""
_LIST_LINES = 6
"""Lines of a list that follow a chosen "…:"."""


@dataclass(frozen=True, kw_only=True)
class Extract:
    """Words of one or two passages."""

    text: str
    passages: tuple[Passage, ...]
    faq: bool = False


@dataclass(frozen=True, kw_only=True)
class _Sentence:
    passage: int
    position: int
    text: str
    score: float


def extract(question: str, passages: Sequence[Passage], *, locale: str) -> Extract | None:
    """The best answer that the passages hold word for word; None where there is none."""
    if not passages:
        return None
    best = passages[0]
    if "answer" in best:
        return Extract(text=best["answer"].strip(), passages=(best,), faq=True)
    body = best["text"].strip()
    if len(body) <= _WHOLE_CHARS and len(sentences(body, locale)) <= SENTENCES:
        return Extract(text=body, passages=(best,))
    return _best_sentences(question, passages[:PASSAGES], locale)


def _best_sentences(question: str, passages: Sequence[Passage], locale: str) -> Extract | None:
    split = [sentences(_body(passage), passage.get("locale") or locale) for passage in passages]
    weights = _weights(question, [text for found in split for text in found])
    nearness = _nearness(passages, split)
    scored = [
        _Sentence(
            passage=number,
            position=at,
            text=text,
            score=lexical.share(weights, lexical.searchable(text))
            + _NEARNESS_WEIGHT * near[at]
            - _PASSAGE_WEIGHT * (passages[0]["score"] - passages[number]["score"]),
        )
        for number, found, near in zip(range(len(split)), split, nearness, strict=True)
        for at, text in enumerate(found)
        if _says_something(text)
    ]
    chosen = _choose(scored, weights)
    if not chosen:
        return None
    in_order = sorted(chosen, key=lambda one: (one.passage, one.position))
    texts = [_with_list(one, split[one.passage]) for one in in_order]
    used = tuple(passages[number] for number in dict.fromkeys(one.passage for one in in_order))
    return Extract(text=_join(texts), passages=used)


def _nearness(passages: Sequence[Passage], split: Sequence[Sequence[str]]) -> list[list[float]]:
    """The sentences' cosines less the best of all; nothing tells them apart where one passage lacks them."""
    known = [passage.get("said", []) for passage in passages]
    if any(len(cosines) < len(found) for cosines, found in zip(known, split, strict=True)):
        return [[0.0] * len(found) for found in split]
    best = max((max(cosines) for cosines in known if cosines), default=0.0)
    return [[cosine - best for cosine in cosines] for cosines in known]


def _body(passage: Passage) -> str:
    """What may be quoted: of a FAQ row the answer, not its question."""
    return passage.get("answer") or passage["text"]


def _choose(scored: Sequence[_Sentence], terms: Collection[str]) -> list[_Sentence]:
    """The best sentences, none said twice where passages overlap or tell the same in nearly the same words.

    A second row of a table is for what the first has not of the question: else it is about something else.
    """
    chosen: list[_Sentence] = []
    said: list[str] = []
    for one in sorted(scored, key=lambda one: -one.score):
        key = lexical.searchable(one.text)
        if any(_tells_the_same(key, other) for other in said):
            continue
        if said and _is_row(one.text) and not any(term in key and term not in said[0] for term in terms):
            continue
        said.append(key)
        chosen.append(one)
        if len(chosen) == SENTENCES:
            break
    return chosen


def _is_row(text: str) -> bool:
    return _CELLS in text and not text.rstrip().endswith(_ENDS)


def _tells_the_same(one: str, other: str) -> bool:
    """Whether two sentences differ in a few letters only, and in no figure."""
    return fuzz.ratio(one, other) >= _ALIKE and _FIGURES.findall(one) == _FIGURES.findall(other)


def _weights(question: str, texts: Sequence[str]) -> dict[str, float]:
    """The question's terms by how few of the candidate sentences have them."""
    forms = [lexical.searchable(text) for text in texts]
    terms = dict.fromkeys(lexical.terms(question))
    return {term: math.log(1 + len(forms) / (1 + sum(term in form for form in forms))) for term in terms}


def _says_something(text: str) -> bool:
    return sum(char.isalnum() for char in text) > 1 and not text.lstrip().startswith("#")


def _with_list(one: _Sentence, found: Sequence[str]) -> str:
    if not one.text.rstrip().endswith((":", "：")):
        return one.text.strip()
    return "".join(found[one.position : one.position + 1 + _LIST_LINES]).strip()


def _join(texts: Sequence[str]) -> str:
    joined = texts[0]
    for text in texts[1:]:
        if text in joined:
            continue
        tight = bool(joined) and is_cjk(joined[-1])
        multiline = "\n" in joined or "\n" in text or not joined.rstrip().endswith(_ENDS)
        joined += ("\n" if multiline else "" if tight else " ") + text
    return joined
