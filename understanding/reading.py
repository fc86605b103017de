"""One message into commands: the steps of the embedded engine, in the order in which they are tried.

A step looks at the material and either reads the whole message or leaves it to the next. What was asked for is tried
before anything new, an act of the dialogue before a new wish only where no value was given, and what nobody can read
is said so.
"""

from collections.abc import Callable, Sequence
from typing import Final

from dialogue.commands import Act as ActCommand
from dialogue.commands import Chat, Clarify, Command, Fill, Question, Skip, Start, Unclear, Why
from understanding.acts import Act
from understanding.assent import is_certain_yes, is_plain_yes
from understanding.changing import corrects, for_waiting
from understanding.choosing import choose, part_of_day
from understanding.extraction import FoundValue
from understanding.material import (
    ACT,
    ASKS_RATHER_THAN_WANTS,
    DOUBTFUL,
    Heard,
    Material,
    Reading,
    fills,
    rest_of,
)
from understanding.naming import named_slot
from understanding.noise import is_empty_question, is_noise
from understanding.splitting import words_in

INSULT: Final = 0.75
"""What an insult needs that is in no list: whoever is called rude without being so does not come back."""
OVER_FREE_TEXT: Final = 0.8
"""What an act needs where any words would be an answer."""
OTHER_INTENT_OVER_FREE_TEXT: Final = 0.93
ASKS: Final = 0.6
NEVER_ASKS: Final = 0.15
HARDLY_WANTED: Final = 0.5
"""A question is answered rather than taken for a wish that is less probable than this."""
PLAUSIBLE: Final = 0.05
"""Intents less probable than this are not offered in a clarification."""
KNOWN_QUESTION: Final = 0.4
"""How probable one of the knowledge's own questions must be to be answered, whatever the form of the message."""
_FEW_WORDS: Final = 6
NEARLY: Final = 0.12
"""How probable an intent must be to be offered although it was rejected: better asked than not understood."""

Step = Callable[[Material], Reading | None]


def read(material: Material) -> Reading:
    """The commands of one message."""
    for step in _STEPS:
        reading = step(material)
        if reading is not None:
            return reading
    return Reading((Unclear(command="unclear", reason="no_match"),), 0.3)


def _unreadable(m: Material) -> Reading | None:
    if any(character.isalnum() for character in m.text) or m.whole.acts.exact is not None:
        return None
    if set(m.text) <= set("?？! "):
        return Reading((ActCommand(command="repeat"),), 0.7)
    return Reading((Unclear(command="unclear", reason="unreadable"),), 0.9)


def _noise(m: Material) -> Reading | None:
    """What says nothing: signs rather than words, a letter or two, one word again and again, "ok?" out of the blue."""
    if m.whole.acts.exact is not None or m.whole.intents.verdict == "sure" or not is_noise(m.text):
        return None
    return Reading((Unclear(command="unclear", reason="no_match"),), 0.6)


def _chosen(m: Material) -> Reading | None:
    """An answer to "which of these?": a title, a place, or simply the wish said again."""
    if m.situation.open is None:
        return None
    if m.asked == "ambiguous":
        return _chosen_reading(m)
    offered = [name for name in m.situation.open["intents"] if name in m.project.intents]
    if m.asked != "clarify" or not offered or m.whole.acts.exact is not None:
        return None
    place = choose(m.text, [_titles(m, name) for name in offered])
    if place is not None:
        return Reading((_start(offered[place]), *_values_of(m, m.whole, offered[place])), 0.95)
    best = m.whole.intents.best
    if best in offered and m.whole.intents.verdict != "reject" and _best_act(m, ACT) is None:
        return Reading((_start(best), *_values_of(m, m.whole, best)), 0.85)
    return None


def _chosen_reading(m: Material) -> Reading | None:
    """An answer to "which do you mean?" for one slot."""
    question = m.situation.open
    if question is None or not m.requested or len(question["candidates"]) < 2:
        return None
    place = choose(m.text, [[str(value)] for value in question["candidates"]])
    if place is None:
        place = part_of_day(m.text, m.situation.locale, question["candidates"])
    if place is None:
        return None
    fill = Fill(command="fill", slot=m.requested[0], value=question["candidates"][place], quote=m.text)
    return Reading((fill,), 0.95)


def _titles(m: Material, intent: str) -> list[str]:
    title = m.project.intents[intent].title
    said = [title] if isinstance(title, str) else list((title or {}).values())
    return [*said, intent.replace("_", " ")]


def _confirmed(m: Material) -> Reading | None:
    """A yes that nothing in the message takes back, where a yes does something."""
    if m.asked != "confirm" or not is_plain_yes(m):
        return None
    return Reading((ActCommand(command="affirm"),), 0.95)


def _wants_person(m: Material) -> Reading | None:
    chance = _chance(m, "person")
    wish = m.whole.intents
    if chance < ACT or (wish.verdict == "sure" and wish.certainty > chance):
        return None
    if m.active is not None and m.requested and _is_whole_value(m):
        return None
    return Reading((ActCommand(command="person"),), chance)


def _is_whole_value(m: Material) -> bool:
    """Whether all of the message is a value that was asked for, whatever else it may mean: `gerçek kişi`."""
    found = m.values(m.text, m.active or "", requested=m.requested)
    given = [each for each in found if each.slot in m.requested and not m.is_free(each.slot)]
    return any(each.score > DOUBTFUL for each in given) and rest_of(m.text, given) == 0


def _answered(m: Material) -> Reading | None:
    """A value of what was asked for, perhaps with others, a yes or no before it, or a question after it."""
    if m.active is None or not m.requested:
        return None
    found = m.values(m.text, m.active, requested=m.requested)
    given = [each for each in found if each.slot in m.requested]
    if not given or _better_elsewhere(m, given):
        return None
    if all(m.is_free(each.slot) for each in found):
        return None if _says_no_value(m) else Reading(tuple(fills(found)), 0.8)
    if _wants_other(m) and rest_of(m.text, given) > 2:
        return None
    if max(each.score for each in given) <= DOUBTFUL and m.whole.acts.question >= ASKS and rest_of(m.text, given) > 2:
        return None  # "who won in 1954?" gives no account number
    asked = [Question(command="question", text=part) for part in _questions_beside(m, found)]
    certainty = min(0.97, sum(each.score for each in found) / len(found))
    return Reading((*_assent_before(m), *fills(found), *asked), certainty)


def _better_elsewhere(m: Material, given: Sequence[FoundValue]) -> bool:
    """Whether a doubtful value of what was asked is rather a correction of something else: `sorry, 600`."""
    if m.active is None or max(each.score for each in given) > DOUBTFUL:
        return False
    slots = m.project.slots_of(m.active)
    named = named_slot(m.text, slots, filled=m.situation.filled)
    others = [each.slot for each in m.values(m.text, m.active) if each.slot not in m.requested]
    return bool(others) and (_chance(m, "correction") >= ACT or (named is not None and named[0] in others))


def _says_no_value(m: Material) -> bool:
    """Whether words that could all be a free text's value are rather an act, a question or another wish."""
    if _best_act(m, OVER_FREE_TEXT) is not None:
        return True
    wish = m.whole.intents
    if _wants_other(m) and wish.certainty >= OTHER_INTENT_OVER_FREE_TEXT:
        return True
    return m.whole.acts.question >= ASKS_RATHER_THAN_WANTS and m.text.rstrip().endswith(("?", "？"))


def _wants_other(m: Material) -> bool:
    return m.whole.intents.verdict == "sure" and m.whole.intents.best != m.active and not _rather_asks(m, m.whole)


def _questions_beside(m: Material, found: Sequence[FoundValue]) -> list[str]:
    """Parts of the message that ask something and hold none of the values."""
    quotes = [each.quote for each in found]
    free = [part for part in m.parts if not any(quote in part.text for quote in quotes)]
    return [part.text for part in free if part.acts.question >= ASKS and part.intents.verdict != "sure"][:1]


def _assent_before(m: Material) -> list[Command]:
    """The yes or no a message begins with."""
    if m.lead not in ("affirm", "deny") or m.situation.open is None or m.asked == "slots":
        return []
    return [ActCommand(command=m.lead)]


def _cancelled_for(m: Material) -> Reading | None:
    """Something else after a word that ends the flow: `forget that, what is my balance`."""
    if m.active is None or m.lead != "cancel":
        return None
    wishes = [each for each in (*m.parts, m.whole) if each.intents.verdict == "sure" and each.intents.best != m.active]
    if not wishes or wishes[0].intents.best is None:
        return None
    heard, best = wishes[0], wishes[0].intents.best
    commands = (ActCommand(command="cancel"), _start(best), *_values_of(m, heard, best))
    return Reading(commands, heard.intents.certainty)


def _taken_back(m: Material) -> Reading | None:
    """A correction when all is done: there is nothing to change but to say so."""
    if m.active is not None or m.asked != "anything_else" or words_in(m.text) > _FEW_WORDS:
        return None
    chance = _chance(m, "correction")
    return Reading((ActCommand(command="undo"),), chance) if chance >= ACT else None


def _acted(m: Material) -> Reading | None:
    """An act that makes sense now, unless another wish is more certain."""
    best = _best_act(m, ACT)
    if best is None:
        return None
    act, chance = best
    wish = m.whole.intents
    if act == "smalltalk" and m.asked == "confirm":
        return Reading((Unclear(command="unclear", reason="no_match"),), 0.5)
    if _is_idle_word(m, act, chance):
        return None
    if m.whole.acts.exact is None and wish.verdict == "sure" and wish.certainty > chance:
        return None
    commands = _act_commands(m, act)
    return Reading(commands, chance) if commands else None


def _is_idle_word(m: Material, act: Act, chance: float) -> bool:
    """Whether the act is one that must be surer than others and is not: a yes that does something, an insult."""
    if act == "affirm" and m.asked == "confirm":
        return not is_certain_yes(m, chance)
    return act == "insult" and m.whole.acts.exact != "insult" and chance < INSULT


def _act_commands(m: Material, act: Act) -> tuple[Command, ...]:
    match act:
        case "affirm" | "deny":
            return (ActCommand(command=act), *_active_values(m))
        case "cancel" | "undo" | "restart" | "repeat" | "person":
            return (ActCommand(command=act),)
        case "why":
            return (Why(command="why", slot=m.requested[0] if m.requested else None),)
        case "skip":
            return tuple(Skip(command="skip", slot=name) for name in m.requested)
        case "correction":
            return _corrected(m)
        case _:
            return (Chat(command="chat", topic=act),)


def _corrected(m: Material) -> tuple[Command, ...]:
    """The new values; without any, the slot that is named is asked again, else the last change is taken back."""
    new = _active_values(m)
    if new or m.active is None:
        return tuple(new)
    named = named_slot(m.text, m.project.slots_of(m.active), filled=m.situation.filled)
    if named is not None:
        slot, quote = named
        return (Fill(command="fill", slot=slot, value=None, quote=quote),)
    return (ActCommand(command="undo"),) if m.situation.filled else ()


def _active_values(m: Material) -> list[Command]:
    if m.active is None:
        return []
    return fills([each for each in m.values(m.text, m.active) if not m.is_free(each.slot) or each.score >= 0.8])


def _beside(m: Material) -> Reading | None:
    """A question in the middle of a flow, that no intent is meant by."""
    if m.active is None and m.asked is None:
        return None
    asks = max(m.whole.acts.question, m.whole.intents.known_question)
    if not m.project.knowledge.enabled or asks < ASKS or _wants_other(m) or is_empty_question(m.text):
        return None
    if m.whole.intents.verdict == "sure" and m.whole.intents.best == m.active and not _rather_asks(m, m.whole):
        return None
    return Reading((Question(command="question", text=m.text),), asks * 0.9)


def _wanted(m: Material) -> Reading | None:
    """One wish, or several in a message that can be cut."""
    several = _several(m)
    if several is not None:
        return several
    wish = m.whole.intents
    if wish.verdict != "sure" or wish.best is None or _rather_asks(m, m.whole):
        return None
    asked: list[Command] = [Question(command="question", text=part) for part in _questions_after(m)]
    return Reading((_start(wish.best), *_values_of(m, m.whole, wish.best), *asked), wish.certainty)


def _several(m: Material) -> Reading | None:
    """Wishes of different parts, each of them sure by itself."""
    sure = [part for part in m.parts if part.intents.verdict == "sure" and not _rather_asks(m, part)]
    wishes = list(dict.fromkeys(part.intents.best for part in sure))
    if len(wishes) < 2 or m.whole.intents.best not in wishes:
        return None
    commands: list[Command] = []
    for part in sure:
        if part.intents.best is not None:
            commands += [_start(part.intents.best), *_values_of(m, part, part.intents.best)]
    return Reading(tuple(commands), min(part.intents.certainty for part in sure))


def _questions_after(m: Material) -> list[str]:
    """Parts that ask something beside the wish."""
    if not m.project.knowledge.enabled:
        return []
    asks = [part for part in m.parts if part.acts.question >= ASKS and part.intents.verdict != "sure"]
    wants = [part for part in m.parts if part.intents.verdict == "sure" and not _rather_asks(m, part)]
    return [part.text for part in asks][:1] if wants else []


def _rather_asks(m: Material, heard: Heard) -> bool:
    """Whether a question is meant for the knowledge although its words are near an intent that is never asked so."""
    best, asks = heard.intents.best, heard.acts.question
    if best is None or not m.project.knowledge.enabled:
        return False
    if heard.intents.known_question > heard.intents.certainty:
        return True
    if asks < ASKS:
        return False
    if heard.intents.certainty < HARDLY_WANTED:
        return True
    return asks >= ASKS_RATHER_THAN_WANTS and m.asking.get(best, 0.0) < NEVER_ASKS and heard.intents.certainty < 0.97


def _given(m: Material) -> Reading | None:
    """Values for the open flow that were not asked for."""
    values = _active_values(m)
    return Reading((*_assent_before(m), *values), 0.8) if values else None


def _unsure(m: Material) -> Reading | None:
    """Ask which, ask the knowledge, or give up."""
    wish = m.whole.intents
    asks = m.whole.acts.question >= ASKS
    knows = m.project.knowledge.enabled
    known = wish.known_question if knows else 0.0
    if known >= KNOWN_QUESTION and known > wish.certainty:
        return Reading((Question(command="question", text=m.text),), max(0.6, known))
    if knows and asks and is_empty_question(m.text):
        return None
    if knows and asks:
        return Reading((Question(command="question", text=m.text),), 0.7 if wish.verdict == "reject" else 0.5)
    if m.whole.acts.exact in ("affirm", "deny") and m.situation.open is None:
        # Nothing was asked: an "ok" or a "no" that answers nothing is only polite.
        return Reading((Chat(command="chat", topic="smalltalk"),), 0.7)
    likely = [ranked["intent"] for ranked in wish.ranking[:3] if ranked["score"] >= PLAUSIBLE]
    in_doubt = wish.verdict != "reject" or wish.certainty >= NEARLY
    if in_doubt and likely and m.active is None:
        return Reading((Clarify(command="clarify", intents=likely),), 0.5)
    if knows and m.active is None and m.asked is None and words_in(m.text) >= 2:
        return Reading((Question(command="question", text=m.text),), 0.5)
    return None


def _best_act(m: Material, needed: float) -> tuple[Act, float] | None:
    act, chance = m.best_act()
    return (act, chance) if act is not None and chance >= needed else None


def _chance(m: Material, act: Act) -> float:
    best, chance = m.best_act()
    return chance if best == act else 0.0


def _start(intent: str) -> Start:
    return Start(command="start", intent=intent)


def _values_of(m: Material, heard: Heard, intent: str) -> list[Command]:
    return fills(m.values(heard.text, intent))


_STEPS: Final[tuple[Step, ...]] = (
    _unreadable,
    _chosen,
    _confirmed,
    _wants_person,
    for_waiting,
    _cancelled_for,
    _answered,
    corrects,
    _taken_back,
    _noise,
    _acted,
    _beside,
    _wanted,
    _given,
    _unsure,
)
