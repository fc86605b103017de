"""What counts as a yes where a yes does something: plain ones, and those that nothing in the message takes back.

A yes that is taken for one by mistake moves money; one that is not understood is asked for again. So a message is a
yes when it begins with one and nothing after it contradicts, or when it is as good as certain.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from understanding.act_examples import folded, load_examples
from understanding.composed import says_only
from understanding.folding import fold
from understanding.material import Material
from understanding.splitting import words_in
from understanding.vocabulary import terms_of
from understanding.wording import contrasts, leading, question_words, without_yes

CERTAIN: Final = 0.75
"""What a yes needs that is known by its meaning only."""
ANNOUNCED: Final = 0.85
"""How sure words that could be anything must be of their slot: "yes, and add the note: rent"."""
_LONGEST: Final = 8
"""Words after a leading yes beyond which it may be about anything."""
_ENDS_IN_QUESTION = re.compile(r"[?？؟]\s*$")
_TRAILS_OFF = re.compile(r"(?:\.{2,}|…|。{2,})\s*$")
_SHARED: Final = 4
"""Letters two words share from their beginning when one is a form of the other."""


def is_plain_yes(m: Material) -> bool:
    """Whether the message begins with a clear yes and goes on with nothing that takes it back."""
    if is_marked_question(m.text) or _TRAILS_OFF.search(m.text):
        return False
    if says_only(m.text, "affirm", "thanks"):
        return True
    begun = _after_yes(folded(m.text), _locales(m))
    if begun is None or asks(m):
        return False
    rest, locale = begun
    named = _names_action(m, rest)
    taken_back = contrasts((locale, _session(m))).search(without_yes(rest))
    if words_in(rest) > _LONGEST or (taken_back and not named):
        return False
    return not _changes(m) and (named or not _other_wish(m))


def is_certain_yes(m: Material, chance: float) -> bool:
    """Whether what was taken for a yes by its meaning may be acted on."""
    if is_marked_question(m.text) or _TRAILS_OFF.search(m.text):
        return False
    if m.whole.acts.exact == "affirm":
        return True
    if chance < CERTAIN or asks(m) or not _in_words_of_assent(m.text):
        return False
    return not contrasts((_session(m),)).search(without_yes(folded(m.text)))


def _in_words_of_assent(text: str) -> bool:
    """Whether at least half of what is said is also said in the shipped ways to agree: "blah blah" is near anything."""
    said = [term.stem for term in terms_of(text)]
    return 2 * sum(stem in _assenting() for stem in said) >= len(said) > 0


@cache
def _assenting() -> frozenset[str]:
    known = [text for each in load_examples() for text, act in each.labelled if act == "affirm"]
    return frozenset(term.stem for text in known for term in terms_of(text))


def is_marked_question(text: str) -> bool:
    """Whether a message ends as only questions do."""
    return _ENDS_IN_QUESTION.search(text) is not None


def asks(m: Material) -> bool:
    """Whether the message has the form of a question: its mark, or a word that asks."""
    if is_marked_question(m.text):
        return True
    said = without_yes(folded(m.text))
    return m.whole.acts.exact is None and question_words(tuple(_locales(m))).search(said) is not None


def _session(m: Material) -> str:
    return m.situation.locale.split("-", maxsplit=1)[0]


def _locales(m: Material) -> list[str]:
    return list(dict.fromkeys([_session(m), *(code.split("-", maxsplit=1)[0] for code in m.project.locales)]))


def _after_yes(said: str, locales: Sequence[str]) -> tuple[str, str] | None:
    """What follows the yes that a folded text begins with, and the yes's language; None where it begins with none."""
    for locale in locales:
        match = leading(locale).match(said)
        if match is not None:
            return said[match.end() :], locale
    return None


def _changes(m: Material) -> bool:
    """Whether the message holds a value that differs from what is to be confirmed."""
    if m.active is None:
        return False
    found = m.values(m.text, m.active)
    given = [each for each in found if not m.is_free(each.slot) or each.score >= ANNOUNCED]
    return any(m.situation.filled.get(each.slot) != each.value for each in given)


def _other_wish(m: Material) -> bool:
    return m.whole.intents.verdict == "sure" and m.whole.intents.best != m.active


def _names_action(m: Material, rest: str) -> bool:
    """Whether `rest` says the title of what is to be done, in whatever form: `yes, cancel it` for cancelling."""
    if m.active is None or not rest:
        return False
    title = m.project.intents[m.active].title
    titles = [title] if isinstance(title, str) else list((title or {}).values())
    known = [word for said in (*titles, m.active.replace("_", " ")) for word in _words(fold(said))]
    locales = tuple(_locales(m))
    said = [match[0] for match in contrasts(locales).finditer(rest)]
    if any(contrasts(locales, endings=False).search(word) is None for word in said):
        return False  # "kapatma" is a title's closing, and "do not close"
    return bool(said) and all(any(_alike(word, other) for other in known) for word in said)


def _words(said: str) -> list[str]:
    """Words of a folded text; of Chinese its pairs of characters."""
    han = re.findall(r"[\u3400-\u9fff]+", said)
    pairs = [run[at : at + 2] for run in han for at in range(max(1, len(run) - 1))]
    return [*re.findall(r"[^\W\u3400-\u9fff]+", said), *pairs]


def _alike(one: str, other: str) -> bool:
    if one == other:
        return True
    return min(len(one), len(other)) >= _SHARED and one[:_SHARED] == other[:_SHARED]
