"""Words by which a short question leans on the one before, from `questions.yaml` of every shipped locale."""

import re
from collections.abc import Iterable
from functools import cache

from pydantic import TypeAdapter
from ruamel.yaml import YAML
from typing_extensions import TypedDict

from config.catalog import LOCALES


class _Leaning(TypedDict):
    begins: list[str]
    words: list[str]
    ends: list[str]


class _Questions(TypedDict, total=False):
    leaning: _Leaning


@cache
def leaning_words() -> re.Pattern[str]:
    """What points back: at the beginning of a question, anywhere in it, or at its end."""
    files = sorted(LOCALES.glob("*/questions.yaml"))
    form, yaml = TypeAdapter(_Questions), YAML(typ="safe", pure=True)
    found = [each["leaning"] for path in files if "leaning" in (each := form.validate_python(yaml.load(path)))]
    begins, words, ends = ({word for one in found for word in one[key]} for key in ("begins", "words", "ends"))
    sources = [rf"^\s*(?:{_any(begins)})", _any(words), rf"(?:{_any(ends)})\s*[?？]?\s*$"]
    return re.compile("|".join(sources), re.IGNORECASE)


def _any(words: Iterable[str]) -> str:
    """The words as a pattern, whole where they are written apart."""
    parts = [re.escape(word) if ord(word[0]) >= 0x2E80 else rf"\b{re.escape(word)}\b" for word in sorted(words)]
    return "|".join(parts) or "(?!)"
