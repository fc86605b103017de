"""A schema of one value as a slot: its type, what it may be, and how it is called."""

import math
import re
from typing import Final

from pydantic import JsonValue

from config.checking.patterns import pattern_fault
from importing.documents import Object
from importing.naming import clean, inert, sentence, words
from importing.notes import Notes
from importing.schemas import choices_of, kind_of

MAX_CHOICES: Final = 150
MAX_PATTERN: Final = 300

_FORMATS: Final = {
    "date": "date",
    "date-time": "datetime",
    "time": "time",
    "duration": "duration",
    "email": "email",
    "idn-email": "email",
    "phone": "phone",
}
_UUID: Final = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_IDENTIFIER: Final = re.compile(r"(^|_)(id|uuid|number|code|reference|sku)$")
_PHONE: Final = re.compile(r"(^|_)(phone|mobile|msisdn|telephone)(_number)?$")
_EMAIL: Final = re.compile(r"(^|_)e?mail(_address)?$")

Spec = dict[str, JsonValue]
"""A slot as it is written in a project."""


def slot_of(name: str, schema: Object, *, required: bool, where: str, notes: Notes) -> Spec:
    """The slot `name` for a flat schema of one value."""
    spec: Spec = {**_typed(name, schema, where, notes), "title": _title(name, schema)}
    hint = sentence(schema.get("description"), 160)
    if hint and hint.casefold() != str(spec["title"]).casefold():
        spec["hint"] = hint
    if schema.get("format") == "password" or schema.get("writeOnly") is True:
        spec["sensitive"] = True
    default = schema.get("default")
    if required and isinstance(default, str | int | float) and _fits(default, spec):
        spec["default"] = default
    if not required:
        spec["required"] = False
    return spec


def _fits(default: str | float, spec: Spec) -> bool:
    """Whether a default can be taken as it is: of types whose canonical value is the API's."""
    values = spec.get("values")
    if isinstance(values, list):
        return default in values
    if isinstance(default, str):
        return spec["type"] == "text" and inert(default) and 0 < len(default) <= 200
    if isinstance(default, bool):
        return spec["type"] == "boolean"
    return spec["type"] == "number" or (spec["type"] == "integer" and isinstance(default, int))


def _title(name: str, schema: Object) -> str:
    return clean(schema.get("title"), 60) or words(name)


def _typed(name: str, schema: Object, where: str, notes: Notes) -> Spec:
    kind = kind_of(schema)
    if kind == "boolean":
        return {"type": "boolean"}
    if kind in ("integer", "number"):
        return {"type": kind, **_limits(schema, kind)}
    return _text(name, schema, where, notes)


def _limits(schema: Object, kind: str) -> Spec:
    """Smallest and largest, in both ways OpenAPI writes exclusive ones."""
    found: Spec = {}
    for key, ours, step in (("Minimum", "min", 1), ("Maximum", "max", -1)):
        plain, exclusive = schema.get(key.lower()), schema.get(f"exclusive{key}")
        limit = exclusive if _is_number(exclusive) else plain
        if not isinstance(limit, int | float) or not _is_number(limit):
            continue
        strict = exclusive is True or limit is exclusive
        bound = limit + step if strict and kind == "integer" else limit
        found[ours] = int(bound) if float(bound).is_integer() else bound
    if "min" in found and "max" in found and float(str(found["min"])) > float(str(found["max"])):
        return {}
    return found


def _is_number(value: JsonValue) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and abs(value) < 2**53
    )


def _text(name: str, schema: Object, where: str, notes: Notes) -> Spec:
    choices = choices_of(schema)
    if choices:
        return _choice(name, choices, where, notes)
    form, pattern = str(schema.get("format") or ""), schema.get("pattern")
    if form in _FORMATS:
        return {"type": _FORMATS[form]}
    if form == "uuid":
        return {"type": "id", "pattern": _UUID}
    if isinstance(pattern, str) and (ours := _pattern(name, pattern, where, notes)):
        return {"type": "id", "pattern": ours}
    if _PHONE.search(name):
        return {"type": "phone"}
    if _EMAIL.search(name):
        return {"type": "email"}
    return {"type": "id" if _IDENTIFIER.search(name) else "text"}


def _choice(name: str, choices: list[str], where: str, notes: Notes) -> Spec:
    usable = [one for one in choices if len(one) <= 200]
    if len(usable) > MAX_CHOICES:
        notes.add(where, f"{name} has {len(usable)} values, more than {MAX_CHOICES}; any text is taken")
        return {"type": "text"}
    return {"type": "choice", "values": list[JsonValue](usable)}


def _pattern(name: str, pattern: str, where: str, notes: Notes) -> str | None:
    """The pattern for a whole value, where it can be used safely."""
    plain = pattern.removeprefix("^").removesuffix("$")
    whole = plain if pattern.startswith("^") and pattern.endswith("$") else None
    if whole is None or len(pattern) > MAX_PATTERN or "${" in pattern or pattern_fault(whole):
        notes.add(where, f"the pattern of {name} is not used: it is open at an end, unsafe or of another dialect")
        return None
    return whole
