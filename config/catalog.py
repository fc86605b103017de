"""The texts a bot says: built-in ones by locale, overridden by the project.

A locale is a folder `config/locales/<code>` whose `texts.yaml` has every key of `config/locales/keys.yaml`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, NotRequired, get_args

from pydantic import TypeAdapter
from ruamel.yaml import YAML
from typing_extensions import TypedDict

from config.project import ErrorKind
from config.templates import as_text, render_text

LOCALES: Final = Path(__file__).parent / "locales"
LAST_RESORT: Final = "en"


class _KeyEntry(TypedDict):
    says: str
    values: NotRequired[list[str]]


@dataclass(frozen=True, kw_only=True)
class TextKey:
    """One built-in text: when it is said and what its template may read."""

    says: str
    required: frozenset[str]
    optional: frozenset[str]

    @property
    def values(self) -> frozenset[str]:
        """Every value the template may read."""
        return self.required | self.optional


class _Alternatives(list[object]):
    """A list whose last item is joined with "or"."""


class _Title(str):
    """What something is called, written small or large by its author; a sentence that begins with it begins large."""

    __slots__ = ()


_TITLES: Final = ("title", "intent", "current", "action", "undo")
"""Values of a text that are titles."""

_MARK: Final = "\ue000"
"""Stands before a title until it is known whether a sentence begins there."""

_FIRST: Final = re.compile(rf"(^|[.!?]\s+){_MARK}(\w)")


def _read(path: Path) -> object:
    return YAML(typ="safe", pure=True).load(path)


@cache
def text_keys() -> Mapping[str, TextKey]:
    """Every key of the catalogue."""
    entries = TypeAdapter(dict[str, _KeyEntry]).validate_python(_read(LOCALES / "keys.yaml"))
    keys: dict[str, TextKey] = {}
    for key, entry in entries.items():
        values = entry.get("values", [])
        optional = frozenset(name.removesuffix("?") for name in values if name.endswith("?"))
        required = frozenset(name for name in values if not name.endswith("?"))
        keys[key] = TextKey(says=entry["says"], required=required, optional=optional)
    return keys


@cache
def built_in_locales() -> frozenset[str]:
    """The locales whose texts are shipped."""
    return frozenset(path.parent.name for path in LOCALES.glob("*/texts.yaml"))


@cache
def built_in_texts() -> Mapping[str, Mapping[str, str]]:
    """Templates by locale and key, of every shipped locale."""
    texts = TypeAdapter(dict[str, str])
    return {code: texts.validate_python(_read(LOCALES / code / "texts.yaml")) for code in sorted(built_in_locales())}


def canonical_key(key: str) -> str:
    """`error.<kind>` is the plain kind; an unknown kind of error reads as `internal_error`."""
    if not key.startswith("error."):
        return key
    kind = key.removeprefix("error.")
    return kind if kind in get_args(ErrorKind) or kind in text_keys() else "internal_error"


def _lookup_order(locales: Sequence[str], locale: str) -> Iterator[str]:
    yield locale
    if "-" in locale:
        yield locale.partition("-")[0]
    if locales:
        yield locales[0]
        yield locales[0].partition("-")[0]
    yield LAST_RESORT


@dataclass(frozen=True)
class Catalog:
    """Texts by key and locale; the project's own win over the built-in ones."""

    built_in: Mapping[str, Mapping[str, str]]
    """locale → key → template."""
    own: Mapping[str, Mapping[str, str]]

    def render(self, key: str, locales: Sequence[str], locale: str, values: Mapping[str, object]) -> str:
        """The text for `key` in `locale`, filled with `values`; raises KeyError for a key that exists nowhere."""
        key = canonical_key(key)
        template, spoken = self._template(key, locales, locale)
        known = text_keys().get(key)
        missing = dict.fromkeys(known.optional) if known else {}
        offered: dict[str, object] = {**missing, **values}
        choices = offered.get("choices")
        if isinstance(choices, list | tuple):
            offered["choices"] = _Alternatives(choices)
        offered |= {name: _Title(value) for name in _TITLES if isinstance(value := offered.get(name), str)}
        text = render_text(template, offered, finalize=lambda value: self._shown(value, spoken))
        return _FIRST.sub(lambda found: found[1] + _large(found[2], spoken), text).replace(_MARK, "")

    def _template(self, key: str, locales: Sequence[str], locale: str) -> tuple[str, str]:
        """The template and the locale it is written in: the project's words before ours, in each locale in turn."""
        for spoken in _lookup_order(locales, locale):
            for texts in (self.own, self.built_in):
                template = texts.get(spoken, {}).get(key)
                if template is not None:
                    return template, spoken
        raise KeyError(key)

    def _word(self, name: str, locale: str) -> str:
        return self._template(f"word.{name}", [], locale)[0]

    def _shown(self, value: object, locale: str) -> object:
        if isinstance(value, bool):
            return self._word("yes" if value else "no", locale)
        if isinstance(value, Mapping) and value.keys() >= {"title", "value"}:
            return f"{_MARK}{value['title']}{self._word('colon', locale)}{self._shown(value['value'], locale)}"
        if isinstance(value, list | tuple):
            return self._joined([str(self._shown(item, locale)) for item in value], value, locale)
        return f"{_MARK}{value}" if isinstance(value, _Title) else as_text(value)

    def _joined(self, items: list[str], source: object, locale: str) -> str:
        if len(items) < 2:
            return "".join(items)
        if isinstance(source, list) and isinstance(source[0], Mapping):
            return self._word("comma", locale).join(items)
        separator = self._word("separator", locale)
        last = self._word("or" if isinstance(source, _Alternatives) else "and", locale)
        return separator.join(items[:-1]) + last + items[-1]


def _large(letter: str, locale: str) -> str:
    """A letter as it begins a sentence: Turkish and Azerbaijani keep the dot of their i."""
    return "İ" if letter == "i" and locale.partition("-")[0] in ("tr", "az") else letter.upper()


def build_catalog(own: Mapping[str, Mapping[str, str]]) -> Catalog:
    """The shipped texts with a project's own over them."""
    text_keys()  # read now, with the project, rather than in the middle of a turn
    return Catalog(built_in=built_in_texts(), own=own)
