"""Free text that a message announces by the slot's own name: "note: rent", "açıklama olarak kira yaz", "附言：房租".

A sign behind the name is enough in every language; how else it is said stands in the languages' data, as patterns with
`{cue}` for the slot's name and `{text}` for what is announced.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from config.project import Slot
from understanding.grammar.folding import fold_word
from understanding.grammar.language import Language
from understanding.grammar.reading import Reading
from understanding.slot_cues import given_cues
from understanding.slot_identifiers import Text
from understanding.slot_text import strip_leads
from understanding.wording import question_words

SURE = 0.85
_MOST = 300
"""Characters of a text that is announced."""
_END = r"(?=\s*(?:[;!?\n]|[.](?:\s|$)|。|$))"
_SHORTEST = 2


def find_announced(
    reading: Reading, name: str, slots: Mapping[str, Slot], claims: Sequence[tuple[int, int]]
) -> list[Text]:
    """The text that is announced for the slot, if there is one; `claims` are surely values of other slots."""
    for pattern, signed in _announcing(called(name, slots[name]), reading.language):
        match = pattern.search(reading.folded.text)
        if match is None or (not signed and _asks(reading, match)):
            continue
        first, last = reading.folded.span(*match.span("text"))
        last = up_to_others(reading, name, slots, claims, (first, last))
        first, last = strip_leads(reading, first, last)
        if first < last:
            return [Text(reading.original[first:last], first, last, SURE)]
    return []


def called(name: str, slot: Slot) -> tuple[str, ...]:
    """What a slot is called: its titles, the author's cues and its own name."""
    titles = [slot.title] if isinstance(slot.title, str) else list((slot.title or {}).values())
    words = (*titles, *given_cues(slot), name.replace("_", " "))
    return tuple(dict.fromkeys(word for word in words if len(word.strip()) >= _SHORTEST))


def up_to_others(
    reading: Reading, name: str, slots: Mapping[str, Slot], claims: Sequence[tuple[int, int]], span: tuple[int, int]
) -> int:
    """Where a text that would go on to `span`'s end stops, because another slot is named or given behind a comma."""
    rivals = _rival(_called_others(name, slots), reading.language)
    return min([span[1], *_ends(reading, rivals, claims, span)])


def follows_other(reading: Reading, name: str, slots: Mapping[str, Slot], start: int) -> bool:
    """Whether the words right before `start` call another slot: 收件人改成李四 is no 改成 of the address."""
    pattern = _called_before(_called_others(name, slots), reading.language)
    view = reading.folded
    return pattern is not None and pattern.search(view.text, 0, view.index(start)) is not None


def _asks(reading: Reading, match: re.Match[str]) -> bool:
    """Whether the message asks about the text instead of giving it: "can I add a note?", "附言是什么"."""
    folded, said = reading.folded.text, match["text"].strip()
    if folded[match.end() :].lstrip().startswith("?"):
        return True
    words = question_words((reading.language.code,))
    return words.search(said) is not None if reading.language.han else words.match(said) is not None


def _called_others(name: str, slots: Mapping[str, Slot]) -> tuple[str, ...]:
    return tuple(word for other, slot in slots.items() if other != name for word in called(other, slot))


def _ends(
    reading: Reading, rivals: re.Pattern[str] | None, claims: Sequence[tuple[int, int]], span: tuple[int, int]
) -> list[int]:
    """The first comma behind which another slot is named or given."""
    view, (first, last) = reading.folded, span
    for comma in re.finditer(r"[,，、]", reading.original[first:last]):
        at = first + comma.start()
        if any(at < start < last for start, _ in claims) or (rivals and rivals.match(view.text, view.index(at + 1))):
            return [at]
    return []


@lru_cache(maxsize=1024)
def _rival(words: tuple[str, ...], language: Language) -> re.Pattern[str] | None:
    source = language.alternation(words)
    fillers = language.alternation(language.words("fillers")) or "(?!)"
    return re.compile(rf"\s*(?:{fillers}\s)?{language.bounded(source + language.suffix)}") if source else None


@lru_cache(maxsize=1024)
def _called_before(words: tuple[str, ...], language: Language) -> re.Pattern[str] | None:
    source = language.alternation(words)
    return re.compile(language.bounded(source + language.suffix) + r"\s{0,2}$") if source else None


@lru_cache(maxsize=2048)
def _announcing(words: tuple[str, ...], language: Language) -> tuple[tuple[re.Pattern[str], bool], ...]:
    """The ways to announce a text by these words, and whether it is a sign that does so."""
    source = language.alternation([word for word in language.softened(words) if fold_word(word).strip()])
    if not source:
        return ()
    text = rf"(?P<text>[^\n]{{1,{_MOST}}}?)"
    sign = rf"{language.bounded(source + language.suffix)}\s{{0,3}}[:=]\s{{0,3}}{text}{_END}"
    ways = [way.replace("{cue}", "\x01").replace("{text}", "\x02") for way in language.words("text_cues")]
    edge = ("", "") if language.han else (r"(?<![^\W_])", r"(?![^\W_])")
    cue = f"{edge[0]}{source}{language.suffix}{edge[1]}"
    said = [language.written(way).replace("\x01", cue).replace("\x02", text) + _END for way in ways]
    return ((re.compile(sign), True), *((re.compile(edge[0] + each), False) for each in said))
