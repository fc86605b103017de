"""The address of a PostgreSQL database: checked, and never shown with its password."""

import re
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tools.redaction import MASK

_ADDRESS: Final = re.compile(
    r"postgres(?:ql)?://"
    r"(?:[^@:/?#\[\]]*(?::[^@:/?#\[\]]*)?@)?"  # who; anything else of a password is percent-encoded
    r"[^@/?#]*(?:/[^@/?#]*)?(?:\?[^@#]*)?"
)
_EXPECTED: Final = (
    "expected postgresql://USER:PASSWORD@HOST:5432/DATABASE, with @ : / ? # and % of the password percent-encoded"
)

LIMITS: Final[dict[str, Any]] = {
    "client_encoding": "utf8",
    "application_name": "switchboard",
    "connect_timeout": 5,
    # A server that is gone without a word, in milliseconds and seconds; systems without these leave them out.
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}
"""How connections are made, where the address does not say it itself."""


class AddressError(Exception):
    """The text is not an address that PostgreSQL's library understands; the message has nothing of it."""


class PostgresAddress:
    """An address with the limits of our connections."""

    def __init__(self, url: str) -> None:
        """Raises AddressError."""
        if not _ADDRESS.fullmatch(url):
            raise AddressError(_EXPECTED)
        try:
            given = conninfo_to_dict(url)
        except psycopg.ProgrammingError:
            # Its text quotes what it could not read.
            raise AddressError(_EXPECTED) from None
        if not re.fullmatch(r"[1-9][0-9]{0,3}", str(given.get("connect_timeout", "1"))):
            raise AddressError("connect_timeout is a number of seconds, at least 1")
        self.options: dict[str, Any] = {**LIMITS, **given}
        """What psycopg connects with."""

    def __repr__(self) -> str:
        return "PostgresAddress(…)"

    @property
    def patience(self) -> float:
        """Seconds to wait for a connection: `connect_timeout`, which the address may set."""
        return float(self.options["connect_timeout"])

    @property
    def password(self) -> str | None:
        """The password it holds, if any."""
        found = self.options.get("password")
        return str(found) if found else None

    def without_password(self, text: str) -> str:
        """The text on one line, without the password."""
        line = " ".join(text.split())
        return line.replace(self.password, MASK) if self.password else line
