"""Checksummed identifiers: how each is written, and whether its check digits are right."""

import re
from collections.abc import Callable

from stdnum import iban, imei, luhn
from stdnum.cn import ric
from stdnum.tr import tckimlik

_VIN_VALUES = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", [*range(1, 9), *range(1, 6), 7, 9, *range(2, 10), *range(10)], strict=True)
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def _vin(text: str) -> bool:
    """The check digit of North America; elsewhere the ninth place is free, and the country is the first character."""
    if text[0] not in "12345":
        return True
    rest = sum(weight * _VIN_VALUES[each] for weight, each in zip(_VIN_WEIGHTS, text, strict=True)) % 11
    return text[8] == "0123456789X"[rest]


FORMATS: dict[str, tuple[re.Pattern[str], Callable[[str], bool]]] = {
    "iban": (re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}"), lambda text: bool(iban.is_valid(text))),
    "tckn": (re.compile(r"[1-9]\d{10}"), lambda text: bool(tckimlik.is_valid(text))),
    "card": (re.compile(r"\d{12,19}"), lambda text: bool(luhn.is_valid(text))),
    "imei": (re.compile(r"\d{15}"), lambda text: bool(imei.is_valid(text))),
    "cn_resident_id": (re.compile(r"\d{17}[\dX]"), lambda text: bool(ric.is_valid(text))),
    "vin": (re.compile(r"[A-HJ-NPR-Z0-9]{17}"), _vin),
}
"""By `format`: the shape of the compact upper-case form, and whether one of that shape is right."""


def is_right(kind: str, text: str) -> bool:
    """Whether a compact identifier has the shape of its kind and check digits that fit."""
    shape, valid = FORMATS[kind]
    return shape.fullmatch(text) is not None and valid(text)
