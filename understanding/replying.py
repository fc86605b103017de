"""What customers say to what the bot asked or did: why do you need it, that was all, can I have it back."""

import re
from functools import cache
from typing import Final

from dialogue.commands import Chat, Undo, Why
from understanding.act_examples import folded, load_examples
from understanding.assent import is_marked_question
from understanding.material import Material, Reading
from understanding.naming import named_slot
from understanding.splitting import words_in
from understanding.wanting import ASKS, KNOWN_QUESTION, wants_other
from understanding.wording import is_goodbye, phrases, says_as_before

_MOST_WORDS: Final = 12
_LITTLE: Final = 4
"""Words up to which "why is it needed" can only be about what was asked."""


def asks_why(m: Material) -> Reading | None:
    """A question why what was asked for is wanted: neden müşteri numaramı istiyorsunuz, 为什么要我的手机号."""
    if not m.requested or words_in(m.text) > _MOST_WORDS or not _words("why_words").search(folded(m.text)):
        return None
    if m.whole.intents.known_question >= KNOWN_QUESTION:
        return None  # the business's own answer is better
    if any(m.is_free(name) for name in m.requested) and m.whole.acts.question < ASKS:
        return None
    named = named_slot(m.text, {name: m.project.slots_of(m.active or "")[name] for name in m.requested}, filled={})
    needed = _words("needed").search(folded(m.text)) is not None
    if not _words("wanted_of_me").search(folded(m.text)) and not (needed and (named or words_in(m.text) <= _LITTLE)):
        return None
    return Reading((Why(command="why", slot=named[0] if named else m.requested[0]),), 0.85)


def leaves(m: Material) -> Reading | None:
    """A goodbye behind a no, thanks or "that's all": nothing is refused by it. At a confirmation the no counts."""
    if m.asked == "confirm" or m.whole.acts.exact is not None or not is_goodbye(m.text):
        return None
    return Reading((Chat(command="chat", topic="goodbye"),), 0.9)


def wants_back(m: Material) -> Reading | None:
    """Whoever asks, after something was done, whether it can be had back, wants it taken back."""
    if m.active is not None or not m.situation.changed or words_in(m.text) > _MOST_WORDS:
        return None
    if m.asked not in (None, "anything_else"):
        return None
    said = _words("had_back").search(folded(m.text)) is not None or says_as_before(m.text)
    # "Return it" right after a return: a denial of what is done, if anything is denied.
    again = m.whole.intents.best == m.situation.done is not None and not is_marked_question(m.text)
    denied = again and _words("not_after_all").search(folded(m.text)) is not None
    back = denied or (said and not wants_other(m))
    if not back:
        return None
    return Reading((Undo(command="undo"),), 0.8)


@cache
def _words(name: str) -> re.Pattern[str]:
    return phrases([word for each in load_examples() for word in getattr(each, name)])
