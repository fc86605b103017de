"""Opening hours as a customer reads them."""

from datetime import time

from babel.dates import format_time, get_day_names

from config.hours import Span, parse_hours
from config.versions import Version
from dialogue.display import babel_locale


def told_hours(version: Version, locale: str) -> list[str]:
    """When people are there, span by span, in the customer's language; nothing where they always are."""
    hours = version.project.transfer.hours
    return [_told(version, span, locale) for span in parse_hours(hours)] if hours else []


def _told(version: Version, span: Span, locale: str) -> str:
    names = get_day_names("wide", context="stand-alone", locale=babel_locale(locale))
    return version.text(
        "hours.span",
        locale,
        first=names[span.first],
        last=names[span.last] if span.last != span.first else None,
        begin=_clock(span.begin, locale),
        end=_clock(span.end, locale),
    )


def _clock(moment: time, locale: str) -> str:
    # Midnight at the end of a day is written so everywhere; as a time it would be the day's beginning.
    return "24:00" if moment == time.max else format_time(moment, "short", locale=babel_locale(locale))
