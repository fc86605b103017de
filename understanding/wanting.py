"""What a message wants: one intent, several, one and a question beside it, or a question for the knowledge."""

import re
from collections.abc import Sequence
from typing import Final

from config.leaning import leaning_words
from config.project import Slot
from dialogue.commands import Chat, Clarify, Command, Fill, Question, Start
from understanding.assent import asks
from understanding.material import ASKS_RATHER_THAN_WANTS, DOUBTFUL, Heard, Material, Reading, fills
from understanding.noise import is_empty_question
from understanding.splitting import parts_of, words_in
from understanding.vocabulary import telling, terms_of

ASKS: Final = 0.6
NEVER_ASKS: Final = 0.15
HARDLY_WANTED: Final = 0.5
"""A question is answered rather than taken for a wish that is less probable than this."""
SURELY_WANTED: Final = 0.97
"""From this probability on a wish in the form of a question is done, unless the form is surer still."""
PLAUSIBLE: Final = 0.05
"""Intents less probable than this are not offered in a clarification."""
KNOWN_QUESTION: Final = 0.4
"""How probable one of the knowledge's own questions must be to be answered, whatever the form of the message."""
NEARLY: Final = 0.12
"""How probable an intent must be to be offered although it was rejected: better asked than not understood."""
_BESIDE_THE_BEST: Final = 0.125
"""How probable an intent must be to be offered beside the most probable one, as a part of its probability."""
OFFERED: Final = 3
OTHER_INTENT_OVER_FREE_TEXT: Final = 0.93
"""What another wish needs where any words would be an answer."""
CLEARLY: Final = 0.95
"""How probable an intent must be to begin it where the message only names a matter."""
_TELLING_VALUES: Final = 2
_FAR_AHEAD: Final = 4
_QUESTION_WORDS: Final = 3
"""Words of a question that no sign sets apart from the wish before it."""
_LEANING_WORDS: Final = 5
"""Words up to which a question may lean on the one before."""
_VAGUE_WORDS: Final = 6
"""Words up to which a message may be about one of the business's matters without saying what of it."""


def beside(m: Material) -> Reading | None:
    """A question in the middle of a flow, that no intent is meant by."""
    if m.active is None and m.asked is None:
        return None
    asking = max(m.whole.acts.question, m.whole.intents.known_question)
    if not m.project.knowledge.enabled or asking < ASKS or wants_other(m) or is_empty_question(m.text):
        return None
    if m.whole.intents.verdict == "sure" and m.whole.intents.best == m.active and not rather_asks(m, m.whole):
        return None
    return Reading((Question(command="question", text=m.question),), asking * 0.9)


def leans(m: Material) -> Reading | None:
    """A few words that only make sense after an answer: "and a cleaning?" after what a filling costs."""
    if not m.situation.answered or m.active is not None or m.whole.intents.certainty >= CLEARLY:
        return None
    if m.whole.acts.exact is not None or leaning_words().search(m.text) is None:
        return None
    if words_in(m.text) > (_LEANING_WORDS if asks(m) else _QUESTION_WORDS):
        return None
    return Reading((Question(command="question", text=m.question),), 0.7)


def wanted(m: Material) -> Reading | None:
    """One wish, or several in a message that can be cut, and what is asked beside them."""
    wish = m.whole.intents
    about = m.vocabulary.vague(_matter(m)) if m.active is None and wish.certainty < CLEARLY else frozenset()
    needed = _TELLING_VALUES + bool(about)
    if m.active is None and wish.verdict != "sure" and wish.best and _values_tell(m, wish.best, needed):
        return Reading((start(wish.best), *values_of(m, m.whole, wish.best)), 0.7)
    if about:
        return Reading((_clarify(m, _ranked(m, about)),), 0.5)
    parted = _parted(m)
    if parted is not None:
        return parted
    if wish.verdict != "sure" or wish.best is None or rather_asks(m, m.whole):
        return None
    values = values_of(m, m.whole, wish.best)
    begun = [] if wish.best == m.active and values else [start(wish.best)]
    return Reading((*begun, *values), wish.certainty)


def _matter(m: Material) -> str:
    """The message without the values it gives and what they are called: "about my account, customer K12345"."""
    best, text = m.whole.intents.best, m.text
    found = m.values(text, best) if best is not None else []
    for each in found:
        spec = m.project.slots_of(best or "")[each.slot]
        for words in (each.quote, each.slot.replace("_", " "), *_titles(spec)):
            text = re.sub(re.escape(words), " ", text, flags=re.IGNORECASE)
    return text


def _parted(m: Material) -> Reading | None:
    """Wishes of different parts, each of them sure by itself; or one, and a question."""
    sure = [part for part in m.parts if part.intents.verdict == "sure" and not rather_asks(m, part)]
    sure = [part for part in sure if not _only_a_value(m, part)]
    wishes = [name for name in dict.fromkeys(part.intents.best for part in sure) if name is not None]
    asked = _asked_beside(m, sure)
    if not wishes or (len(wishes) == 1 and not asked):
        return None
    if len(wishes) > 1 and not parts_of(m.text) and len(_stood_for(m, sure, wishes)) < 2:
        return None
    if (m.loose or len(wishes) > 1) and m.whole.intents.best not in wishes:
        return None
    if m.loose and len(wishes) == 1 and not _falls_apart(m, sure[0], asked[0]):
        return None
    commands: list[Command] = []
    for name in wishes:
        heard = next(part for part in sure if part.intents.best == name) if len(wishes) > 1 else m.whole
        commands += [start(name), *values_of(m, heard, name)]
    questions = [Question(command="question", text=part.text) for part in asked[:1]]
    return Reading((*commands, *questions), min(part.intents.certainty for part in sure))


def _stood_for(m: Material, sure: Sequence[Heard], wishes: Sequence[str]) -> list[str]:
    """Of wishes that nothing joins, those the whole message reminds of or that are clear by themselves.

    The others only tell why or how: "I need an engineer, the router is dead".
    """
    clear = {part.intents.best for part in sure if part.intents.certainty >= CLEARLY}
    return [name for name in wishes if name in clear or _score(m.whole, name) >= PLAUSIBLE]


def _score(heard: Heard, intent: str) -> float:
    return next((each["score"] for each in heard.intents.ranking if each["intent"] == intent), 0.0)


def _only_a_value(m: Material, part: Heard) -> bool:
    """Whether a part gives what the whole is about, and wants nothing: "order 10042" beside "I want to return it"."""
    intent = m.whole.intents.best
    found = m.values(part.text, intent) if intent is not None else ()
    if intent is None or not found:
        return False
    slots = m.project.slots_of(intent)
    titles = " ".join(" ".join((each.slot.replace("_", " "), *_titles(slots[each.slot]))) for each in found)
    rest = part.text
    for each in found:
        rest = rest.replace(each.quote, " ")
    return set(telling(rest)) <= {term.stem for term in terms_of(titles)}


def _titles(slot: Slot) -> list[str]:
    return [slot.title] if isinstance(slot.title, str) else list((slot.title or {}).values())


def _falls_apart(m: Material, wish: Heard, question: Heard) -> bool:
    """Whether what is asked behind a wish is another matter: as a whole the message is less like the wish.

    Where the whole is like nothing, the parts must be all the surer, and joined by a word that joins.
    """
    whole = m.whole.intents
    if whole.verdict == "reject":
        return (
            bool(parts_of(m.text))
            and wish.intents.certainty >= CLEARLY
            and question.acts.question >= ASKS_RATHER_THAN_WANTS
        )
    return whole.certainty < wish.intents.certainty


def _asked_beside(m: Material, sure: Sequence[Heard]) -> list[Heard]:
    """Parts that ask something which is no wish."""
    if not m.project.knowledge.enabled:
        return []
    asks = [part for part in m.parts if part.acts.question >= ASKS and all(part is not wish for wish in sure)]
    return [part for part in asks if not m.loose or words_in(part.text) >= _QUESTION_WORDS]


def rather_asks(m: Material, heard: Heard) -> bool:
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
    wanted_less = heard.intents.certainty < max(asks, SURELY_WANTED)
    return asks >= ASKS_RATHER_THAN_WANTS and m.asking.get(best, 0.0) < NEVER_ASKS and wanted_less


def wants_other(m: Material) -> bool:
    """Whether the message surely wants something else than the open flow."""
    return m.whole.intents.verdict == "sure" and m.whole.intents.best != m.active and not rather_asks(m, m.whole)


def other_wishes(m: Material) -> list[Heard]:
    """Parts of the message that as good as certainly want something else, one for each intent."""
    sure = [part for part in m.parts if part.intents.verdict == "sure" and part.intents.best != m.active]
    certain = [part for part in sure if part.intents.certainty >= OTHER_INTENT_OVER_FREE_TEXT]
    return list({part.intents.best: part for part in reversed(certain)}.values())[::-1]


def unsure(m: Material) -> Reading | None:
    """Ask which, ask the knowledge, or give up."""
    wish = m.whole.intents
    asking = m.whole.acts.question >= ASKS
    knows = m.project.knowledge.enabled
    known = wish.known_question if knows else 0.0
    if known >= KNOWN_QUESTION and known > wish.certainty:
        return Reading((Question(command="question", text=m.question),), max(0.6, known))
    if knows and asking and is_empty_question(m.text):
        return None
    if knows and asking:
        return Reading((Question(command="question", text=m.question),), 0.7 if wish.verdict == "reject" else 0.5)
    if m.whole.acts.exact in ("affirm", "deny") and m.situation.open is None:
        # Nothing was asked: an "ok" or a "no" that answers nothing is only polite.
        return Reading((Chat(command="chat", topic="smalltalk"),), 0.7)
    likely = _likely(m) if m.active is None else []
    if likely:
        return Reading((_clarify(m, likely),), 0.5)
    if knows and m.active is None and m.asked is None and words_in(m.text) >= 2:
        return Reading((Question(command="question", text=m.question),), 0.5)
    return None


def _values_tell(m: Material, intent: str, needed: int) -> bool:
    """Whether the values of a message say what its words leave open: several, that no other intent has a slot for.

    A message full of values is unlike the examples. Each value is taken for as much evidence as halves what is
    missing: two need an intent that is likely by a quarter, four one by a sixteenth, far ahead of the next.
    """
    ranking = m.whole.intents.ranking
    if not ranking or ranking[0]["intent"] != intent or m.whole.acts.question >= ASKS:
        return False
    found = [each for each in m.values(m.text, intent) if each.score > DOUBTFUL]
    others = [set(m.project.slots_of(name)) for name in m.project.intents if name != intent]
    telling = {each.slot for each in found if not any(each.slot in slots for slots in others)}
    best, second = ranking[0]["score"], ranking[1]["score"] if len(ranking) > 1 else 0.0
    return len(telling) >= needed and best * 2 ** len(telling) >= 1 and best >= _FAR_AHEAD * second


def _likely(m: Material) -> list[str]:
    """The intents to choose from: the most probable ones, or those whose words a vague opening has."""
    wish = m.whole.intents
    if wish.verdict != "reject" or wish.certainty >= NEARLY:
        least = max(PLAUSIBLE, wish.ranking[0]["score"] * _BESIDE_THE_BEST)
        return [ranked["intent"] for ranked in wish.ranking[:OFFERED] if ranked["score"] >= least]
    if words_in(m.text) > _VAGUE_WORDS:
        return []
    return _ranked(m, m.vocabulary.fitting(m.text))


def _ranked(m: Material, fitting: frozenset[str]) -> list[str]:
    """Intents by how probable they are: those that fit, and those that are plausible anyway."""
    ranking = m.whole.intents.ranking
    return [each["intent"] for each in ranking if each["intent"] in fitting or each["score"] >= PLAUSIBLE][:OFFERED]


def _clarify(m: Material, intents: list[str]) -> Clarify:
    """The question which is meant, with the values the message has for each."""
    held: list[Start | Fill] = []
    for name in intents:
        values = [each for each in m.values(m.text, name) if each.score > DOUBTFUL]
        if values:
            held += [start(name), *fills(values)]
    question = Clarify(command="clarify", intents=intents)
    if held:
        question["held"] = held
    return question


def start(intent: str) -> Start:
    """The command that begins an intent."""
    return Start(command="start", intent=intent)


def values_of(m: Material, heard: Heard, intent: str) -> list[Fill]:
    """The values for an intent that a stretch of the message has."""
    return fills(m.values(heard.text, intent))
