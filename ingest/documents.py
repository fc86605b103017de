"""What a file's content is once read: text as Markdown, or question and answer rows."""

from dataclasses import dataclass, field


class UnreadableFileError(Exception):
    """A file that cannot be read or is refused; the message says why, for the summary."""


@dataclass(frozen=True)
class FaqRow:
    """One question with its answer."""

    question: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class Content:
    """A read document."""

    title: str
    text: str = ""
    """Markdown; empty of a FAQ table."""
    faq: tuple[FaqRow, ...] = ()
    rows: tuple[str, ...] = field(default=())
    """Of any other table: one text a row."""
