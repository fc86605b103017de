"""Text as it may enter: what is invisible, broken or reorders other text is taken out at the door."""

import json
import math
import re

from pydantic import JsonValue

_ESCAPES = re.compile(
    "(?:\x1b\\[[0-?]*|\x9b[0-?]+)[ -/]*[@-~]"  # colours, cursor movements
    "|\x1b\\][^\x07\x1b\n]*(?:\x07|\x1b\\\\)"  # a terminal's title and the like
)
_UNWANTED = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters but tab and line ends
    "\u200b\u2060\ufeff"  # invisible spaces; the joiners stay, emoji and Persian need them
    "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"  # marks that reorder what is shown
    "\ufff9-\ufffb"
    "]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """`text` without control characters, a terminal's escape sequences, bidi marks and zero-width spaces.

    Half characters become U+FFFD.
    """
    return _UNWANTED.sub("", _ESCAPES.sub("", _SURROGATES.sub("\ufffd", text)))


def shown(text: str) -> str:
    """`text` as a terminal or a log may show it: nothing in it colours, moves the cursor or overwrites what stands."""
    return clean(text.replace("\r\n", "\n").replace("\r", "\n"))


def cleaned(value: object) -> object:
    """A string cleaned; anything else as it is, for its type to be judged."""
    return clean(value) if isinstance(value, str) else value


def finite(value: JsonValue) -> JsonValue:
    """The value with numbers that JSON cannot carry (NaN, infinities) as null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    return [finite(item) for item in value] if isinstance(value, list) else value


def to_json(value: JsonValue) -> str:
    """Compact JSON that any reader accepts: no NaN, no half characters."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(finite(value), ensure_ascii=False, separators=(",", ":"))
    return _SURROGATES.sub("\ufffd", text)
