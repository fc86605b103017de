"""Variables from an API's answer, by the project's JMESPath; only what is mapped goes further."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult
from pydantic import JsonValue

from tools.errors import UnusableAnswerError
from tools.http import Answer

MAX_RESULT: Final = 64 * 1024
"""Characters of JSON that one action may add to a conversation's state."""

_HALF: Final = re.compile("[\ud800-\udfff]")
_REFERENCES: Final = ("reference", "reference_number", "confirmation", "confirmation_number", "id", "number", "ticket")

Result = dict[str, JsonValue]


def read_result(mapping: Mapping[str, str], answer: Answer, *, may_be_empty: bool) -> Result:
    """The mapped variables with the types they have in JSON; a field that is absent is None.

    Raises UnusableAnswerError where the answer is not JSON or has nothing in common with what is mapped.
    """
    if not mapping:
        return {}
    if may_be_empty and (answer.status == 204 or not answer.content):
        return dict.fromkeys(mapping)
    content = answer.json()
    result = {name: _writable(_search(path, content)) for name, path in mapping.items()}
    if all(value is None for value in result.values()) and not _resembles(mapping, content):
        raise UnusableAnswerError("the answer has none of the fields that are mapped")
    if len(json.dumps(result, ensure_ascii=False)) > MAX_RESULT:
        raise UnusableAnswerError(f"the mapped fields are larger than {MAX_RESULT} characters")
    return result


def reference_of(result: Mapping[str, JsonValue]) -> str | None:
    """What the business calls the deed: the variable `reference`, or the nearest to it."""
    named = [name for name in result if name.endswith(("_reference", "_id", "_number"))]
    for name in (*_REFERENCES, *named):
        value = result.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(value)
    return None


@lru_cache(maxsize=2048)
def _compiled(path: str) -> ParsedResult:
    try:
        return jmespath.compile(path)
    except JMESPathError as error:
        raise UnusableAnswerError(f"the result path {path!r} cannot be read") from error


def _search(path: str, content: JsonValue) -> JsonValue:
    try:
        found: JsonValue = _compiled(path).search(content)
    except JMESPathError as error:
        raise UnusableAnswerError(f"the result path {path!r} does not fit the answer") from error
    return found


def _writable(value: JsonValue) -> JsonValue:
    """A value that can be stored and sent: JSON may escape half a character, which no text in UTF-8 holds, and NUL."""
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value).replace("\0", "")
    if isinstance(value, list):
        return [_writable(one) for one in value]
    if isinstance(value, dict):
        return {str(_writable(key)): _writable(one) for key, one in value.items()}
    return value


def _resembles(mapping: Mapping[str, str], content: JsonValue) -> bool:
    """Whether a mapped expression begins at a key that is there, so that None means `null`, not a strange answer."""
    if not isinstance(content, dict):
        return False
    return any(name in content for path in mapping.values() for name in _fields(_compiled(path).parsed))


def _fields(node: Mapping[str, object]) -> Iterator[str]:
    if node.get("type") == "field":
        yield str(node["value"])
    children = node.get("children")
    for child in children if isinstance(children, list) else []:
        if isinstance(child, Mapping):
            yield from _fields(child)
