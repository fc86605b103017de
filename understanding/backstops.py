"""Another library behind the grammars, off unless asked for: days that none of them reads, where one was requested.

It also serves languages that ship no grammar. It is asked only for the whole of a short answer that gave nothing, and
what it reads is a doubtful value, which the rules of the slot and the confirmation judge like any other.
"""

import importlib.util
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from config.project import Slot
from understanding.extraction import Extract, FoundValue
from understanding.grammar.loading import load_language
from understanding.slots import Found
from understanding.tagger import SlotTagger

if TYPE_CHECKING:
    from dateparser.date import DateDataParser

LONGEST: Final = 60
"""Letters of an answer beyond which it is not only a day."""
DOUBTFUL: Final = 0.55
_SHORTEST: Final = 4
_EXACT: Final = frozenset({"day", "time"})
"""How exact a reading must be: "last month" is no day."""


class BackstopMissingError(Exception):
    """What an operator asked for is not installed."""


def open_dates(extract: Extract) -> Extract:
    """`extract` with dateparser behind it; blocking, for what it needs is read here."""
    if importlib.util.find_spec("dateparser") is None:
        raise BackstopMissingError("SWITCHBOARD_BACKSTOPS=dates needs dateparser: pip install 'switchboard[backstops]'")
    backstop = _Dates(extract)
    backstop.read("in 3 days", Slot(type="date"), locale="en", now=datetime.now().astimezone())
    return backstop


class _Dates:
    """An `Extract` that asks dateparser for a day that was asked for and not found."""

    def __init__(self, extract: Extract) -> None:
        self._extract = extract

    def __call__(
        self,
        text: str,
        slots: Mapping[str, Slot],
        *,
        locale: str,
        locales: Sequence[str],
        now: datetime,
        requested: Sequence[str] = (),
        filled: Mapping[str, JsonValue] = {},
        tagger: SlotTagger | None = None,
    ) -> Sequence[FoundValue]:
        found = self._extract(
            text, slots, locale=locale, locales=locales, now=now, requested=requested, filled=filled, tagger=tagger
        )
        days = [name for name in requested if name in slots and slots[name].type in ("date", "datetime")]
        said = text.strip()
        unread = not found or load_language(locale) is None  # another language's grammar sees only the figures
        if not unread or len(days) != 1 or not _SHORTEST <= len(said) <= LONGEST or not any(map(str.isalpha, said)):
            return found
        value = self.read(said, slots[days[0]], locale=locale, now=now)
        if value is None:
            return found
        start = text.index(said)
        return [Found(slot=days[0], value=value, quote=said, start=start, end=start + len(said), score=DOUBTFUL)]

    def read(self, said: str, slot: Slot, *, locale: str, now: datetime) -> str | None:
        """The canonical value of a date or datetime slot that `said` is all of."""
        parser = _parser(locale, now, slot.prefer)
        try:
            read = parser.get_date_data(said) if parser else None
        except (ValueError, OverflowError, TypeError, RecursionError):
            return None  # the library raises on some numbers
        if read is None or read.date_obj is None or read.period not in _EXACT:
            return None
        if slot.type == "date":
            return str(read.date_obj.date().isoformat())
        return str(read.date_obj.replace(tzinfo=now.tzinfo).isoformat()) if read.period == "time" else None


def _parser(locale: str, now: datetime, prefer: str) -> "DateDataParser | None":
    """A parser of one language; None for a language that the library does not know."""
    from dateparser.date import DateDataParser

    settings = {
        "RELATIVE_BASE": now.replace(tzinfo=None),
        "PREFER_DATES_FROM": prefer,
        "REQUIRE_PARTS": ["day"],
        "RETURN_TIME_AS_PERIOD": True,
    }
    try:
        return DateDataParser(languages=[locale.split("-", maxsplit=1)[0]], settings=settings)
    except ValueError:
        return None
