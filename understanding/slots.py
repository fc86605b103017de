"""The values a customer gave: every slot's candidates, weighed against each other, each with its exact quote.

`extract` reads the message in the session's language first and in the project's others where that finds nothing. It
knows slots, not intents: which of the values matter now is the dialogue's business.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from config.catalog import LAST_RESORT
from config.project import Slot
from understanding.grammar.folding import LIMIT, fold
from understanding.grammar.language import Language
from understanding.grammar.loading import load_language
from understanding.grammar.reading import Reading
from understanding.slot_assignment import Asked, Candidate, assign
from understanding.slot_candidates import candidates_of
from understanding.tagger import SlotTagger

_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, kw_only=True)
class Found:
    """One candidate value of a slot."""

    slot: str
    value: JsonValue
    """Canonical, as the contract's slot types say; the likeliest of `candidates` where there are several."""
    quote: str
    """The customer's exact words."""
    start: int
    end: int
    score: float
    """0…1, higher is surer."""
    candidates: tuple[JsonValue, ...] = ()
    """More than one reading: "8'de" is 08:00 or 20:00."""
    negated: bool = False
    """The customer says that it is not this value."""


def extract(
    text: str,
    slots: Mapping[str, Slot],
    *,
    locale: str,
    locales: Sequence[str],
    now: datetime,
    requested: Sequence[str] = (),
    filled: Mapping[str, JsonValue] = {},
    tagger: SlotTagger | None = None,
) -> list[Found]:
    """The values of `slots` in a customer's message, in the order of the text."""
    text = text[:LIMIT]
    if not text.strip() or not slots:
        return []
    languages = reading_languages(text, locale, locales)
    found: list[Found] = []
    for language in languages:
        left = {name: slot for name, slot in slots.items() if all(each.slot != name for each in found)}
        if not left:
            break
        reading = Reading(text, language, now)
        asked = Asked(requested=tuple(name for name in requested if name in left), filled=filled)
        candidates = candidates_of(reading, left, languages, asked)
        if tagger is not None and language is languages[0]:
            candidates = tagger.weigh(reading, left, candidates, asked)
        chosen = assign(reading, left, languages, asked, candidates)
        taken = [(each.start, each.end) for each in found]
        found.extend(_found(each, text) for each in chosen if _free(each, taken))
    return sorted(found, key=lambda each: (each.start, each.end, each.slot))


def _free(candidate: Candidate, taken: Sequence[tuple[int, int]]) -> bool:
    return all(candidate.end <= start or end <= candidate.start for start, end in taken)


def _found(candidate: Candidate, text: str) -> Found:
    return Found(
        slot=candidate.slot,
        value=candidate.values[0],
        quote=text[candidate.start : candidate.end],
        start=candidate.start,
        end=candidate.end,
        score=round(min(max(candidate.score, 0.0), 1.0), 3),
        candidates=candidate.values if len(candidate.values) > 1 else (),
        negated=candidate.negated,
    )


def reading_languages(text: str, locale: str, locales: Sequence[str]) -> list[Language]:
    """The languages to read a message in, the likeliest first: the session's, unless its words are another's."""
    known = [language for code in dict.fromkeys((locale, *locales)) if (language := load_language(code))]
    if not known:
        fallback = load_language(LAST_RESORT)
        return [fallback] if fallback else []
    if len(known) == 1:
        return known
    han = bool(_HAN.search(text))
    words = set(re.findall(r"[^\W\d_]+", fold(text).text))
    first = known[0]

    def evidence(language: Language) -> float:
        if language.han:
            return 3.0 if han else -1.0
        return float(len(words & language.markers)) + (0.5 if language is first else 0.0)

    ranked = sorted(known, key=evidence, reverse=True)
    return [each for each in ranked if each is ranked[0] or evidence(each) >= 0.5]
