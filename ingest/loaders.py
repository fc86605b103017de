"""Reads one file's bytes into text or rows, by the ending of its name. Meant for a child process with hard limits."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ingest.archives import refuse_hostile_archive
from ingest.documents import Content, FaqRow, UnreadableFileError
from ingest.layout import with_headings
from ingest.limits import MAX_CELLS, MAX_COLUMNS, MAX_PAGES, MAX_ROWS, MAX_TEXT_CHARS

if TYPE_CHECKING:
    from pypdf import PdfReader

_QUESTION = frozenset({"question", "questions", "soru", "sorular", "问题", "问", "frage", "pregunta", "q"})
_ANSWER = frozenset({"answer", "answers", "cevap", "yanıt", "yanit", "答案", "回答", "答", "antwort", "respuesta", "a"})

_ENCODINGS = (
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "koi8_r"),
    *("gb18030", "big5", "shift_jis", "euc_jp", "euc_kr"),
)
"""Those that files are found in beside Unicode; a short text would else be taken for a dead one."""

Loader = Callable[[bytes, str], Content]


def load(name: str, data: bytes) -> Content:
    """The content of the file `name`; raises UnreadableFileError."""
    loader = LOADERS.get(PurePosixPath(name).suffix.lower())
    if loader is None:
        raise UnreadableFileError(unknown_kind(PurePosixPath(name).suffix))
    if not data.strip():
        raise UnreadableFileError("the file is empty")
    content = loader(data, PurePosixPath(name).stem)
    size = len(content.text) + sum(map(len, content.rows)) + sum(len(row.answer) for row in content.faq)
    if size > MAX_TEXT_CHARS:
        raise UnreadableFileError(f"the file holds {size} characters of text; at most {MAX_TEXT_CHARS} are read")
    if not (content.text.strip() or content.faq or content.rows):
        raise UnreadableFileError("no text was found in the file")
    return content


def unknown_kind(suffix: str) -> str:
    """Why a file of this ending is refused."""
    return f"unknown kind of file {suffix!r}; known are {', '.join(sorted(LOADERS))}"


def decode(data: bytes) -> str:
    """Text of unknown encoding: UTF-8 where it is that, else the likeliest."""
    for encoding in ("utf-8-sig", "utf-16") if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig",):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    from charset_normalizer import from_bytes

    best = from_bytes(data[: 1 << 20], cp_isolation=list(_ENCODINGS)).best()
    if best is None or b"\0" in data[:1024]:
        raise UnreadableFileError("the file is not text in any known encoding")
    return data.decode(best.encoding, errors="replace")


def _markdown(data: bytes, stem: str) -> Content:
    text = _without_front_matter(decode(data))
    return Content(title=_first_heading(text) or _title_of(stem), text=text)


def _text(data: bytes, stem: str) -> Content:
    text = with_headings(decode(data))
    return Content(title=_first_heading(text) or _title_of(stem), text=text)


def _html(data: bytes, stem: str) -> Content:
    import trafilatura

    page = decode(data)
    try:
        text = trafilatura.extract(
            page, output_format="markdown", include_tables=True, include_formatting=True, favor_recall=True
        )
        about = trafilatura.extract_metadata(page)
    except (SyntaxError, ValueError, RecursionError) as error:
        # lxml's own errors are SyntaxErrors.
        raise UnreadableFileError(f"the page cannot be read: {error}") from error
    return Content(title=about.title or _first_heading(text or "") or _title_of(stem), text=text or "")


def _pdf(data: bytes, stem: str) -> Content:
    import pypdf
    from pypdf.errors import PyPdfError

    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableFileError("the file is protected by a password")
        if len(reader.pages) > MAX_PAGES:
            raise UnreadableFileError(f"the file has {len(reader.pages)} pages; at most {MAX_PAGES} are read")
        text = "\n\n".join(_pages(reader))
        title = reader.metadata.title if reader.metadata else None
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError) as error:
        # pypdf lets many kinds of error out for damaged files; all mean that this file cannot be read.
        raise UnreadableFileError(f"the PDF cannot be read: {error}") from error
    return Content(title=(title or "").strip() or _title_of(stem), text=text)


def _pages(reader: "PdfReader") -> Iterator[str]:
    length = 0
    for page in reader.pages:
        text = page.extract_text()
        length += len(text)
        if length > MAX_TEXT_CHARS:
            raise UnreadableFileError(f"the file holds more than {MAX_TEXT_CHARS} characters of text")
        yield text


def _docx(data: bytes, stem: str) -> Content:
    import mammoth
    from markdownify import markdownify

    refuse_hostile_archive(data)
    try:
        page = mammoth.convert_to_html(io.BytesIO(data), ignore_empty_paragraphs=True, convert_image=_no_image()).value
        text = markdownify(page, heading_style="ATX", strip=["a", "img"])
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError) as error:
        raise UnreadableFileError(f"the document cannot be read: {error}") from error
    return Content(title=_first_heading(text) or _title_of(stem), text=text)


def _no_image() -> Callable[[object], Sequence[object]]:
    def drop(_image: object) -> Sequence[object]:
        return []

    return drop


def _csv(data: bytes, stem: str) -> Content:
    text = decode(data)
    try:
        dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(text[:8192], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    try:
        return _table(stem, csv.reader(io.StringIO(text, newline=""), dialect))
    except csv.Error as error:
        raise UnreadableFileError(f"the table cannot be read: {error}") from error


def _xlsx(data: bytes, stem: str) -> Content:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    refuse_hostile_archive(data)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        tables = [
            _table(sheet.title, (_cells(row) for row in sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True)))
            for sheet in book.worksheets
        ]
    except (InvalidFileException, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError) as error:
        raise UnreadableFileError(f"the workbook cannot be read: {error}") from error
    return Content(
        title=_title_of(stem),
        faq=tuple(row for table in tables for row in table.faq),
        rows=tuple(row for table in tables for row in table.rows),
    )


def _table(title: str, rows: Iterable[Sequence[str]]) -> Content:
    filled = _bounded(rows)
    header = next(filled, None)
    if header is None:
        return Content(title=_title_of(title))
    names = [cell.strip() for cell in header]
    lowered = [name.replace("İ", "i").lower() for name in names]
    question = next((at for at, name in enumerate(lowered) if name in _QUESTION), None)
    answer = next((at for at, name in enumerate(lowered) if name in _ANSWER), None)
    if question is not None and answer is not None:
        pairs = (_pair(row, question, answer) for row in filled)
        return Content(title=_title_of(title), faq=tuple(pair for pair in pairs if pair))
    return Content(title=_title_of(title), rows=tuple(text for row in filled if (text := _described(names, row))))


def _bounded(rows: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    """The rows that hold something, refused when there are too many, empty ones included."""
    cells = 0
    for number, row in enumerate(rows):
        cells += len(row)
        if number > MAX_ROWS or cells > MAX_CELLS:
            raise UnreadableFileError(f"the table has more than {MAX_ROWS} rows or {MAX_CELLS} cells")
        if any(cell.strip() for cell in row):
            yield row


def _pair(row: Sequence[str], question: int, answer: int) -> FaqRow | None:
    if max(question, answer) >= len(row):
        return None
    pair = FaqRow(row[question].strip(), row[answer].strip())
    return pair if pair.question and pair.answer else None


def _described(names: Sequence[str], row: Sequence[str]) -> str:
    named = zip([*names, *[""] * (len(row) - len(names))], row, strict=False)
    return "; ".join(f"{name}: {cell.strip()}" if name else cell.strip() for name, cell in named if cell.strip())


def _cells(row: Sequence[object]) -> list[str]:
    return ["" if cell is None else str(cell) for cell in row]


def _first_heading(text: str) -> str | None:
    """The heading above all others; a text of several such parts is not called by the first of them."""
    lines = text.splitlines()
    found = [line[2:].strip().strip("*") for line in lines if line.startswith("# ") and line[2:].strip()]
    return found[0] if len(found) == 1 and any(line.startswith("# ") for line in lines[:50]) else None


def _without_front_matter(text: str) -> str:
    if not text.startswith("---\n"):
        return text
    end = text.find("\n---", 4)
    return text[end + 4 :].lstrip("\n") if end > 0 else text


def _title_of(stem: str) -> str:
    words = stem.rpartition("/")[2].replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


LOADERS: Mapping[str, Loader] = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".txt": _text,
    ".html": _html,
    ".htm": _html,
    ".pdf": _pdf,
    ".docx": _docx,
    ".csv": _csv,
    ".xlsx": _xlsx,
}
"""By the ending of a file's name."""
