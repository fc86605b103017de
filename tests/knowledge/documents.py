"""Documents for tests, already read."""

import hashlib

from tools.knowledge_records import NewDocument, NewPassage


def document(source: str, *texts: str, locale: str = "en", title: str = "", family: str | None = None) -> NewDocument:
    """A document of plain passages."""
    return NewDocument(
        id=source,
        source=source,
        origin="folder",
        title=title or source,
        locale=locale,
        family=family or source,
        hash=hashlib.sha256("".join(texts).encode()).hexdigest(),
        passages=tuple(NewPassage(heading=f"part {at}", text=text) for at, text in enumerate(texts)),
    )


def faq(source: str, *rows: tuple[str, str], locale: str = "en") -> NewDocument:
    """A table of questions and answers."""
    return NewDocument(
        id=source,
        source=source,
        origin="folder",
        title="FAQ",
        locale=locale,
        family=source,
        hash=str(hash(rows)),
        passages=tuple(NewPassage(heading="", text=question, answer=answer) for question, answer in rows),
    )


FEES = document("fees.md", "A transfer to another bank costs 5 lira.", "A cash withdrawal abroad costs 3 percent.")
CARDS = document("cards.md", "A lost card is blocked at once and a new one is sent by post within five days.")
