"""A language's data file read once, its patterns compiled."""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import cast

from pydantic import JsonValue
from ruamel.yaml import YAML

import config
from understanding.grammar.folding import fold_word, fold_words
from understanding.grammar.language import Family, Language, NumberWords, Rule, spaced
from understanding.grammar.yaml_data import Data, by_word, dig, items, mapping, respelt, strings

_FORMS = {
    "day": r"(?:0?[1-9]|[12]\d|3[01])(?!\d)",
    "day2": r"(?:0?[1-9]|[12]\d|3[01])(?!\d)",
    "year": r"(?:19|20)\d\d(?!\d)",
    "year4": r"(?:19|20)\d\d(?!\d)",
    "yearany": r"(?:(?:19|20)\d\d|\d\d)",
    "n": r"(?<![\d.])\d{1,15}(?:\.\d{1,6})?",
    "n2": r"(?<![\d.])\d{1,15}(?:\.\d{1,6})?",
    "hour": r"(?<![\d.])(?:[01]?\d|2[0-4])(?!\d)",
    "hour2": r"(?<![\d.])(?:[01]?\d|2[0-4])(?!\d)",
    "minute": r"[0-5]\d(?!\d)",
    "minute2": r"[0-5]\d(?!\d)",
}
_CLOCK = ("minute", "hour")
_ABBREVIATED = 3
"""Letters up to which the name of a day is a short one."""


def load_language(code: str) -> Language | None:
    """The language of a locale (`en-GB` → English with British dates); None where no grammar is shipped."""
    base, _, region = code.partition("-")
    return _load(base, region)


@lru_cache
def languages() -> tuple[str, ...]:
    """The codes of all languages with a grammar."""
    return tuple(sorted(path.parent.name for path in _folder().glob("*/grammar.yaml")))


def _folder() -> Path:
    return Path(next(iter(config.__path__))) / "locales"


@lru_cache(maxsize=64)
def _load(base: str, region: str) -> Language | None:
    path = _folder() / base / "grammar.yaml"
    if not base.isalpha() or not path.is_file():
        return None
    data = cast(Data, YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")))
    spellings = {letter: str(written) for letter, written in mapping(data.get("spellings")).items()}
    return _build(base, region, _with_joined_days(respelt(data, spellings)))


def _with_joined_days(data: Data) -> Data:
    """The data with the days that are written as one word with a part of the day, as both: "Montagmorgen"."""
    parts = mapping(data.get("dayparts"))
    joined = {name: strings(dig(mapping(part), "after_weekday")) for name, part in parts.items()}
    if not any(joined.values()):
        return data
    days = {
        key: [day for day in strings(names) if len(day) > _ABBREVIATED]
        for key, names in mapping(data["weekdays"]).items()
    }
    for name, words in joined.items():
        made = {key: [day + word for day in names for word in words] for key, names in days.items()}
        data["weekdays"] = {key: [*strings(mapping(data["weekdays"])[key]), *made[key]] for key in days}
        part = mapping(parts[name])
        parts[name] = {**part, "words": [*strings(part.get("words")), *(each for day in made.values() for each in day)]}
    return {**data, "dayparts": parts}


def _build(base: str, region: str, data: Data) -> Language:
    orders = mapping(data.get("date_order_in"))
    han = data.get("script") == "han"
    language = Language(
        code=base,
        data=data,
        han=han,
        date_order=str(orders.get(region, data.get("date_order", "dmy"))),
        clock=int(str(data.get("clock", 24))),
        suffix=str(data.get("suffix", "")),
        numbers=_number_words(mapping(data.get("numbers")), data, han=han),
        meanings=_meanings(data),
        rules={},
        markers=frozenset(fold_words(strings(data.get("markers")))),
    )
    templates = _Placeholders(language)
    cast(dict[Family, Sequence[Rule]], language.rules).update(
        {family: [templates.rule(each) for each in items(dig(data, *path))] for family, path in _FAMILIES.items()}
    )
    return language


_FAMILIES: dict[Family, tuple[str, ...]] = {
    "dates": ("dates",),
    "date_ranges": ("date_ranges",),
    "times": ("times",),
    "time_ranges": ("time_ranges",),
    "moments": ("moments",),
    "durations": ("durations",),
    "percent": ("percent",),
    "halved": ("halved",),
    "people_rules": ("people", "rules"),
    "labels": ("labels",),
    "occasions": ("occasions",),
    "counted": ("counted",),
}


class _Placeholders:
    """Writes patterns out: `{month}` becomes the months' names in a group of that name."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def rule(self, entry: JsonValue) -> Rule:
        meaning = mapping(entry) if isinstance(entry, dict) else {"pattern": entry}
        score = meaning.get("score", 1.0)
        return Rule(
            regex=re.compile(self.source(str(meaning["pattern"]))),
            meaning=meaning,
            score=float(score) if isinstance(score, (int, float)) else 1.0,
        )

    def source(self, template: str) -> str:
        used: set[str] = set()
        pieces: list[str] = []
        position = 0
        for match in re.finditer(r"\{([a-z]+\d?)\}", template):
            pieces.append(spaced(template[position : match.start()], han=self._language.han))
            pieces.append(self._expand(match[1], capture=match[1] not in used and not _ahead(template, match.start())))
            used.add(match[1])
            position = match.end()
        pieces.append(spaced(template[position:], han=self._language.han))
        source = "".join(pieces)
        if self._language.han:
            return rf"(?<![\d.])(?:{source})" if template.startswith("{") else source
        return rf"(?<![^\W_])(?:{source})(?![^\W_])"

    def _expand(self, name: str, *, capture: bool) -> str:
        language = self._language
        if name in _FORMS:
            return f"(?P<{name}>{_FORMS[name]})" if capture else f"(?:{_FORMS[name]})"
        if name == "ord":
            return language.alternation(["º", *strings(language.data.get("ordinal_marks"))])
        if name == "numsfx":
            return str(mapping(language.data.get("numbers")).get("suffix", ""))
        if name == "counted":
            words = language.alternation([*language.words("people", "nouns"), *language.words("things")])
            return words + language.suffix
        words = language.alternation(language.meanings[name.rstrip("2")]) or r"(?!)"
        suffix = "" if name.startswith(("meridiem", "shift")) else language.suffix
        edge = "" if language.han else r"(?![^\W_])"
        named = f"(?P<{name}>{words})" if capture else words
        return f"(?:{named}{suffix}{edge})"


def _ahead(template: str, position: int) -> bool:
    """Whether `position` stands inside a look-around, where a group would capture nothing."""
    stack: list[bool] = []
    index = 0
    while index < position:
        if template[index] == "\\":
            index += 1
        elif template[index] == "(":
            stack.append(template.startswith(("(?!", "(?=", "(?<!", "(?<="), index))
        elif template[index] == ")" and stack:
            stack.pop()
        index += 1
    return any(stack)


def _meanings(data: Data) -> dict[str, dict[str, JsonValue]]:
    units = by_word(mapping(data.get("units")))
    parts = mapping(data.get("dayparts"))
    return {
        "month": {word: int(str(key)) for word, key in by_word(mapping(data.get("months"))).items()},
        "weekday": {word: int(str(key)) for word, key in by_word(mapping(data.get("weekdays"))).items()},
        "anyunit": dict(units),
        "dayunit": {word: unit for word, unit in units.items() if unit not in _CLOCK},
        "clockunit": {word: unit for word, unit in units.items() if unit in _CLOCK},
        "yearword": mapping(data.get("years")),
        "shift": dict(by_word(mapping(data.get("shifts")))),
        "nth": {word: int(str(place)) for word, place in by_word(mapping(data.get("places"))).items()},
        "rel": {fold_word(word): offset for word, offset in mapping(data.get("relative")).items()},
        "holiday": {fold_word(word): day for word, day in mapping(data.get("holidays")).items()},
        "meridiem": {
            **{fold_word(word): "am" for word in strings(data.get("am"))},
            **{fold_word(word): "pm" for word in strings(data.get("pm"))},
        },
        "daypart": {
            fold_word(word): mapping(part).get("hours")
            for part in parts.values()
            for word in strings(dig(mapping(part), "words"))
        },
        "clockword": {fold_word(word): time for word, time in mapping(data.get("clock_words")).items()},
        "currency": dict(by_word(mapping(data.get("currencies")))),
        "minor": dict.fromkeys(fold_words(strings(data.get("minors"))), 0.01),
        "tenth": dict.fromkeys(fold_words(strings(data.get("tenths"))), 0.1),
    }


def _number_words(numbers: Data, data: Data, *, han: bool) -> NumberWords:
    words: dict[str, tuple[str, float]] = {}
    kinds = (("units", "unit"), ("tens", "tens"), ("scales", "scale"), ("ordinals", "ordinal"))
    for key, kind in (*kinds, ("fractions", "fraction"), ("parts", "part")):
        words.update({fold_word(w): (kind, float(str(v))) for w, v in mapping(numbers.get(key)).items() if not han})
    lists = (
        ("articles", "article", 1.0),
        ("halves", "half", 0.5),
        ("half", "fraction", 0.5),
        ("joiners", "joiner", 0.0),
    )
    for key, kind, value in (*lists, ("points", "point", 0.0)):
        words.update(dict.fromkeys(fold_words(strings(numbers.get(key))), (kind, value)))
    morphemes = "|".join(re.escape(word) for word in fold_words(words)) or "(?!)"
    skips = [spaced(each, han=han) for each in strings(numbers.get("skip"))]
    boundary = "" if han else r"(?<![^\W_])"
    edge = "" if han else r"(?![^\W_])"
    suffix, ordinal = (str(numbers.get(key) or "(?!)") for key in ("suffix", "ordinal_suffix"))
    chain = rf"((?:{morphemes})+)(?:(?P<ordinal>{ordinal})|(?P<suffix>{suffix}))?"
    return NumberWords(
        words=words,
        chain=re.compile(chain) if numbers.get("fused") else None,
        literal=re.compile(_literal(str(data.get("decimal", ".")), str(data.get("group", ",")))),
        skip=re.compile(f"{boundary}(?:{'|'.join(skips)}){edge}") if skips else None,
        weak=frozenset(fold_words(strings(numbers.get("weak")))),
        takes_of=frozenset(fold_words(strings(numbers.get("takes_of")))),
        of=frozenset(fold_words(strings(numbers.get("of")))),
        digits={word: int(str(value)) for word, value in mapping(numbers.get("digits")).items()},
        scales={word: float(str(value)) for word, value in mapping(numbers.get("scales")).items() if han},
        suffix_scales={word: float(str(value)) for word, value in mapping(numbers.get("suffix_scales")).items()},
        bundles={word: float(str(value)) for word, value in mapping(numbers.get("bundles")).items()},
    )


def _literal(decimal: str, group: str) -> str:
    """Numbers in digits: 1.500,50 and 1,500.50 are clear in any language, 1.500 and 2,5 as this language writes."""
    d, g = re.escape(decimal), re.escape(group)
    both = r"\d{1,3}(?:\.\d{3})+,\d{1,2}(?!\d)|\d{1,3}(?:,\d{3})+\.\d{1,2}(?!\d)"
    own = rf"\d{{1,3}}(?:{g}\d{{3}})+(?!\d)(?:{d}\d+)?|\d+(?:{d}\d+)?(?!\d)"
    return rf"(?<!\d)(?:{both}|{own})|\d+"
