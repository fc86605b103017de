"""Which of several offered things an answer names: by number, by place, or by its title."""

import re
from collections.abc import Sequence

from pydantic import JsonValue
from rapidfuzz import fuzz

from understanding.act_examples import load_examples
from understanding.folding import fold
from understanding.grammar.loading import load_language
from understanding.grammar.yaml_data import dig, items, mapping, strings

ALIKE = 82.0
"""How alike an answer and a title must be, of 100: typos and suffixes pass, other words do not."""


def choose(answer: str, titles: Sequence[Sequence[str]]) -> int | None:
    """The place of the one option that `answer` names; each option may have several titles."""
    by_place = _place(fold(answer), len(titles))
    if by_place is not None:
        return by_place
    said = fold(answer)
    if len(said) < 2:
        return None
    likeness = [max((_alike(said, fold(title)) for title in each if title), default=0.0) for each in titles]
    best = max(range(len(titles)), key=likeness.__getitem__, default=None)
    if best is None or likeness[best] < ALIKE:
        return None
    rivals = [score for place, score in enumerate(likeness) if place != best]
    return best if not rivals or likeness[best] - max(rivals) >= 5 else None


def part_of_day(answer: str, locale: str, times: Sequence[JsonValue]) -> int | None:
    """The place of the one time of day that the answer's part of the day has: `in the evening`, `akşam`, `晚上`."""
    language = load_language(locale)
    hours = [hour for time in times if (hour := _hour(time)) is not None]
    if language is None or len(hours) != len(times):
        return None
    said = f" {fold(answer)} "
    fitting: set[int] = set()
    for part in map(mapping, mapping(dig(language.data, "dayparts")).values()):
        words = [fold(word) for word in strings(part.get("words"))]
        if any((word if language.han else f" {word} ") in said for word in words):
            first, last = (int(str(hour)) for hour in items(part.get("hours")))
            fitting |= {at for at, hour in enumerate(hours) if first <= hour < last}
    return fitting.pop() if len(fitting) == 1 else None


def _hour(time: JsonValue) -> int | None:
    match = re.fullmatch(r"(?:.*T)?(\d{2}):\d{2}.*", str(time))
    return int(match[1]) if match else None


def _alike(said: str, title: str) -> float:
    if said == title:
        return 100.0
    if len(said) >= 3 and re.search(rf"(?<!\w){re.escape(said)}", title):
        return 95.0
    if title in said:
        return 94.0
    return max(fuzz.ratio(said, title), fuzz.token_set_ratio(said, title) - 4)


def _place(said: str, count: int) -> int | None:
    said = re.sub(r"\b(please|lutfen)\b", "", said).strip()
    for each in load_examples():
        if said in each.last:
            return count - 1
        for place, ways in enumerate(each.ordinals[:count]):
            if said in ways:
                return place
    return None
