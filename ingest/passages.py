"""Cuts a document into passages: its own sections first, whole sentences always, about two hundred tokens each.

A short section stays one passage; a longer one is packed sentence by sentence, each passage beginning with the last
sentences of the one before, so that an answer across a cut is found whole in one of them.
"""

import re
from collections.abc import Iterator, Sequence

from dialogue.tokens import estimate_tokens
from ingest.documents import Content, UnreadableFileError
from ingest.layout import readable
from ingest.limits import MAX_PASSAGES
from tools.knowledge_records import NewPassage
from tools.sentences import sentences

TARGET_TOKENS = 200
MOST_TOKENS = 400
OVERLAP_TOKENS = 50

_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_UNDERLINE = re.compile(r"^(=+|-{3,})\s*$")
_MARKUP = re.compile(r"!\[[^\]]*\]\([^)]*\)|<!--.*?-->|</?[a-zA-Z][^>]*>", re.DOTALL)
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")


def cut(content: Content, *, locale: str) -> tuple[NewPassage, ...]:
    """The passages of a document; raises UnreadableFileError for more than a document may have."""
    passages = [NewPassage(heading="", text=row.question, answer=row.answer) for row in content.faq]
    passages += [NewPassage(heading="", text=text) for row in content.rows for text in pack([row], locale)]
    for heading, paragraphs in sections(content.text, title=content.title):
        passages += [NewPassage(heading=heading, text=text) for text in pack(paragraphs, locale)]
        if len(passages) > MAX_PASSAGES:
            break
    if len(passages) > MAX_PASSAGES:
        raise UnreadableFileError(f"the document has more than {MAX_PASSAGES} passages; divide it")
    return tuple(passages)


def sections(text: str, *, title: str = "") -> Iterator[tuple[str, list[str]]]:
    """(heading path, paragraphs) of Markdown or plain text, in order; a path does not repeat the title."""
    path: list[tuple[int, str]] = []
    block: list[str] = []
    for level, line in _lines(text):
        if level == 0:
            block.append(line)
            continue
        if any(part.strip() for part in block):
            yield _joined(path, title), _paragraphs(block)
        block = []
        path = [*(part for part in path if part[0] < level), (level, _plain(line))]
    if any(part.strip() for part in block):
        yield _joined(path, title), _paragraphs(block)


def pack(paragraphs: Sequence[str], locale: str) -> Iterator[str]:
    """Texts of about TARGET_TOKENS, never cut inside a sentence that fits."""
    whole = "\n\n".join(paragraphs)
    if estimate_tokens(whole) <= TARGET_TOKENS * 1.25:
        if whole.strip():
            yield whole
        return
    held: list[tuple[str, int]] = []
    fresh = 0
    for piece, cost in _pieces(paragraphs, locale):
        if fresh and sum(tokens for _, tokens in held) + cost > TARGET_TOKENS:
            yield _text(held)
            held, fresh = _tail(held), 0
        held.append((piece, cost))
        fresh += 1
    if fresh:
        yield _text(held)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """(heading level or 0, line); what stands in a code fence is never a heading."""
    fenced = False
    lines = text.splitlines()
    skip = False
    for at, line in enumerate(lines):
        if skip:
            skip = False
            continue
        fenced ^= bool(_FENCE.match(line))
        found = None if fenced else _HEADING.match(line)
        following = lines[at + 1] if at + 1 < len(lines) else ""
        if found:
            yield len(found.group(1)), found.group(2)
        elif not fenced and line.strip() and _UNDERLINE.match(following) and not (at and lines[at - 1].strip()):
            skip = True
            yield 1 if following.startswith("=") else 2, line.strip()
        else:
            yield 0, line


def _paragraphs(lines: Sequence[str]) -> list[str]:
    text = _plain("\n".join(readable(lines)))
    return [part.strip("\n") for part in re.split(r"\n\s*\n", text) if part.strip()]


def _plain(text: str) -> str:
    return _EMPHASIS.sub(r"\2", _LINK.sub(r"\1", _MARKUP.sub(" ", text))).strip()


def _joined(path: Sequence[tuple[int, str]], title: str) -> str:
    return " › ".join(name for at, (_, name) in enumerate(path) if at or name != title)


def _pieces(paragraphs: Sequence[str], locale: str) -> Iterator[tuple[str, int]]:
    for paragraph in paragraphs:
        found = sentences(paragraph, locale)
        for at, sentence in enumerate(found):
            ending = "\n\n" if at == len(found) - 1 else ""
            for part in _bounded(sentence + ending):
                yield part, estimate_tokens(part)


def _bounded(sentence: str) -> Iterator[str]:
    """A sentence longer than any passage may be, in pieces; others as they are."""
    while (cost := estimate_tokens(sentence)) > MOST_TOKENS:
        most = max(1, len(sentence) * MOST_TOKENS // cost)
        at = sentence.rfind(" ", most // 2, most)
        yield sentence[: at + 1 if at > 0 else most]
        sentence = sentence[at + 1 if at > 0 else most :]
    yield sentence


def _tail(held: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    kept: list[tuple[str, int]] = []
    for piece, cost in reversed(held[1:]):
        if sum(tokens for _, tokens in kept) + cost > OVERLAP_TOKENS:
            break
        kept.insert(0, (piece, cost))
    return kept


def _text(held: Sequence[tuple[str, int]]) -> str:
    return "".join(piece for piece, _ in held).strip()
