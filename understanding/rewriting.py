"""A part of a text given before that is to be another: "the street is right, but number 16, not 14", 把88号改成66号."""

import re
from collections.abc import Iterator
from typing import Final

from dialogue.commands import Fill
from understanding.grammar.reading import Reading as GrammarReading
from understanding.material import Material, Reading
from understanding.slot_cues import Surroundings, replaced
from understanding.slot_text import EDGE, strip_leads
from understanding.slots import reading_languages
from understanding.splitting import words_in
from understanding.wording import trailing_apology

_CLAUSE: Final = re.compile(r"[,;!?\n，；。！？、]+|\.(?=\s|$)")
_TOKEN: Final = re.compile(r"[^\W_\u3400-\u9fff]+|[\u3400-\u9fff]")
_HAN: Final = "\u2e80"
_MOST_WORDS: Final = 20
"""Words of a message beyond which it is about more than a part of a value."""
_MOST_NEW: Final = 6
"""Words of what stands in the place of a part."""
_LONGEST_VALUE: Final = 120


def rewrites(m: Material) -> Reading | None:
    """A text of the open flow with the part that is denied, or to be replaced, put right."""
    if m.active is None or not m.situation.filled or words_in(m.text) > _MOST_WORDS:
        return None
    found = m.found(m.text, m.active)
    if any(each.negated and m.situation.filled.get(each.slot) == each.value for each in found):
        return None  # a value of its own is denied
    languages = reading_languages(m.text, m.situation.locale, m.project.locales)
    readings = [GrammarReading(m.text, language, m.situation.now) for language in languages]
    for name, value in m.situation.filled.items():
        if not isinstance(value, str) or len(value) > _LONGEST_VALUE or not m.is_free(name):
            continue
        for start, end, part in _parts_said(m.text, value):
            new = next((said for each in readings if (said := _in_its_place(each, start, end))), None)
            new = _alone(new, value, part) if new is not None else None
            if new and new.casefold() not in value.casefold():
                whole = value.replace(part, new, 1)
                return Reading((Fill(command="fill", slot=name, value=whole, quote=new),), 0.85)
    return None


def _parts_said(text: str, value: str) -> Iterator[tuple[int, int, str]]:
    """Parts of `value` that stand in `text`, the longest first: of Chinese at least two characters, or a figure."""
    tokens = list(_TOKEN.finditer(value))
    for length in range(len(tokens), 0, -1):
        for at in range(len(tokens) - length + 1):
            part = value[tokens[at].start() : tokens[at + length - 1].end()]
            if part[0] >= _HAN and len(part) < 2:
                continue
            edge = (r"(?<![^\W_])", r"(?![^\W_])") if part.isascii() and not _beside_han(text) else ("", "")
            match = re.search(edge[0] + re.escape(part) + edge[1], text, re.IGNORECASE)
            if match is not None:
                yield match.start(), match.end(), part


def _alone(new: str, value: str, part: str) -> str:
    """What stands in the part's place, without what the value has beside the part: "the rent for April"."""
    before, _, behind = (piece.strip(EDGE).casefold() for piece in value.partition(part))
    said = new.casefold()
    first = said.rfind(before) + len(before) if len(before) > 1 and before in said else 0
    last = said.find(behind, first) if len(behind) > 1 and behind in said[first:] else len(new)
    return new[first:last].strip(EDGE)


def _beside_han(text: str) -> bool:
    return any(character >= _HAN for character in text)


def _in_its_place(reading: GrammarReading, start: int, end: int) -> str | None:
    """What the message gives instead of the piece from `start` to `end`."""
    text = reading.original
    behind = _replacement(reading, start, end)
    if behind is not None:
        return _said(text, behind)
    around = Surroundings(reading, start, end).denial
    if around is None:
        return None
    view = reading.folded
    first, last = view.index(start) - around[0], view.index(end) + around[1]
    denied = view.starts[first], view.ends[last - 1]
    after = _clauses(reading, denied[1], len(text))
    before = _clauses(reading, 0, denied[0])
    nearest = after[0] if after else before[-1] if before else None
    return _said(text, nearest) if nearest is not None else None


def _replacement(reading: GrammarReading, start: int, end: int) -> tuple[int, int] | None:
    """What a part is to be replaced by, as far as its clause goes: 把88号改成66号, "change March to April"."""
    match = _CLAUSE.search(reading.original, end)
    last = match.start() if match else len(reading.original)
    for first in range(last - 1, end, -1):
        if reading.original[first] not in EDGE and replaced(reading, (start, end), (first, last)):
            return strip_leads(reading, first, last)
    return None


def _clauses(reading: GrammarReading, start: int, end: int) -> list[tuple[int, int]]:
    """The clauses between two places, without the words that only lead to them; empty ones are left out."""
    edges = [start, *(e for match in _CLAUSE.finditer(reading.original, start, end) for e in match.span()), end]
    places = [(a, _before_apology(reading.original, a, b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    stripped = [strip_leads(reading, a, b) for a, b in places]
    return [(a, b) for a, b in stripped if a < b]


def _before_apology(text: str, start: int, end: int) -> int:
    apology = trailing_apology().search(text, start, end)
    return apology.start() if apology else end


def _said(text: str, place: tuple[int, int]) -> str | None:
    new = text[slice(*place)].strip(EDGE)
    return new if 0 < words_in(new) <= _MOST_NEW else None
