"""Files of every kind, good and hostile, made where they are needed."""

import io
import zipfile
import zlib

import docx
import openpyxl


def docx_file() -> bytes:
    """A document with headings, a list and a table."""
    document = docx.Document()
    document.add_heading("Card fees", level=1)
    document.add_heading("Abroad", level=2)
    document.add_paragraph("A withdrawal abroad costs 3 percent.")
    table = document.add_table(rows=2, cols=2)
    for row, cells in zip(table.rows, (("Card", "Fee"), ("Gold", "40 TRY")), strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def xlsx_file(*rows: tuple[str | None, ...]) -> bytes:
    """A workbook of one sheet."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def pdf_file(*pages: str) -> bytes:
    """A small PDF with a line of text on each page."""
    contents = [f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode() for text in pages]
    return _pdf([(content, b"") for content in contents])


def pdf_bomb(megabytes: int) -> bytes:
    """A PDF whose one page unpacks to many megabytes."""
    return _pdf([(zlib.compress(b" " * megabytes * 2**20, 9), b"/Filter /FlateDecode")])


def _pdf(streams: list[tuple[bytes, bytes]]) -> bytes:
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * at} 0 R" for at in range(len(streams)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(streams)} >>".encode())
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for at, (data, extra) in enumerate(streams):
        page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * at} 0 R "
        objects.append(page.encode() + b"/Resources << /Font << /F1 3 0 R >> >> >>")
        objects.append(b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), extra, data))
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def zip_file(**members: bytes) -> bytes:
    """An archive that calls itself an office file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return out.getvalue()


def docx_with(document: bytes) -> bytes:
    """A Word file with `document` as its text part."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(docx_file())) as good, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bad:
        for name in good.namelist():
            bad.writestr(name, document if name == "word/document.xml" else good.read(name))
    return out.getvalue()
