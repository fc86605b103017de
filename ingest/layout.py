"""From how a text is laid out to how it reads: wrapped lines joined, tables told, headings of plain text marked."""

import re
from collections.abc import Iterator, Sequence

from dialogue.tokens import is_cjk

_TABLE_ROW = re.compile(r"^\s*\|(.+)\|\s*$")
_TABLE_RULE = re.compile(r"^[\s|:-]*-[\s|:-]*$")
_OWN_LINE = re.compile(r"^\s*(?:[-*+•·>|]\s|\d{1,3}[.)、]\s?|[（(]\d{1,2}[)）]|```|~~~)")
_ENDED = (".", "!", "?", "。", "！", "？", ":", "：", ";", "；", "…")
_WRAPPED_FROM = 60
"""A line of prose at least this long, without an end, goes on in the next; of Chinese half as long."""
_HEADING_CHARS = 60
_HEADED_ROWS = 3
"""Rows from which a table without a marked header may have one: fewer are rather names and their values."""


def readable(lines: Sequence[str]) -> list[str]:
    """Lines of a section as they read: one a paragraph, a list item or a table row."""
    return _unwrapped(_tables_told(lines))


def with_headings(text: str) -> str:
    """Plain text with its headings marked as Markdown's: short lines of their own above what they head."""
    lines = text.splitlines()
    marked: list[str] = []
    for at, line in enumerate(lines):
        if _is_heading(lines, at):
            marked += ["", f"{'##' if any(part.strip() for part in marked) else '#'} {line.strip()}", ""]
        else:
            marked.append(line)
    return "\n".join(marked)


def _is_heading(lines: Sequence[str], at: int) -> bool:
    line = lines[at].strip()
    if not line or len(line) > _HEADING_CHARS or line.endswith((*_ENDED, ",", "，", "、")) or _OWN_LINE.match(line):
        return False
    if at and lines[at - 1].strip():
        return False
    below = next((other.strip() for other in lines[at + 1 :] if other.strip()), "")
    return len(below) > len(line) or (at == 0 and bool(below))


def _tables_told(lines: Sequence[str]) -> Iterator[str]:
    """Each row of a Markdown table as "first cell — column: cell; column: cell"."""
    table: list[str] = []
    for line in lines:
        if _TABLE_ROW.match(line):
            table.append(line)
            continue
        yield from _table_told(table)
        table = []
        yield line
    yield from _table_told(table)


def _table_told(lines: Sequence[str]) -> Iterator[str]:
    """The rows of one table; its header is above the rule, or by its looks the first row where nothing stands there."""
    rows = [_cells(line) for line in lines if not _is_rule(line)]
    header: list[str] = []
    if len(lines) > 1 and _is_rule(lines[1]) and not _is_rule(lines[0]):
        header, *rows = rows
    if not any(header) and _looks_like_header(rows):
        header, *rows = rows
    yield from (_told(header, cells) for cells in rows if any(cells))


def _cells(line: str) -> list[str]:
    inside = line.strip().removeprefix("|").removesuffix("|")
    return [cell.strip() for cell in inside.split("|")]


def _is_rule(line: str) -> bool:
    return bool(_TABLE_RULE.match(line))


def _looks_like_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether a table's first row names its columns: no figure in it, but one in every row of a column below it.

    Word processors mark no header where their user did not ask for one.
    """
    if len(rows) < _HEADED_ROWS or not all(rows[0]) or any(map(_has_digit, rows[0])):
        return False
    columns = list(zip(*rows[1:], strict=False))[1:]
    return any(all(map(_has_digit, column)) for column in columns)


def _has_digit(text: str) -> bool:
    return any(char.isdigit() for char in text)


def _told(header: Sequence[str], cells: Sequence[str]) -> str:
    names = [*header, *[""] * (len(cells) - len(header))]
    rest = [f"{name}: {cell}" if name else cell for name, cell in zip(names[1:], cells[1:], strict=False) if cell]
    return " — ".join(part for part in (cells[0] if cells else "", "; ".join(rest)) if part)


def _unwrapped(lines: Iterator[str]) -> list[str]:
    joined: list[str] = []
    fenced = False
    for line in lines:
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        if joined and not fenced and _goes_on(joined[-1], line):
            tight = is_cjk(joined[-1].rstrip()[-1]) and is_cjk(line.lstrip()[0])
            joined[-1] = joined[-1].rstrip() + ("" if tight else " ") + line.strip()
        else:
            joined.append(line)
    return joined


def _goes_on(before: str, line: str) -> bool:
    if not before.strip() or not line.strip() or _OWN_LINE.match(line) or before.rstrip().endswith(_ENDED):
        return False
    if " — " in before or " — " in line:
        return False
    last = before.rstrip().rpartition("\n")[2]
    return line.strip()[:1].islower() or len(last) >= (_WRAPPED_FROM // 2 if is_cjk(last[-1]) else _WRAPPED_FROM)
