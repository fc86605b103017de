"""Free text: a whole message without the words that only lead to it, or what an author's own cue announces."""

import re
from collections.abc import Sequence
from functools import lru_cache

from config.project import Slot
from understanding.grammar.folding import fold_word, fold_words
from understanding.grammar.language import Language
from understanding.grammar.reading import Reading
from understanding.slot_identifiers import Text

_CLAUSE_END = re.compile(r"[,;!?\n，；。！？、]+|\.(?=\s)")
EDGE = ' \t\r\n.,;:!?。，；：！？"“”«»()[]「」'
"""What may stand around an answer without belonging to it."""
_MOST_LEADS = 5
"""Words without spaces between them that may lead to a value."""


def find_text(reading: Reading, name: str) -> list[Text]:
    """The whole message without the words that only lead to it, the answer to a question for free text."""
    start, end = strip_leads(reading, _after_name(reading, name), len(reading.original))
    if start >= end:
        start, end = trimmed(reading.original, 0, len(reading.original))
    return [Text(reading.original[start:end], start, end, 0.8)] if start < end else []


def _after_name(reading: Reading, name: str) -> int:
    """Where the answer begins that says again what was asked: "the movie is …" for a slot `movie`."""
    pattern = _named(name, reading.language)
    match = pattern.match(reading.folded.text) if pattern else None
    return reading.folded.ends[match.end() - 1] if match and match.end() < len(reading.folded.text) else 0


@lru_cache(maxsize=1024)
def _named(name: str, language: Language) -> re.Pattern[str] | None:
    words, copulas = language.alternation([name.replace("_", " ")]), language.alternation(language.words("copulas"))
    fillers = language.alternation(language.words("fillers")) or "(?!)"
    return re.compile(rf"\s{{0,3}}(?:{fillers} )?{words}\s{{0,2}}{copulas}\s{{1,3}}") if words and copulas else None


def find_text_after(reading: Reading, slot: Slot) -> list[Text]:
    """Free text that the author's own cue announces, up to the end of its clause."""
    words = [word for words in (slot.cues or {}).values() for word in words]
    pattern = _text_cue(tuple(words), reading.language)
    match = pattern.search(reading.folded.text) if pattern else None
    if match is None or match.end() >= len(reading.folded.text):
        return []
    start = reading.folded.starts[match.end()]
    clause = re.match(r"(?:[^.;!?\n。；！？]|\.(?=\S)){1,300}", reading.original[start:])
    if clause is None or reading.original[start + clause.end() :].startswith(("?", "？")):
        return []  # "can I add a note at all?"
    first, last = strip_leads(reading, start, start + clause.end())
    return [Text(reading.original[first:last], first, last, 0.6)] if first < last else []


def where_cued(reading: Reading, slot: Slot) -> int | None:
    """Where the author's own cue stands that announces free text."""
    words = [word for words in (slot.cues or {}).values() for word in words]
    pattern = _text_cue(tuple(words), reading.language)
    match = pattern.search(reading.folded.text) if pattern else None
    return reading.folded.starts[match.start()] if match is not None else None


def find_text_beside(reading: Reading, claims: Sequence[tuple[int, int]], *, begin: int = 0) -> list[Text]:
    """The first clause from `begin` on that holds no value claimed for another slot; else what stands before one."""
    text, at = reading.original, begin
    for clause in [*_CLAUSE_END.finditer(text, begin), None]:
        end = clause.start() if clause else len(text)
        if not any(at < b and a < end for a, b in claims):
            first, last = strip_leads(reading, at, end)
            if first < last:
                return [Text(text[first:last], first, last, 0.8)]
        at = clause.end() if clause else end
    first, last = strip_leads(reading, begin, max(begin, min(start for start, _ in claims)))
    last -= _leading_to_value(text[first:last], reading.language)
    return [Text(text[first:last], first, last, 0.8)] if _says_something(text[first:last], reading.language) else []


def _says_something(piece: str, language: Language) -> bool:
    """Whether words before a value are more than its name: "my e-mail is" is none."""
    words = re.findall(r"[^\W\d_]+", piece)
    return bool(words) and fold_word(words[-1]) not in _names_of_values(language)


def _leading_to_value(piece: str, language: Language) -> int:
    """How long the words are that only lead to the value behind them, where no spaces set them apart: 发到, 邮箱是."""
    if not language.han:
        return 0
    rest = piece
    for _ in range(_MOST_LEADS):
        word = max((each for each in _names_of_values(language) if rest.endswith(each)), key=len, default=None)
        if word is None:
            break
        rest = rest[: -len(word)].rstrip(EDGE)
    return len(piece) - len(rest)


@lru_cache(maxsize=32)
def _names_of_values(language: Language) -> frozenset[str]:
    return frozenset(fold_words(language.words("value_names")))


@lru_cache(maxsize=1024)
def _text_cue(words: tuple[str, ...], language: Language) -> re.Pattern[str] | None:
    source = language.alternation(words)
    return re.compile(language.bounded(source) + r"[\s:,=]{0,3}") if source else None


def strip_leads(reading: Reading, start: int, end: int) -> tuple[int, int]:
    """Where the answer begins and ends without "it's", "not olarak", "备注写", "please"."""
    leads, trails = _leads(reading.language)
    text = reading.folded
    start, end = trimmed(reading.original, start, end)
    for _ in range(4):
        match = leads.match(text.text, text.index(start)) if leads and start < end else None
        if match is None or match.end() >= text.index(end):
            break
        start, end = trimmed(reading.original, text.starts[match.end()], end)
    for _ in range(3):
        match = trails.search(text.text, text.index(start), text.index(end)) if trails and start < end else None
        if match is None or match.start() <= text.index(start):
            break
        start, end = trimmed(reading.original, start, text.ends[match.start() - 1])
    return start, end


@lru_cache(maxsize=32)
def _leads(language: Language) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
    names = (
        *language.words("names", "before"),
        *language.words("names", "own_first"),
        *language.words("names", "own_last"),
    )
    leads = language.alternation([*language.words("leads"), *(word for word in names if len(word) > 3)])
    trails = language.alternation(language.words("trails"))
    edge = "" if language.han else r"(?![^\W_])"
    start = "" if language.han else r"(?<![^\W_])"
    return (
        re.compile(rf"{leads}{edge}[\s:,=.]{{0,3}}") if leads else None,
        re.compile(rf"{start}{trails}[\s.,!?。！？]{{0,3}}$") if trails else None,
    )


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The piece without the spaces and marks around it."""
    while start < end and text[start] in EDGE:
        start += 1
    while end > start and text[end - 1] in EDGE:
        end -= 1
    return start, end
