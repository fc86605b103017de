"""A question that leans on the one before, made to stand alone."""

import re
from collections.abc import Mapping, Sequence

from config.leaning import leaning_words

SHORT = 5
"""Words (or twice as many Chinese characters) up to which a question may lean on the one before."""


def standalone(question: str, history: Sequence[Mapping[str, str]]) -> str:
    """The question, led by the customer's previous one where it is short and points back."""
    if not _leans(question):
        return question
    before = next((m["content"] for m in reversed(history) if m["role"] == "user" and m["content"] != question), None)
    return f"{before} {question}" if before else question


def _leans(question: str) -> bool:
    words = len(re.findall(r"[^\W\d_]+", re.sub(r"[\u3400-\u9fff]", "", question)))
    characters = len(re.findall(r"[\u3400-\u9fff]", question))
    return words + characters / 2 <= SHORT and leaning_words().search(question) is not None
