"""The language of a document: said by its name, else recognised among the project's."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from config.catalog import built_in_locales
from understanding.language import detect


def locale_in_name(source: str, locales: Sequence[str]) -> tuple[str | None, str]:
    """(locale, family): `tr/fees.md`, `fees.tr.md` and `fees_tr.md` are Turkish and of the family `fees.md`."""
    known = {locale.lower(): locale for locale in locales}
    path = PurePosixPath(source)
    for at, folder in enumerate(path.parts[:-1]):
        if folder.lower() in known:
            rest = [*path.parts[:at], *path.parts[at + 1 :]]
            return known[folder.lower()], str(PurePosixPath(*rest))
    match = re.fullmatch(r"(.+)[._-]([A-Za-z]{2,3}(?:-[A-Za-z]{2,4})?)", path.stem)
    if match and match.group(2).lower() in known:
        return known[match.group(2).lower()], str(path.with_name(match.group(1) + path.suffix))
    return None, source


def foreign_locale(source: str, locales: Sequence[str]) -> str | None:
    """The language that a file's name says and we have texts in, but that the project does not speak."""
    named, _ = locale_in_name(source, sorted(built_in_locales()))
    spoken = {locale.partition("-")[0].lower() for locale in locales}
    return named if named and named not in spoken and locale_in_name(source, locales)[0] is None else None


def without_locale(title: str, locales: Sequence[str]) -> str:
    """A title made of a file's name, without the locale at its end: "Faq.en" is titled "Faq"."""
    head, _, tail = title.replace(".", " ").rpartition(" ")
    is_locale = tail.lower() in {locale.lower() for locale in locales}
    return head if head and is_locale else title


def recognise(text: str, locales: Sequence[str]) -> str:
    """Which of `locales` `text` is written in; the first where that is not clear."""
    return detect(text, locales) or locales[0]
