"""`switchboard ingest`: what changed is read, what did not is skipped, what is gone is removed."""

import re

import pytest

from tests.cli.conftest import Run, Workshop


@pytest.fixture
def ingest(run: Run, workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Ingests into a knowledge base of the test's own."""
    monkeypatch.setenv("SWITCHBOARD_KNOWLEDGE", f"chroma:{workshop.folder / 'index'}")
    monkeypatch.setenv("SWITCHBOARD_DATA", str(workshop.folder / "data"))
    return lambda *arguments: run("ingest", "corner-shop", *arguments)


def counts(text: str) -> dict[str, int]:
    """What the summary counted."""
    return {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", text)}


def test_unchanged_documents_are_skipped_and_gone_ones_removed(ingest: Run, workshop: Workshop) -> None:
    knowledge = workshop.project / "knowledge"
    extra = knowledge / "gift-cards.md"
    extra.write_text("# Gift cards\n\nGift cards are valid for three years.\n", encoding="utf-8")
    first = ingest()
    again = ingest()
    extra.unlink()
    after = ingest()

    assert [result.exit_code for result in (first, again, after)] == [0, 0, 0], first.output + again.output
    documents = counts(first.stderr)["added"]
    assert documents >= 2
    assert counts(again.stderr)["unchanged"] == documents
    assert counts(after.stderr)["removed"] == 1
    assert counts(after.stderr)["unchanged"] == documents - 1


def test_a_document_that_cannot_be_read_fails_and_the_others_go_on(ingest: Run, workshop: Workshop) -> None:
    (workshop.project / "knowledge" / "broken.pdf").write_bytes(b"%PDF-1.7 not really")
    result = ingest()

    assert result.exit_code == 1
    assert "broken.pdf" in result.stderr
    assert result.stderr.splitlines()[-1] == "1 document could not be read"
    assert counts(result.stderr)["added"] >= 1


def test_only_the_named_files_are_read(ingest: Run, workshop: Workshop) -> None:
    chosen = next(path for path in sorted((workshop.project / "knowledge").iterdir()) if path.suffix == ".md")
    result = ingest(chosen)

    assert result.exit_code == 0
    assert counts(result.stderr)["added"] == 1


def test_a_file_that_is_not_there_is_an_error(ingest: Run, workshop: Workshop) -> None:
    result = ingest(workshop.project / "knowledge" / "nowhere.md")

    assert result.exit_code == 1
    assert "nowhere.md" in result.stderr
