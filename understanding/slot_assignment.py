"""Which value is for which slot: cues, roles, order and what was asked decide; one piece of text fills one slot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pydantic import JsonValue

from config.project import Slot, SlotType
from understanding.grammar.language import Language
from understanding.grammar.reading import Reading
from understanding.slot_cues import Surroundings, alternative, replaced, role_of, slot_cues

THRESHOLD = 0.45
"""What is less sure than this is not worth telling the dialogue."""
REQUESTED = 0.3
MOMENT = 0.1
"""What a day with a time is surer of than the day alone."""
ROLE = 0.35
_FREE = ("text", "name")
_NEAR = 60
"""Characters between a value and what is put in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A value that one slot could take."""

    slot: str
    values: tuple[JsonValue, ...]
    start: int
    end: int
    score: float
    negated: bool = False
    rank: float = 0.0
    """The score with what the surroundings say for and against."""
    needs_cue: bool = False
    """Worth something only if a cue or the dialogue asks for it."""
    cued: bool = False
    claims: bool = False
    """Announced as this slot's: no other slot takes a piece of it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the dialogue waits for and already has."""

    requested: tuple[str, ...]
    filled: Mapping[str, JsonValue]


def assign(
    reading: Reading,
    slots: Mapping[str, Slot],
    languages: Sequence[Language],
    asked: Asked,
    candidates: Sequence[Candidate],
) -> list[Candidate]:
    """The candidates that hold: at most one value a slot, and those that the customer took back."""
    order = {name: index for index, name in enumerate(slots)}
    weighed = _weigh(reading, slots, languages, asked, candidates)
    weighed.sort(key=lambda each: (-round(each.rank, 2), order[each.slot], each.start))
    usable = [each for each in weighed if each.score >= THRESHOLD and (each.cued or not each.needs_cue)]
    claimed = [each for each in usable if each.claims]
    usable = [each for each in usable if each.claims or not any(_clash(each, other) for other in claimed)]
    return _resolve(reading, _chosen(_answers_first(reading, usable, asked)))


def _answers_first(reading: Reading, usable: Sequence[Candidate], asked: Asked) -> list[Candidate]:
    """The candidates without those that take half of what was asked for: "20 or 25", "把厦门换成昆明"."""
    answers = [each for each in usable if each.slot in asked.requested]
    kept = []
    for each in usable:
        spans = {(other.start, other.end) for other in answers if other.slot != each.slot}
        mine = (each.start, each.end)
        mine_alone = each.slot in asked.requested or each.cued or mine not in spans
        if mine_alone or not any(_one_answer(reading, *sorted((mine, span))) for span in spans - {mine}):
            kept.append(each)
    return kept


def _one_answer(reading: Reading, first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Whether two pieces are one answer: either of them, or one in the place of the other."""
    if first[1] > second[0]:
        return False
    return alternative(reading, first, second) or replaced(reading, first, second)


def _chosen(usable: Sequence[Candidate]) -> list[Candidate]:
    """Every slot's best first; what is left over is a second value of a slot that has one."""
    chosen: list[Candidate] = []
    later: list[Candidate] = []
    served: set[str] = set()
    for candidate in usable:
        if candidate.slot in served and not candidate.negated:
            later.append(candidate)
        elif not any(_clash(candidate, other) for other in chosen):
            chosen.append(candidate)
            if not candidate.negated:
                served.add(candidate.slot)
    for candidate in later:
        if not any(_clash(candidate, other) for other in chosen):
            chosen.append(candidate)
    return chosen


def _clash(candidate: Candidate, other: Candidate) -> bool:
    return candidate.start < other.end and other.start < candidate.end


# --- weighing ------------------------------------------------------------------------------------------------------


def _weigh(
    reading: Reading,
    slots: Mapping[str, Slot],
    languages: Sequence[Language],
    asked: Asked,
    candidates: Sequence[Candidate],
) -> list[Candidate]:
    around = {(each.start, each.end): Surroundings(reading, each.start, each.end) for each in candidates}
    rivals = {name: _rivals(name, slots) for name in slots}
    roles = {name: role_of(name, slot, languages) for name, slot in slots.items() if rivals[name]}
    weighed = []
    for each in candidates:
        span = (each.start, each.end)
        slot = slots[each.slot]
        strength = 0.0 if slot.type in _FREE else around[span].cue(slot_cues(each.slot, slot))
        rank = each.score + strength + (REQUESTED if each.slot in asked.requested else 0.0)
        rank += MOMENT if slot.type == "datetime" else 0.0
        if rivals[each.slot]:
            rank += _role_bonus(roles[each.slot], around[span], slot.type)
            if not strength and slot.cues:
                rank -= 0.1
            if each.slot in asked.filled and each.slot not in asked.requested:
                rank -= 0.15
        score = min(1.0, each.score + 0.2 * strength)
        negated = around[span].negated and slot.type not in ("text", "boolean", "name")
        weighed.append(replace(each, rank=rank, score=score, negated=negated, cued=each.cued or strength >= 0.45))
    return _corrected(reading, weighed)


def _corrected(reading: Reading, weighed: Sequence[Candidate]) -> list[Candidate]:
    """Plain numbers in the place of a value with a unit, or replaced by one: "6 bileti 5 yap", "3, no, 5 tickets"."""
    result = list(weighed)
    for index, each in enumerate(weighed):
        if not each.needs_cue or each.cued:
            continue
        for place, other in enumerate(weighed):
            if other.slot != each.slot or (other.needs_cue and not other.cued):
                continue
            first, second = sorted((index, place), key=lambda at: weighed[at].start)
            spans = [(weighed[at].start, weighed[at].end) for at in (first, second)]
            if 0 <= spans[1][0] - spans[0][1] <= _NEAR and replaced(reading, *spans):
                result[index] = replace(result[index], cued=True, rank=other.rank)
                result[first] = replace(result[first], negated=True)
                break
    return result


def _rivals(name: str, slots: Mapping[str, Slot]) -> list[str]:
    family = _family(slots[name].type)
    return [other for other, slot in slots.items() if other != name and _family(slot.type) == family]


def _family(kind: SlotType) -> str:
    return {"integer": "number", "datetime": "date", "location": "choice"}.get(kind, kind)


def _role_bonus(role: str | None, surroundings: Surroundings, kind: SlotType) -> float:
    if role is None or kind in ("count", "number", "integer"):
        return 0.0
    said = surroundings.role()
    if said is None:
        return 0.0
    return ROLE if said == role else -ROLE


# --- several values for one slot -----------------------------------------------------------------------------------


def _resolve(reading: Reading, chosen: list[Candidate]) -> list[Candidate]:
    resolved: list[Candidate] = []
    for name in dict.fromkeys(each.slot for each in chosen):
        values = sorted((each for each in chosen if each.slot == name), key=lambda each: each.start)
        resolved.extend(_one_slot(reading, values))
    return resolved


def _one_slot(reading: Reading, values: list[Candidate]) -> list[Candidate]:
    values = _take_back(reading, values)
    negated = [each for each in values if each.negated]
    kept = [each for each in values if not each.negated]
    if len(kept) <= 1:
        return [*kept, *negated]
    best = max(each.rank for each in kept)
    top = next(each for each in kept if each.rank == best)
    equal = [each for each in kept if each.rank >= best - 0.1 or _either_or(reading, each, top)]
    if len({repr(each.values) for each in equal}) == 1:
        return [equal[0], *negated]
    if len(equal) == 1:
        return [equal[0], *negated]
    return [_either(reading, equal), *negated]


def _either_or(reading: Reading, one: Candidate, other: Candidate) -> bool:
    first, second = sorted((one, other), key=lambda each: each.start)
    return alternative(reading, (first.start, first.end), (second.start, second.end))


def _take_back(reading: Reading, values: list[Candidate]) -> list[Candidate]:
    result = list(values)
    for index in range(len(result) - 1):
        first, second = result[index], result[index + 1]
        open_values = not first.negated and not second.negated and first.values != second.values
        if open_values and replaced(reading, (first.start, first.end), (second.start, second.end)):
            result[index] = replace(first, negated=True)
    return result


def _either(reading: Reading, equal: list[Candidate]) -> Candidate:
    first = equal[0]
    readings = tuple({repr(value): value for each in equal for value in each.values}.values())
    together = all(alternative(reading, (a.start, a.end), (b.start, b.end)) for a, b in pairwise(equal))
    end = equal[-1].end if together else first.end
    return replace(first, values=readings, end=end, score=min(each.score for each in equal) * 0.9)
