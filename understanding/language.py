"""Which of a project's locales a message is clearly in: by script, then by letter statistics; None when unsure."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier

MIN_WORDS = 3
"""One or two words of an alphabet that several locales share are a name, a brand or an `ok` as often as a language."""

SURE = 0.9

_SCRIPTS = {
    "zh": "CJK",
    "ja": "HIRAGANA",
    "ko": "HANGUL",
    "ru": "CYRILLIC",
    "uk": "CYRILLIC",
    "bg": "CYRILLIC",
    "sr": "CYRILLIC",
    "ar": "ARABIC",
    "fa": "ARABIC",
    "ur": "ARABIC",
    "el": "GREEK",
    "he": "HEBREW",
    "hi": "DEVANAGARI",
    "th": "THAI",
}
"""The Unicode script of languages that are not written in Latin letters."""

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_NOT_PROSE = re.compile(r"[!-~]*(?:@|://|www\.)[!-~]*|[^\W\u2e80-\uffff]*\d[^\W\u2e80-\uffff]*")
"""Addresses, and words with figures in them; Chinese is written on both sides of a figure without a space."""


def detect(text: str, locales: Sequence[str]) -> str | None:
    """The locale of `locales` that `text` is clearly in."""
    prose = _NOT_PROSE.sub(" ", text[:1000])
    words = _WORD.findall(prose)
    if not words:
        return None
    script = _script("".join(words))
    fitting = [locale for locale in locales if _SCRIPTS.get(_language(locale), "LATIN") == script]
    if script != "LATIN" and len(fitting) == 1:
        return fitting[0]
    if len(words) < MIN_WORDS or not fitting:
        return None
    return _by_statistics(" ".join(_without_names(words)), locales, fitting)


def _language(locale: str) -> str:
    return locale.split("-", maxsplit=1)[0].lower()


def _script(letters: str) -> str:
    """The script most letters are in; Japanese is told from Chinese by its kana."""
    seen = Counter(unicodedata.name(letter, "?").split()[0] for letter in letters)
    if seen["HIRAGANA"] + seen["KATAKANA"]:
        return "HIRAGANA"
    # A few hanzi among Latin brand names still make a Chinese sentence: one stands for a whole word.
    if 3 * seen["CJK"] >= seen["LATIN"] and seen["CJK"]:
        return "CJK"
    return seen.most_common(1)[0][0]


def _without_names(words: Sequence[str]) -> Sequence[str]:
    """Words that are not capitalised inside the sentence, where enough of them are left to judge by."""
    plain = [word for place, word in enumerate(words) if place == 0 or not word[0].isupper()]
    return plain if len(plain) >= MIN_WORDS else words


def _by_statistics(text: str, locales: Sequence[str], fitting: Sequence[str]) -> str | None:
    if len(locales) == 1:
        return fitting[0]
    scores = _scores(text, frozenset(map(_language, locales)))
    known = [locale for locale in locales if _language(locale) in scores]
    if not known:
        return None
    best = max(scores[_language(locale)] for locale in known)
    weights = {_language(locale): math.exp(scores[_language(locale)] - best) for locale in known}
    locale = max(known, key=lambda each: weights[_language(each)])
    sure = weights[_language(locale)] / sum(weights.values()) >= SURE
    return locale if sure and locale in fitting else None


def _scores(text: str, languages: frozenset[str]) -> dict[str, float]:
    """Log-likelihoods of `text` by language, for those of `languages` that are known."""
    return {str(language): float(score) for language, score in _identifier(languages).rank(text.casefold())}


@lru_cache(maxsize=16)
def _identifier(languages: frozenset[str]) -> LanguageIdentifier:
    """What tells these languages apart; of the model for all there are, only their part stays in memory."""
    model = LanguageIdentifier.from_model_file(MODEL_FILE)
    known = languages & set(model.labels)
    if known:
        model.set_languages(sorted(known))
        table, chances = np.ascontiguousarray(model.nb_ptc), model.nb_pc.copy()
        walk, row = model.tk_nextmove, model.tk_row
        model = LanguageIdentifier(table, chances, model.nb_classes, walk, model.tk_output, tk_row=row)
    return model
