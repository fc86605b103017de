"""Labels that cannot be met: names that the project does not have, passages that its knowledge does not hold."""

from collections.abc import Iterator, Sequence
from typing import Final, get_args

from config.versions import Version
from dialogue.commands import CommandName
from measuring.rows import Row
from tools import lexical
from tools.hits import full_text
from tools.knowledge_records import PassageRecord
from understanding.language import detect

NONE: Final = "none"
_ACTS: Final = sorted({*get_args(CommandName)} - {"start", "fill", "clarify", "unclear"})


def locale_of(row: Row, version: Version) -> str:
    """The language of a row: what it says, else what its words show, else the project's first."""
    locales = version.project.locales
    return row.locale or detect(row.message, locales) or version.project.default_locale


def answers(row: Row, passage: PassageRecord) -> bool:
    """Whether a passage is one that the row names."""
    if row.source and not any(source in passage.source for source in row.source):
        return False
    words = lexical.fold(row.passage) if row.passage else ""
    return not words or words in lexical.fold(f"{passage.heading}\n{full_text(passage)}")


def is_there(row: Row, passages: Sequence[PassageRecord]) -> bool:
    """Whether any passage is one that the row names; a row that names none needs none."""
    named = row.answerable is not False and (row.source or row.passage)
    return not named or any(answers(row, one) for one in passages)


def doubts(rows: Sequence[Row], version: Version, passages: Sequence[PassageRecord]) -> list[str]:
    """What of the labels cannot be met, one sentence for each row."""
    return [f"row {at}: {why}" for at, row in enumerate(rows, 1) for why in _doubts(row, version, passages)]


def _doubts(row: Row, version: Version, passages: Sequence[PassageRecord]) -> Iterator[str]:
    project = version.project
    if row.locale is not None and row.locale not in project.locales:
        yield f"locale {row.locale!r} is not among `locales` ({', '.join(project.locales)})"
    intents = [*project.intents, NONE, *_ACTS]
    if row.intent is not None and row.intent not in intents:
        yield f"there is no intent {row.intent!r}; expected one of {', '.join(intents)}"
    slots = {name for intent in project.intents for name in project.slots_of(intent)}
    for name in row.slots or {}:
        if name not in slots:
            yield f"no intent has a slot {name!r}"
    if not is_there(row, passages):
        said = ", ".join([*(row.source or []), *([f"“{row.passage}”"] if row.passage else [])])
        yield f"no passage of the knowledge is named by {said}: `switchboard ingest` its document, or mend the label"
