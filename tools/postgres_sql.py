"""Our statements, as PostgreSQL and its driver read them: parameters, types, and text that it can keep."""

import re
from functools import lru_cache
from typing import Final

from tools.database import Values

_PARAMETER: Final = re.compile(r"(?<![:\w]):([a-z_][a-z_0-9]*)")
_TYPES: Final = (
    ("INTEGER PRIMARY KEY AUTOINCREMENT", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
    ("INTEGER", "BIGINT"),
    ("REAL", "DOUBLE PRECISION"),  # a REAL of PostgreSQL has four bytes, too few for a moment
    (" WITHOUT ROWID", ""),
)
_UNKEPT: Final = re.compile("[\x00\ud800-\udfff]")


@lru_cache(maxsize=256)
def parameters(statement: str) -> str:
    """`:name` as the driver's `%(name)s`."""
    return _PARAMETER.sub(r"%(\1)s", statement.replace("%", "%%"))


def definition(statement: str) -> str:
    """A change of the schema in PostgreSQL's types."""
    for ours, theirs in _TYPES:
        statement = re.sub(rf"(?<!\w){ours}(?!\w)", theirs, statement)
    return statement


def kept(text: str) -> str:
    """The text with U+FFFD for what PostgreSQL cannot keep: NUL and half characters."""
    return _UNKEPT.sub("\ufffd", text)


def storable(values: Values) -> Values:
    """The values with text that can be kept."""
    return {name: kept(value) if isinstance(value, str) else value for name, value in values.items()}
