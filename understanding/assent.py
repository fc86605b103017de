"""What counts as a yes where a yes does something: plain ones, and those that nothing in the message takes back.

A yes that is taken for one by mistake moves money; one that is not understood is asked for again. So a message is a
yes when it begins with one and nothing after it contradicts, or when it is as good as certain.
"""

import re
from collections.abc import Sequence
from typing import Final

from understanding.folding import fold
from understanding.material import Material
from understanding.splitting import words_in
from understanding.wording import contrasts, leading, question_words, without_yes

CERTAIN: Final = 0.85
"""What a yes needs that is known by its meaning only."""
_LONGEST: Final = 8
"""Words after a leading yes beyond which it may be about anything."""
_ENDS_IN_QUESTION = re.compile(r"[?？؟]\s*$")
_SHARED: Final = 4
"""Letters two words share from their beginning when one is a form of the other."""


def is_plain_yes(m: Material) -> bool:
    """Whether the message begins with a clear yes and goes on with nothing that takes it back."""
    begun = _after_yes(fold(m.text), _locales(m))
    if begun is None or asks(m):
        return False
    rest, locale = begun
    named = _names_action(m, rest)
    if words_in(rest) > _LONGEST or (contrasts((locale, _session(m))).search(rest) and not named):
        return False
    return not _changes(m) and (named or not _other_wish(m))


def is_certain_yes(m: Material, chance: float) -> bool:
    """Whether what was taken for a yes by its meaning may be acted on."""
    if m.whole.acts.exact == "affirm":
        return not _ENDS_IN_QUESTION.search(m.text)
    return chance >= CERTAIN and not asks(m) and not contrasts((_session(m),)).search(without_yes(fold(m.text)))


def asks(m: Material) -> bool:
    """Whether the message has the form of a question: its mark, or a word that asks."""
    if _ENDS_IN_QUESTION.search(m.text):
        return True
    return m.whole.acts.exact is None and question_words(tuple(_locales(m))).search(fold(m.text)) is not None


def _session(m: Material) -> str:
    return m.situation.locale.split("-", maxsplit=1)[0]


def _locales(m: Material) -> list[str]:
    return list(dict.fromkeys([_session(m), *(code.split("-", maxsplit=1)[0] for code in m.project.locales)]))


def _after_yes(folded: str, locales: Sequence[str]) -> tuple[str, str] | None:
    """What follows the yes that a folded text begins with, and the yes's language; None where it begins with none."""
    for locale in locales:
        match = leading(locale).match(folded)
        if match is not None:
            return folded[match.end() :], locale
    return None


def _changes(m: Material) -> bool:
    """Whether the message holds a value that differs from what is to be confirmed."""
    if m.active is None:
        return False
    found = m.values(m.text, m.active)
    return any(not m.is_free(each.slot) and m.situation.filled.get(each.slot) != each.value for each in found)


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


def _words(folded: str) -> list[str]:
    """Words of a folded text; of Chinese its pairs of characters."""
    han = re.findall(r"[\u3400-\u9fff]+", folded)
    pairs = [run[at : at + 2] for run in han for at in range(max(1, len(run) - 1))]
    return [*re.findall(r"[^\W\u3400-\u9fff]+", folded), *pairs]


def _alike(one: str, other: str) -> bool:
    if one == other:
        return True
    return min(len(one), len(other)) >= _SHARED and one[:_SHARED] == other[:_SHARED]
