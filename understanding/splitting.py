"""A message cut where it may hold two wishes: at the ends of sentences and at conjunctions of the shipped locales."""

import re
from collections.abc import Sequence
from functools import cache

from understanding.act_examples import folded, load_examples
from understanding.wording import question_words

MAX_PARTS = 4
_SENTENCE_END = r"[.!?;]+(?=\s)|[。！？；\n]+|\s[-–—]\s"

_COMMA = re.compile(r"[，、]|,(?=\s)")


def parts_of(text: str) -> Sequence[str]:
    """The parts of `text` that could each be a wish, or nothing where it is all one."""
    parts = [part.strip(" ,，、.") for part in _pattern().split(text)]
    long = [part for part in parts if _is_long(part)]
    return long[:MAX_PARTS] if len(long) > 1 else ()


def lead_of(text: str) -> tuple[str, str]:
    """What stands before the first comma, sentence end or conjunction, and what stands behind it."""
    match = _lead_pattern().search(text)
    if match is None:
        return text, ""
    return text[: match.start()].strip(), text[match.end() :].strip(" ,，、.")


def question_apart(text: str, locales: Sequence[str]) -> Sequence[str]:
    """What stands before and behind a comma, where only one of the two asks something; else nothing."""
    asking = question_words(tuple(dict.fromkeys(locale.split("-", maxsplit=1)[0] for locale in locales)))
    for match in _COMMA.finditer(text):
        parts = [text[: match.start()].strip(), text[match.end() :].strip()]
        asks = [asking.search(folded(part)) is not None for part in parts]
        if all(map(_is_long, parts)) and asks[0] != asks[1]:
            return parts
    return ()


def words_in(text: str) -> int:
    """Words, a Chinese character counting for half a word."""
    hanzi = len(re.findall(r"[\u3400-\u9fff]", text))
    return len(re.findall(r"[^\W\u3400-\u9fff]+", text)) + (hanzi + 1) // 2


def _is_long(part: str) -> bool:
    return words_in(part) >= 2


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(rf"(?:{_SENTENCE_END}|,?\s*{_conjunctions()})", re.IGNORECASE)


@cache
def _lead_pattern() -> re.Pattern[str]:
    return re.compile(rf"(?:[,，、:]|{_SENTENCE_END}|{_conjunctions()})", re.IGNORECASE)


def _conjunctions() -> str:
    words = {word for each in load_examples() for word in each.conjunctions}
    spaced = sorted((w for w in words if ord(w[0]) < 0x2E80), key=len, reverse=True)
    glued = sorted((w for w in words if ord(w[0]) >= 0x2E80), key=len, reverse=True)
    patterns = [rf"(?<!\w)(?:{'|'.join(map(re.escape, spaced))})(?!\w)"] if spaced else []
    patterns += ["|".join(map(re.escape, glued))] if glued else []
    return f"(?:{'|'.join(patterns)})"
