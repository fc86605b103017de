"""Files of every kind become text; hostile ones cost only themselves."""

import contextlib
import time
from collections.abc import Iterator

import pytest

from ingest.documents import FaqRow, UnreadableFileError
from ingest.limits import MAX_FILE_BYTES
from ingest.reader import FileReader
from tests.ingest.files import docx_file, docx_with, pdf_bomb, pdf_file, xlsx_file, zip_file


@pytest.fixture(scope="module")
def reader() -> Iterator[FileReader]:
    with FileReader(seconds=30) as opened:
        yield opened


@pytest.mark.parametrize(
    ("name", "data", "title", "parts"),
    [
        ("fees.md", b"---\nlabel: x\n---\n# Card fees\n\nThree percent.", "Card fees", ["Three percent."]),
        ("opening-hours.txt", b"From nine to five.", "Opening hours", ["From nine to five."]),
        ("a.txt", "Şube çalışma saatleri: öğleden önce açığız, ığdır.".encode("cp1254"), "A", ["öğleden önce açığız"]),
        ("b.txt", "退货需要在七天之内申请，运费由买家承担。".encode("gb18030"), "B", ["运费由买家承担"]),
        ("c.txt", "Grüße aus UTF-16.".encode("utf-16"), "C", ["Grüße aus UTF-16."]),
        ("d.docx", docx_file(), "Card fees", ["## Abroad", "costs 3 percent", "Gold", "40 TRY"]),
        ("e.pdf", pdf_file("Fees are low.", "Second page."), "E", ["Fees are low.", "Second page."]),
        (
            "f.html",
            (
                b"<html><head><title>Returns</title></head><body><nav>Home Cart Login</nav><article><h1>Returns</h1>"
                b"<p>You may return a product within fourteen days of delivery, unused and in its box.</p>"
                b"<h2>Costs</h2><p>The shipping of a return is paid by the shop in all cases listed here.</p></article>"
                b"</body></html>"
            ),
            "Returns",
            ["within fourteen days", "Costs", "paid by the shop"],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value and len(value) < 20 else "",
)
def test_text_is_read_with_its_title(reader: FileReader, name: str, data: bytes, title: str, parts: list[str]) -> None:
    content = reader.read(name, data)

    assert content.title == title
    for part in parts:
        assert part in content.text
    assert "Cart" not in content.text
    assert "label" not in content.text


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("faq.csv", b'question,answer\nHow?,So.\n,no question\nWhy?,"Because, you see."\n'),
        ("faq.csv", "Soru;Cevap;Not\nHow?;So.;x\nWhy?;Because, you see.;y\n".encode("utf-8-sig")),
        ("faq.csv", "问题\t答案\nHow?\tSo.\nWhy?\tBecause, you see.\n".encode()),
        ("faq.xlsx", xlsx_file(("Question", "Answer"), ("How?", "So."), (None, None), ("Why?", "Because, you see."))),
    ],
)
def test_a_table_of_questions_and_answers_becomes_pairs(reader: FileReader, name: str, data: bytes) -> None:
    assert reader.read(name, data).faq == (FaqRow("How?", "So."), FaqRow("Why?", "Because, you see."))


def test_any_other_table_becomes_a_text_a_row(reader: FileReader) -> None:
    content = reader.read("branches.xlsx", xlsx_file(("City", "Opens"), ("Ankara", "9:00"), ("Van", None)))

    assert content.rows == ("City: Ankara; Opens: 9:00", "City: Van")


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<w:document>&b;</w:document>"
)
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]><w:document>&a;</w:document>'


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("empty.md", b"", "empty"),
        ("blank.txt", b" \n\t ", "empty"),
        ("program.exe", b"MZ", "unknown kind"),
        ("noise.txt", bytes(range(256)) * 40, "not text|no text"),
        ("broken.docx", b"PK\x03\x04 not a zip", "not a readable office file"),
        ("broken.pdf", b"%PDF-1.7 nonsense", "cannot be read"),
        ("broken.xlsx", zip_file(word=b"x"), "cannot be read"),
        ("bomb.docx", docx_with(b"<w>" + b" " * 150 * 2**20 + b"</w>"), "unpacks"),
        ("laughs.docx", docx_with(LAUGHS), "document type"),
        ("outside.docx", docx_with(OUTSIDE), "document type"),
        ("bomb.pdf", pdf_bomb(300), "cannot be read|memory|too much"),
        ("empty.html", b"<html><body></body></html>", "no text"),
        ("headless.csv", b"question,answer\n", "no text"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value and len(value) < 20 else "",
)
def test_a_file_that_cannot_be_read_is_refused_and_the_next_one_is_read(
    reader: FileReader, name: str, data: bytes, why: str
) -> None:
    with pytest.raises(UnreadableFileError, match=why):
        reader.read(name, data)

    assert reader.read("after.md", b"# Still here\n\nYes.").title == "Still here"


def test_a_huge_file_is_refused_before_anything_reads_it(reader: FileReader) -> None:
    with pytest.raises(UnreadableFileError, match="bytes"):
        reader.read("huge.txt", bytes(MAX_FILE_BYTES + 1))


def test_deeply_nested_html_ends_in_time(reader: FileReader) -> None:
    data = b"<div>" * 100_000 + b"deep" + b"</div>" * 100_000
    started = time.monotonic()
    with contextlib.suppress(UnreadableFileError):
        reader.read("deep.html", data)

    assert time.monotonic() - started < 30
    assert reader.read("after.md", b"Yes.").text == "Yes."


def test_a_file_that_takes_too_long_is_given_up() -> None:
    wide = xlsx_file(*((f"row {at}", "x" * 30) for at in range(20_000)))
    with FileReader(seconds=0.2) as hasty, pytest.raises(UnreadableFileError, match=r"more than 0\.2 s"):
        hasty.read("slow.xlsx", wide)
