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
