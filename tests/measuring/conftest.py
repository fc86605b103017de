"""A little company that knows a few things."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.versions import Version
from ingest.documents import Content, FaqRow
from ingest.passages import cut
from tests.knowledge.fakes import HashEncoder, make_version
from tools.knowledge import ChromaKnowledge, open_knowledge, scope_of
from tools.knowledge_records import NewDocument

SUBJECTS = ("parking", "luggage", "breakfast", "swimming", "laundry", "meeting", "garden", "bicycle", "theatre")


def text_of(subject: str) -> str:
    return f"""# The {subject} service

## Opening of the {subject} desk

The {subject} desk is staffed from 8 to 22 every day and guests reach it by phone in every room.

## Prices of {subject}

Using the {subject} service costs {len(subject) * 7} crowns for each stay, and children are always free of charge.
"""


@pytest.fixture
def hotel(tmp_path: Path) -> Version:
    return make_version(tmp_path, name="hotel", locales=["en"])


@pytest.fixture
def knowledge(tmp_path: Path, hotel: Version) -> Iterator[ChromaKnowledge]:
    opened = open_knowledge(
        f"chroma:{tmp_path / 'index'}",
        tables=tmp_path / "kb.db",
        encoder=HashEncoder(),
        calibrations=tmp_path / "calibrations",
    )
    contents = {f"{subject}.md": Content(title=f"The {subject} service", text=text_of(subject)) for subject in SUBJECTS}
    asked = FaqRow("How much is parking in the hotel?", "Using the parking service costs 49 crowns for each stay.")
    contents["faq.csv"] = Content(title="Faq", faq=(asked, FaqRow("Is there a sauna anywhere?", "No, there is none.")))
    documents = [
        NewDocument(
            id=name,
            source=name,
            origin="folder",
            title=content.title,
            locale="en",
            family=name,
            hash=name,
            passages=cut(content, locale="en"),
        )
        for name, content in contents.items()
    ]
    opened.write(scope_of(hotel), add=documents, remove=(), locales=["en"])
    yield opened
    opened.close()
