"""Plain access to what a YAML file holds: every reader gets the shape it needs, or nothing."""

from collections.abc import Mapping

from pydantic import JsonValue

from understanding.grammar.folding import fold_word

Data = dict[str, JsonValue]


def by_word(groups: Data) -> dict[str, str]:
    """Lists of words by key as folded word → key."""
    return {fold_word(word): key for key, words in groups.items() for word in strings(words)}


def mapping(value: JsonValue | Mapping[str, JsonValue]) -> Data:
    """A mapping, empty where there is none."""
    return {str(key): each for key, each in value.items()} if isinstance(value, Mapping) else {}


def items(value: JsonValue) -> list[JsonValue]:
    """A list, empty where there is none."""
    return value if isinstance(value, list) else []


def strings(value: JsonValue) -> list[str]:
    """A list of texts, empty where there is none."""
    return [str(each) for each in items(value)]


def dig(data: Mapping[str, JsonValue], *path: str) -> JsonValue:
    """What lies under a path of keys; None where a key is missing."""
    value: JsonValue = dict(data)
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def respelt(data: Data, spellings: Mapping[str, str]) -> Data:
    """The data with every word also as it is written without its own letters: `März` and `Maerz`."""
    return mapping(_respelt(data, spellings)) if spellings else data


def _respelt(value: JsonValue, spellings: Mapping[str, str]) -> JsonValue:
    if isinstance(value, dict):
        known = {key: _respelt(each, spellings) for key, each in value.items()}
        return {**{_spell(str(key), spellings): each for key, each in known.items()}, **known}
    if isinstance(value, list):
        plain = [_respelt(each, spellings) for each in value]
        more = [_spell(each, spellings) for each in value if isinstance(each, str)]
        return [*plain, *(each for each in more if each not in plain)]
    return value


def _spell(word: str, spellings: Mapping[str, str]) -> str:
    for letter, written in spellings.items():
        word = word.replace(letter, written).replace(letter.upper(), written.capitalize())
    return word
