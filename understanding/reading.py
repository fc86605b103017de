"""One message into commands: the steps of the embedded engine, in the order in which they are tried.

A step looks at the material and either reads the whole message or leaves it to the next. What was asked for is tried
before anything new, an act of the dialogue before a new wish only where no value was given, and what nobody can read
is said so.
"""

from collections.abc import Callable, Sequence
from typing import Final

from dialogue.commands import Act as ActCommand
from dialogue.commands import Chat, Command, Fill, Question, Skip, Unclear, Undo, Why
from understanding.acts import Act
from understanding.assent import asks, is_certain_yes, is_marked_question, is_plain_yes
from understanding.changing import amends, corrects, for_waiting, put_back
from understanding.choosing import choose, part_of_day
from understanding.extraction import FoundValue
from understanding.giving_up import cancelled_for
from understanding.material import (
    ACT,
    ASKS_RATHER_THAN_WANTS,
    DOUBTFUL,
    SURE_VALUE,
    Material,
    Reading,
    fills,
    rest_of,
)
from understanding.naming import named_slot
from understanding.noise import is_noise
from understanding.replying import asks_why, leaves, wants_back
from understanding.rewriting import rewrites
from understanding.splitting import words_in
from understanding.wanting import (
    ASKS,
    KNOWN_QUESTION,
    OTHER_INTENT_OVER_FREE_TEXT,
    beside,
    leans,
    other_wishes,
    start,
    unsure,
    values_of,
    wanted,
    wants_other,
)
from understanding.wording import cannot_say, has_amending_word, may_part, says_meant

INSULT: Final = 0.75
"""What an insult needs that is in no list: whoever is called rude without being so does not come back."""
OVER_FREE_TEXT: Final = 0.8
"""What an act needs where any words would be an answer."""
_SURELY_NO: Final = 0.95
_SHORT_QUESTION: Final = 4
"""Words up to which what asks in its form is no text that was asked for."""
_FEW_WORDS: Final = 6
_MORE_WORDS: Final = 12
_MEANT: Final = 0.8
_WORDS_OF_A_QUESTION: Final = 4
"""Words beside a value that is not sure from which a question is about something else."""
_WORDS_BESIDE: Final = 2
"""Words beside a value that choose nothing else."""

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
        return Reading((start(offered[place]), *values_of(m, m.whole, offered[place])), 0.95)
    best = m.whole.intents.best
    if best in offered and m.whole.intents.verdict != "reject" and _best_act(m, ACT) is None:
        return Reading((start(best), *values_of(m, m.whole, best)), 0.85)
    return _chosen_by_values(m, offered)


def _chosen_by_values(m: Material, offered: Sequence[str]) -> Reading | None:
    """One of the offered intents goes on with a value that only it can take: an address after "do you mean …?"."""
    given = {name: [v for v in m.values(m.text, name) if v.score >= SURE_VALUE] for name in offered}
    taking = [name for name, values in given.items() if values and rest_of(m.text, values) <= _WORDS_BESIDE]
    if len(taking) != 1 or any(
        m.project.slots_of(taking[0])[v.slot].type in ("text", "name") for v in given[taking[0]]
    ):
        return None
    return Reading((start(taking[0]), *fills(given[taking[0]])), 0.75)


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
    if wants_other(m) and rest_of(m.text, given) > 2:
        return None
    if _only_asks(m, given):
        return None
    asked = [Question(command="question", text=part) for part in _questions_beside(m, found)]
    certainty = min(0.97, sum(each.score for each in found) / len(found))
    return Reading((*_assent_before(m), *fills(found), *asked), certainty)


def _only_asks(m: Material, given: Sequence[FoundValue]) -> bool:
    """Whether a question holds by chance what could be a value: "who won in 1954?" gives no account number."""
    if m.whole.acts.question < ASKS:
        return False
    score, rest = max(each.score for each in given), rest_of(m.text, given)
    if score <= DOUBTFUL:
        return rest > _WORDS_BESIDE
    return score < SURE_VALUE and rest > _WORDS_OF_A_QUESTION and is_marked_question(m.text)


def _better_elsewhere(m: Material, given: Sequence[FoundValue]) -> bool:
    """Whether a doubtful value of what was asked is rather a correction of something else: `sorry, 600`."""
    if m.active is None or max(each.score for each in given) > DOUBTFUL:
        return False
    slots = m.project.slots_of(m.active)
    named = named_slot(m.text, slots, filled=m.situation.filled)
    others = [each.slot for each in m.values(m.text, m.active) if each.slot not in m.requested]
    corrected = m.apology or _chance(m, "correction") >= ACT or has_amending_word(m.text)
    return bool(others) and (corrected or (named is not None and named[0] in others))


def _says_no_value(m: Material) -> bool:
    """Whether words that could all be a free text's value are rather an act, a question or another wish."""
    if _best_act(m, OVER_FREE_TEXT) is not None:
        return True
    wish = m.whole.intents
    if (wants_other(m) and wish.certainty >= OTHER_INTENT_OVER_FREE_TEXT) or len(other_wishes(m)) > 1:
        return True
    short = words_in(m.text) <= _SHORT_QUESTION and asks(m)  # 开票要多久 is no address
    asked = short or is_marked_question(m.text) or wish.known_question >= KNOWN_QUESTION
    return asked and m.whole.acts.question >= ASKS_RATHER_THAN_WANTS


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


def _unable(m: Material) -> Reading | None:
    """Whoever does not know what was asked for skips it: "I don't know my number", 编号我忘了."""
    if not m.requested or not cannot_say(m.text) or words_in(m.text) > _MORE_WORDS or is_marked_question(m.text):
        return None
    act, chance = m.best_act()
    if act in ("cancel", "restart", "person", "repeat", "why") and chance >= ACT:
        return None  # vergessen Sie es
    if wants_other(m) and m.whole.intents.certainty >= OTHER_INTENT_OVER_FREE_TEXT:
        return None
    return Reading(tuple(Skip(command="skip", slot=name) for name in m.requested), 0.8)


def _taken_back(m: Material) -> Reading | None:
    """A correction when all is done: there is nothing to change but to say so."""
    if m.active is not None or m.asked != "anything_else" or words_in(m.text) > _MORE_WORDS:
        return None
    if says_meant(m.text):
        return Reading((Undo(command="undo"),), _MEANT)
    if words_in(m.text) > _FEW_WORDS:
        return None
    chance = _chance(m, "correction")
    return Reading((Undo(command="undo"),), chance) if chance >= ACT else None


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
    if m.whole.acts.exact is None and wish.verdict == "sure" and wish.certainty > chance and not _ends(m, act):
        return None
    commands = _act_commands(m, act)
    return Reading(commands, chance) if commands else None


def _ends(m: Material, act: Act) -> bool:
    """Whether a word that ends something is said of what is open: "cancel the payment" beside a card to cancel."""
    return act == "cancel" and m.active is not None and m.active in m.vocabulary.fitting(m.text)


def _is_idle_word(m: Material, act: Act, chance: float) -> bool:
    """Whether the act is one that must be surer than others and is not: a yes that does something, an insult."""
    if act == "affirm" and m.asked != "anything_else":
        return not is_certain_yes(m, chance)
    if act == "deny" and m.asked == "confirm" and m.whole.acts.exact is None:
        # "is that wrong?" refuses nothing
        return is_marked_question(m.text) or (chance < _SURELY_NO and _asks_surely(m))
    if act == "undo" and m.active is None and m.whole.acts.exact is None and m.whole.acts.question >= ASKS:
        return True  # "can it be paid back?" takes nothing back
    return act == "insult" and m.whole.acts.exact != "insult" and chance < INSULT


def _asks_surely(m: Material) -> bool:
    return m.whole.acts.question >= ASKS_RATHER_THAN_WANTS and asks(m)


def _act_commands(m: Material, act: Act) -> tuple[Command, ...]:
    match act:
        case "affirm" | "deny":
            return (ActCommand(command=act), *_active_values(m))
        case "cancel" | "undo" | "restart" | "repeat" | "person":
            return (Undo(command="undo") if act == "undo" else ActCommand(command=act),)
        case "why":
            return (Why(command="why", slot=m.requested[0] if m.requested else None),)
        case "unsure":
            return (Unclear(command="unclear", reason="no_match"),)
        case "skip" if m.asked == "confirm":
            return (Unclear(command="unclear", reason="no_match"),)
        case "skip":
            return tuple(Skip(command="skip", slot=name) for name in m.requested)
        case "correction":
            return _corrected(m)
        case _:
            parts = act == "greeting" and m.active is None and _is_served(m) and may_part(m.text)
            return (Chat(command="chat", topic="goodbye" if parts else act),)


def _is_served(m: Material) -> bool:
    """Whether something was answered or done for the customer already."""
    return m.asked == "anything_else" or sum(role == "user" for role, _ in m.situation.history) > 1


def _corrected(m: Material) -> tuple[Command, ...]:
    """The new values; without any, the slot that is named is asked again, else the last change is taken back."""
    new = _active_values(m)
    if new or m.active is None:
        return tuple(new)
    named = named_slot(m.text, m.project.slots_of(m.active), filled=m.situation.filled)
    if named is not None:
        slot, quote = named
        return (Fill(command="fill", slot=slot, value=None, quote=quote),)
    return (Undo(command="undo"),) if m.situation.filled else ()


def _active_values(m: Material) -> list[Fill]:
    if m.active is None:
        return []
    return fills([each for each in m.values(m.text, m.active) if not m.is_free(each.slot) or each.score >= 0.8])


def _given(m: Material) -> Reading | None:
    """Values for the open flow that were not asked for."""
    values = _active_values(m)
    # A yes to what is to be done, with another value, is no yes to it.
    given: list[Command] = [*(_assent_before(m) if m.asked != "confirm" else ()), *values]
    return Reading(tuple(given), 0.8) if values else None


def _best_act(m: Material, needed: float) -> tuple[Act, float] | None:
    act, chance = m.best_act()
    return (act, chance) if act is not None and chance >= needed else None


def _chance(m: Material, act: Act) -> float:
    best, chance = m.best_act()
    return chance if best == act else 0.0


_STEPS: Final[tuple[Step, ...]] = (
    _unreadable,
    _chosen,
    _confirmed,
    _wants_person,
    for_waiting,
    cancelled_for,
    asks_why,
    leaves,
    rewrites,
    _answered,
    corrects,
    put_back,
    amends,
    _unable,
    _taken_back,
    wants_back,
    _noise,
    _acted,
    beside,
    leans,
    wanted,
    _given,
    unsure,
)
