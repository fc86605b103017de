"""From a project's files to its knowledge, and again after they changed."""

import asyncio
import io
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from config.versions import Version
from ingest.documents import UnreadableFileError
from ingest.run import IngestSummary, add_document, ingest_project, run_ingest
from tests.knowledge.fakes import HashEncoder, make_version
from tools.knowledge import ChromaKnowledge, open_knowledge
from tools.knowledge_errors import EncoderMismatchError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bank(tmp_path: Path) -> Version:
    """A project with four documents."""
    folder = tmp_path / "bank"
    for name, text in {
        "fees.en.md": "# Fees\n\nA transfer costs five lira.",
        "fees.tr.md": "# Ücretler\n\nHavale ücreti beş liradır.",
        "cards.md": "# Cards\n\n## Losing one\n\nA lost card is blocked at once by calling us.",
        "faq.csv": "question,answer\nHow do I change my PIN?,In the app.\n",
    }.items():
        path = folder / "knowledge" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return make_version(folder)


@pytest.fixture
def encoder() -> HashEncoder:
    return HashEncoder()


@pytest.fixture
def knowledge(tmp_path: Path, encoder: HashEncoder) -> Iterator[ChromaKnowledge]:
    opened = open_knowledge(f"chroma:{tmp_path / 'index'}", tables=tmp_path / "knowledge.db", encoder=encoder)
    yield opened
    opened.close()


def ingest(bank: Version, knowledge: ChromaKnowledge, *, rebuild: bool = False) -> IngestSummary:
    return ingest_project(bank, knowledge=knowledge, rebuild=rebuild)


async def test_a_first_run_adds_every_document_in_its_language(bank: Version, knowledge: ChromaKnowledge) -> None:
    summary = ingest(bank, knowledge)

    assert len(summary.added) == 4
    assert summary.passages == 4
    documents = {document.source: document for document in await knowledge.list_documents(bank)}
    assert documents["knowledge/fees.tr.md"].locale == "tr"
    assert documents["knowledge/fees.tr.md"].family == documents["knowledge/fees.en.md"].family
    assert documents["knowledge/cards.md"].locale == "en"
    assert documents["knowledge/cards.md"].title == "Cards"
    found = await knowledge.search(bank, "lost card", locale="en")
    assert found["passages"][0]["heading"] == "Losing one"


def test_a_second_run_makes_nothing_again(bank: Version, knowledge: ChromaKnowledge, encoder: HashEncoder) -> None:
    ingest(bank, knowledge)
    encoder.encoded.clear()

    summary = ingest(bank, knowledge)

    assert len(summary.unchanged) == 4
    assert encoder.encoded == []


async def test_changed_and_gone_files_are_changed_and_gone(bank: Version, knowledge: ChromaKnowledge) -> None:
    ingest(bank, knowledge)
    (bank.folder / "knowledge/cards.md").write_text("# Cards\n\nA lost card is replaced in the branch.")
    (bank.folder / "knowledge/faq.csv").unlink()

    summary = ingest(bank, knowledge)

    assert summary.changed == ["knowledge/cards.md"]
    assert summary.removed == ["knowledge/faq.csv"]
    found = await knowledge.search(bank, "lost card", locale="en")
    assert found["passages"][0]["text"] == "A lost card is replaced in the branch."


async def test_a_bad_file_is_named_its_old_version_stays_and_the_rest_goes_on(
    bank: Version, knowledge: ChromaKnowledge
) -> None:
    ingest(bank, knowledge)
    (bank.folder / "knowledge/cards.md").write_bytes(b"")
    (bank.folder / "knowledge/bad.pdf").write_bytes(b"%PDF nonsense")
    (bank.folder / "knowledge/notes.bin").write_bytes(b"x")
    (bank.folder / "knowledge/outside.md").symlink_to("/etc/hostname")
    (bank.folder / "knowledge/new.md").write_text("# New\n\nA new document.")

    summary = ingest(bank, knowledge)

    assert {source for source, _ in summary.failed} == {
        f"knowledge/{name}" for name in ("cards.md", "bad.pdf", "notes.bin", "outside.md")
    }
    assert summary.added == ["knowledge/new.md"]
    assert summary.removed == []
    found = await knowledge.search(bank, "lost card", locale="en")
    assert found["passages"][0]["source"] == "knowledge/cards.md"


def test_a_source_outside_the_project_is_refused(tmp_path: Path, bank: Version, knowledge: ChromaKnowledge) -> None:
    (tmp_path / "secret.md").write_text("secret")
    sly = make_version(bank.folder, knowledge={"sources": ["../secret.md", "knowledge/"]})

    summary = ingest(sly, knowledge)

    assert summary.failed == [("../secret.md", "lies outside the project's folder")]
    assert len(summary.added) == 4


async def test_named_files_are_added_and_nothing_is_gone(
    tmp_path: Path, bank: Version, knowledge: ChromaKnowledge
) -> None:
    ingest(bank, knowledge)
    extra = tmp_path / "extra.md"
    extra.write_text("# Extra\n\nExtra hours on Sunday.")

    summary = ingest_project(bank, knowledge=knowledge, paths=[extra, tmp_path / "missing.md"])

    assert summary.added == ["extra.md"]
    assert [source for source, _ in summary.failed] == [str(tmp_path / "missing.md")]
    assert len(await knowledge.list_documents(bank)) == 5


async def test_an_upload_is_stored_listed_replaced_kept_by_ingestion_and_removed(
    bank: Version, knowledge: ChromaKnowledge
) -> None:
    first = add_document(bank, "../../hours.md", b"# Hours\n\nOpen from nine.", knowledge=knowledge)
    again = add_document(bank, "hours.md", b"# Hours\n\nOpen from ten.", knowledge=knowledge)
    ingest(bank, knowledge)

    assert first.id == again.id
    assert again.source == "hours.md"
    found = await knowledge.search(bank, "open from", locale="en")
    assert found["passages"][0]["text"] == "Open from ten."
    await knowledge.remove_document(bank, again.id)
    assert len(await knowledge.list_documents(bank)) == 4


@pytest.mark.parametrize("name", ["", "..", "x.exe", "/", "notes"])
def test_an_upload_without_a_usable_name_is_refused(bank: Version, knowledge: ChromaKnowledge, name: str) -> None:
    with pytest.raises(UnreadableFileError):
        add_document(bank, name, b"text", knowledge=knowledge)


def test_other_embeddings_are_refused_before_anything_is_read_and_a_rebuild_accepts_them(
    tmp_path: Path, bank: Version, knowledge: ChromaKnowledge
) -> None:
    ingest(bank, knowledge)
    knowledge.close()
    other = open_knowledge(
        f"chroma:{tmp_path / 'index'}", tables=tmp_path / "knowledge.db", encoder=HashEncoder("hash:2")
    )
    try:
        with pytest.raises(EncoderMismatchError):
            ingest(bank, other)
        summary = ingest(bank, other, rebuild=True)
    finally:
        other.close()

    assert len(summary.unchanged) == 4
    assert summary.passages == 4


async def test_a_run_killed_while_embedding_leaves_the_old_state_and_the_next_one_finishes(
    tmp_path: Path, bank: Version, knowledge: ChromaKnowledge
) -> None:
    ingest(bank, knowledge)
    knowledge.close()
    for at in range(40):
        (bank.folder / f"knowledge/more{at}.md").write_text(f"# More {at}\n\nDocument number {at} about topic{at}.")
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from ingest.run import ingest_project\n"
        "from tests.knowledge.fakes import HashEncoder, make_version\n"
        "from tools.knowledge import open_knowledge\n"
        "folder = Path(sys.argv[1])\n"
        "class Dying(HashEncoder):\n"
        "    def encode_now(self, texts, kind):\n"
        "        if len(self.encoded) > 20:\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "        return super().encode_now(texts, kind)\n"
        "knowledge = open_knowledge(f'chroma:{folder / \"index\"}', tables=folder / 'knowledge.db', encoder=Dying())\n"
        "ingest_project(make_version(folder / 'bank'), knowledge=knowledge)\n"
    )
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path), env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert await killed.wait() == -signal.SIGKILL
    encoder = HashEncoder()
    after = open_knowledge(f"chroma:{tmp_path / 'index'}", tables=tmp_path / "knowledge.db", encoder=encoder)
    try:
        before = await after.list_documents(bank)
        summary = ingest(bank, after)
        found = await after.search(bank, "topic39", locale="en")
    finally:
        after.close()

    assert len(before) == 4
    assert len(summary.added) == 40
    assert sum(text.startswith("More") for text in encoder.encoded) < 40
    assert found["passages"][0]["source"] == "knowledge/more39.md"


def test_a_file_named_in_a_language_that_the_project_does_not_speak_is_told(
    bank: Version, knowledge: ChromaKnowledge
) -> None:
    (bank.folder / "knowledge/points.zh.md").write_text("# 积分\n\n积分自获得之日起十八个月有效。", encoding="utf-8")
    out = io.StringIO()

    run_ingest(bank, knowledge=knowledge, console=Console(file=out, width=200))

    assert "knowledge/points.zh.md: its name says zh, which is not among `locales` (en, tr); it is read as" in (
        out.getvalue()
    )
    assert out.getvalue().count("its name says") == 1


def test_the_command_shows_a_summary_and_every_failure(bank: Version, knowledge: ChromaKnowledge) -> None:
    (bank.folder / "knowledge/bad.pdf").write_bytes(b"%PDF nonsense")
    (bank.folder / "knowledge/slides.pptx").write_bytes(b"PK")
    out = io.StringIO()

    run_ingest(bank, knowledge=knowledge, console=Console(file=out, width=200))

    assert "bank: 4 added, 0 changed, 0 unchanged, 0 removed, 2 failed; 4 passages" in out.getvalue()
    assert "knowledge/bad.pdf: the PDF cannot be read" in out.getvalue()
    assert "knowledge/slides.pptx: unknown kind of file '.pptx'; known are .csv, .docx," in out.getvalue()
    assert "documents in en only: 2; what is asked in tr finds them less surely" in out.getvalue()
