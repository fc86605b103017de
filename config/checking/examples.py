"""Examples: marks of slots that do not exist, sentences that belong to two intents, locales left out or thin."""

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import Indel

from config.checking.report import Report, one_of
from config.examples import marks, plain
from config.reading import KeyPath

_FEW, _BESIDE = 5, 3
"""Examples of a locale below which an intent loses to another that has so many times as many."""
_NEAR = 0.95
_NEAR_LENGTH = 8
"""Shorter sentences differ by too little to be told apart by spelling."""


class _Sentence(NamedTuple):
    intent: str
    locale: str
    path: KeyPath
    text: str


def check_examples(report: Report) -> None:
    """Everything about examples."""
    for name, intent in report.project.intents.items():
        _locales(report, name, {locale for locale, examples in intent.examples.items() if examples})
        _marks(report, name)
    sentences = list(_sentences(report))
    _identical(report, sentences)
    _nearly_identical(report, sentences)


def _locales(report: Report, name: str, given: set[str]) -> None:
    path = ("intents", name, "examples")
    for locale in sorted(given - set(report.project.locales)):
        report.error(
            (*path, locale), f"{locale!r} is not one of the project's locales", one_of(locale, report.project.locales)
        )
    missing = [locale for locale in report.project.locales if locale not in given]
    if given and missing:
        report.warn(path, f"no examples in {', '.join(missing)}", "examples in every locale of the project")
    _thin(report, name)


def _thin(report: Report, name: str) -> None:
    for locale, examples in report.project.intents[name].examples.items():
        most = max(len(intent.examples.get(locale, ())) for intent in report.project.intents.values())
        if 0 < len(examples) < _FEW and len(examples) * _BESIDE <= most:
            said = "one example" if len(examples) == 1 else f"{len(examples)} examples"
            path = ("intents", name, "examples", locale)
            report.warn(
                path, f"{said} in {locale} beside an intent of {most}: it will rarely be chosen", "about as many"
            )


def _marks(report: Report, name: str) -> None:
    intent = report.project.intents[name]
    for locale, examples in intent.examples.items():
        for position, example in enumerate(examples):
            path = ("intents", name, "examples", locale, position)
            if not plain(example).strip():
                report.error(path, "an empty example", "a sentence")
            for mark in marks(example):
                if mark.slot not in intent.slots:
                    report.error(path, f"the intent has no slot {mark.slot!r}", one_of(mark.slot, intent.slots))


def _folded(text: str) -> str:
    """What two examples are compared by: no case, accents, punctuation or double spaces."""
    apart = unicodedata.normalize("NFKD", plain(text).replace("ı", "i").replace("İ", "i")).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in apart if not unicodedata.combining(c)).split())


def _sentences(report: Report) -> Iterator[_Sentence]:
    for name, intent in report.project.intents.items():
        for locale, examples in intent.examples.items():
            for position, example in enumerate(examples):
                text = _folded(example)
                if text:
                    yield _Sentence(name, locale, ("intents", name, "examples", locale, position), text)


def _identical(report: Report, sentences: list[_Sentence]) -> None:
    first: dict[tuple[str, str], _Sentence] = {}
    for sentence in sentences:
        other = first.setdefault((sentence.locale, sentence.text), sentence)
        if other is sentence:
            continue
        where = f"line {report.reading.place(other.path).line}"
        if other.intent == sentence.intent:
            report.warn(sentence.path, f"the same example stands in {where} already")
        else:
            report.error(
                sentence.path, f"the same example belongs to {other.intent!r} too ({where})", "it in one intent only"
            )


def _nearly_identical(report: Report, sentences: list[_Sentence]) -> None:
    for locale in dict.fromkeys(sentence.locale for sentence in sentences):
        long = [s for s in sentences if s.locale == locale and len(s.text) >= _NEAR_LENGTH]
        texts = [sentence.text for sentence in long]
        for at, sentence in enumerate(long):
            found = process.extract(
                sentence.text, texts[at + 1 :], scorer=Indel.normalized_similarity, score_cutoff=_NEAR, limit=3
            )
            for text, _, offset in found:
                other = long[at + 1 + offset]
                if other.intent != sentence.intent and text != sentence.text:
                    line = report.reading.place(sentence.path).line
                    report.warn(other.path, f"nearly the same example belongs to {sentence.intent!r} (line {line})")
