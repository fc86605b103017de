"""Values for what is not being asked: corrections of what is to be confirmed, and of flows that wait below."""

from collections.abc import Sequence
from typing import Final

from dialogue.commands import Command, Fill, Undo
from understanding.assent import asks
from understanding.extraction import FoundValue
from understanding.material import ACT, ASKS_RATHER_THAN_WANTS, DOUBTFUL, SURE_VALUE, Material, Reading, fills, rest_of
from understanding.naming import named_slot
from understanding.splitting import words_in
from understanding.wording import has_amending_word, says_as_before

_LITTLE_MORE: Final = 3
"""Words beside another value that still say nothing but that it is meant."""
_FEW_WORDS: Final = 8
"""Words beyond which naming a value and a change may be about anything."""


def corrects(m: Material) -> Reading | None:
    """A change of what the open flow knows already, before any other wish.

    At a confirmation: a new value after a no, or named by its slot. Anywhere in the flow: a value that was given and is
    now denied, with or without another in its place.
    """
    if m.active is None:
        return None
    found = m.found(m.text, m.active)
    denied = [each for each in found if each.negated and m.situation.filled.get(each.slot) == each.value]
    replaced = {each.slot for each in denied}
    new = [each for each in found if _is_new(m, each, needed=0.0 if each.slot in replaced else DOUBTFUL)]
    if m.asked == "confirm":
        bare = _bare_value(m) if all(each.score < SURE_VALUE for each in found) else []
        if bare or (new and _says_so(m, new, denied)):
            return Reading(tuple(fills(bare or new)), 0.85)
    if any(each.slot in replaced for each in new):
        return Reading(tuple(fills(new)), 0.85)
    lost = [each for each in denied if all(other.slot != each.slot for other in new)]
    if not lost:
        return None
    taken: list[Command] = [Fill(command="fill", slot=each.slot, value=None, quote=each.quote) for each in lost]
    return Reading((*taken, *fills(new)), 0.8)


def put_back(m: Material) -> Reading | None:
    """What was changed last is to be as before: "put it back to what it was", önceki saate dön, 改回原来的."""
    if m.active is None or not m.situation.filled or words_in(m.text) > _FEW_WORDS or not says_as_before(m.text):
        return None
    if any(each.score > DOUBTFUL and not m.is_free(each.slot) for each in m.values(m.text, m.active)):
        return None
    named = named_slot(m.text, m.project.slots_of(m.active), filled=m.situation.filled)
    undo = Undo(command="undo")
    if named is not None and named[0] in m.situation.filled:
        undo["slot"] = named[0]
    return Reading((undo,), 0.8)


def amends(m: Material) -> Reading | None:
    """A value that is named, and said to be another one, without saying which: it is asked for again."""
    if m.active is None or m.lead in ("affirm", "deny") or asks(m) or not has_amending_word(m.text):
        return None
    named = named_slot(m.text, m.project.slots_of(m.active), filled=m.situation.filled)
    if named is None or named[0] not in m.situation.filled or words_in(m.text) > _FEW_WORDS:
        return None
    if any(not each.negated and not m.is_free(each.slot) for each in m.found(m.text, m.active)):
        return None
    return Reading((Fill(command="fill", slot=named[0], value=None, quote=named[1]),), 0.8)


def _bare_value(m: Material) -> list[FoundValue]:
    """What only a slot that is asked for would take, as a new value of the slot given last: "no, make it 4"."""
    if m.active is None or words_in(m.text) > _LITTLE_MORE + 1 or asks(m):
        return []
    if "deny" not in (m.lead, m.first) and not has_amending_word(m.text):
        return []
    slots = m.project.slots_of(m.active)
    for name in m.situation.filled:
        if name not in slots or m.is_free(name):
            continue
        new = [each for each in m.values(m.text, m.active, requested=[name]) if each.slot == name]
        if new and all(_is_new(m, each, needed=DOUBTFUL) for each in new):
            return new[:1]
    return []


def _is_new(m: Material, each: FoundValue, *, needed: float) -> bool:
    known = m.situation.filled.get(each.slot)
    return not each.negated and not m.is_free(each.slot) and each.score > needed and known != each.value


def _says_so(m: Material, new: Sequence[FoundValue], denied: Sequence[FoundValue]) -> bool:
    if m.whole.acts.question >= ASKS_RATHER_THAN_WANTS or m.active is None:
        return False
    slots = {each.slot for each in new}
    named = named_slot(m.text, m.project.slots_of(m.active), filled=m.situation.filled)
    if m.apology or m.lead in ("affirm", "deny", "correction") or (named is not None and named[0] in slots):
        return True
    wish = m.whole.intents
    other = wish.verdict == "sure" and wish.best != m.active
    if not other and rest_of(m.text, new) <= _LITTLE_MORE and all(each.score >= SURE_VALUE for each in new):
        return True  # little more than another value: "cleaning then", 还是洗牙吧
    act, chance = m.best_act()
    return any(each.slot in slots for each in denied) or (act == "correction" and chance >= ACT)


def for_waiting(m: Material) -> Reading | None:
    """A value for a flow that waits below, where the message names its slot or corrects what only it has."""
    if m.active is None or m.asked == "confirm":
        return None
    own = m.project.slots_of(m.active)
    if any(each.score > DOUBTFUL and not m.is_free(each.slot) for each in m.found(m.text, m.active)):
        return None
    act, chance = m.best_act()
    corrected = act == "correction" and chance >= ACT
    for intent in (name for name in m.situation.waiting if name in m.project.intents):
        slots = {name: slot for name, slot in m.project.slots_of(intent).items() if name not in own}
        named = named_slot(m.text, slots, filled={})
        values = [v for v in m.values(m.text, intent) if v.slot in slots and slots[v.slot].type not in ("text", "name")]
        meant = [v for v in values if named is not None and v.slot == named[0] and v.score > DOUBTFUL]
        meant = meant or [v for v in values if corrected and v.score >= SURE_VALUE]
        if meant:
            return Reading(tuple(fills(meant)), 0.8)
    return None
