"""Words that decide what a message can be, whatever it resembles: shipped for each locale beside its examples."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from understanding.act_examples import folded, load_examples
from understanding.folding import fold

_LONGEST_GOODBYE: Final = 60
"""Letters of a goodbye with all that goes before it."""


def has_person_word(text: str, locales: Sequence[str]) -> bool:
    """Whether a text has one of the words without which nobody asks for a person in these languages."""
    spoken = tuple(dict.fromkeys(locale.split("-", maxsplit=1)[0] for locale in locales))
    return _person_words(spoken).search(folded(text)) is not None


@cache
def leading(locale: str) -> re.Pattern[str]:
    """A yes at the beginning. One Chinese character needs a gap behind it: 好像 and 对不起 begin with no yes."""
    words = [fold(word) for each in load_examples() if each.locale == locale for word in each.leading_yes]
    words.sort(key=len, reverse=True)
    parts = [re.escape(word) + (r"(?:\s+|$)" if len(word) == 1 or not _is_han(word) else r"\s*") for word in words]
    return re.compile(f"(?:{'|'.join(parts) or '(?!)'}){{1,3}}")


def _is_han(word: str) -> bool:
    return ord(word[0]) >= 0x2E80


def phrases(words: Sequence[str]) -> re.Pattern[str]:
    """Any of `words` in a folded text; `*` stands for letters, a Chinese word for itself anywhere."""
    parts = []
    for word in dict.fromkeys(words):
        source = r"\w*".join(re.escape(fold(part)) if part else "" for part in word.split("*"))
        parts.append(source if _is_han(word) else rf"(?<!\w){source}(?!\w)")
    return re.compile("|".join(parts) or "(?!)")


@cache
def contrasts(locales: tuple[str, ...], *, endings: bool = True) -> re.Pattern[str]:
    """Words that take a yes back, for folded texts; with the endings that do so in a word, or without them."""
    words = [word for each in load_examples() if each.locale in locales for word in each.contrasts]
    return phrases([word for word in words if endings or not word.startswith("*")])


def without_yes(folded: str) -> str:
    """A folded text without what assents in words of denial or of asking: 没问题, "no objections", "why not"."""
    return _assents().sub(" ", folded)


def has_amending_word(text: str) -> bool:
    """Whether a text says that something it names is to be another."""
    return _amending().search(folded(text)) is not None


def says_meant(text: str) -> bool:
    """Whether a text says that a value given before should have been the one it names."""
    return any(map(str.isdecimal, text)) and _meant().search(folded(text)) is not None


def says_as_before(text: str) -> bool:
    """Whether a text says that something is to be again what it was."""
    return _as_before().search(folded(text)) is not None


@cache
def trailing_apology() -> re.Pattern[str]:
    """An apology at the end of a text."""
    words = sorted({word for each in load_examples() for word in each.apologies}, key=len, reverse=True)
    parts = [re.escape(word) if _is_han(word) else rf"(?<!\w){re.escape(word)}" for word in words]
    return re.compile(rf"(?:{'|'.join(parts) or '(?!)'})[\s.!。！]*$", re.IGNORECASE)


@cache
def _as_before() -> re.Pattern[str]:
    return phrases([word for each in load_examples() for word in each.as_before])


@cache
def _meant() -> re.Pattern[str]:
    return phrases([word for each in load_examples() for word in each.meant])


def may_part(text: str) -> bool:
    """Whether a greeting is also what is said on leaving: `iyi günler`."""
    said = fold(folded(text).strip(" .!…"))
    return any(said in each.partings for each in load_examples())


def is_goodbye(text: str) -> bool:
    """Whether a text is a goodbye, and before it only a no, thanks and that this was all: "no that's all, bye"."""
    said = folded(text)
    return len(said) <= _LONGEST_GOODBYE and _goodbye().fullmatch(said) is not None


@cache
def _goodbye() -> re.Pattern[str]:
    known = [(phrase, act) for each in load_examples() for phrase, act in each.exact.items()]
    leaving = [phrase for phrase, act in known if act == "goodbye"]
    before = [phrase for phrase, act in known if act in ("deny", "thanks", "goodbye")]
    before += [word for each in load_examples() for word in (*each.nothing_more, *sorted(each.partings))]
    return re.compile(rf"(?:(?:{phrases(before).pattern}) ?)*(?:{phrases(leaving).pattern})")


def cannot_say(text: str) -> bool:
    """Whether a text has words of who does not know, or does not have, what is asked for."""
    return _unknowing().search(folded(text)) is not None


@cache
def _unknowing() -> re.Pattern[str]:
    return phrases([word for each in load_examples() for word in each.unknowing])


@cache
def _amending() -> re.Pattern[str]:
    return phrases([word for each in load_examples() for word in each.amends])


@cache
def _assents() -> re.Pattern[str]:
    known = [phrase for each in load_examples() for phrase, act in each.exact.items() if act == "affirm"]
    long = [phrase for phrase in known if _is_han(phrase) and len(phrase) > 1]
    listed = [word for each in load_examples() for word in each.assents]
    return phrases(sorted([*long, *listed], key=len, reverse=True))


@cache
def _person_words(locales: tuple[str, ...]) -> re.Pattern[str]:
    return phrases([word for each in load_examples() if each.locale in locales for word in each.person_words])


@cache
def question_words(locales: tuple[str, ...]) -> re.Pattern[str]:
    """Words that ask; phrases only at the beginning: "is the" stands in many a statement."""
    words = [word for each in load_examples() if each.locale in locales for word in each.question_words]
    opening = [rf"^{re.escape(fold(word))}(?!\w)" for word in words if " " in word and not _is_han(word)]
    alone = phrases([word for word in words if " " not in word])
    return re.compile("|".join([*opening, alone.pattern]))
