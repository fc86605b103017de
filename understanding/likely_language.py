"""Which language a message of a few words is probably in: by the words of the shipped and the project's examples.

One or two words are too few for letter statistics, and often the first thing a customer writes: "hi", "fatura".
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from config.project import Project
from config.versions import Version
from understanding.act_examples import folded, load_examples

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_OFTENER: Final = 1.5
"""How many times more usual than in any other of the project's languages a word must be to speak for one."""
_SEEN: Final = 2
"""In how many examples it must stand."""
_KEPT_VERSIONS: Final = 64


@dataclass(frozen=True)
class _Words:
    """In how many examples of each locale a word stands, and how many examples there are."""

    seen: Mapping[str, Mapping[str, int]]
    examples: Mapping[str, int]

    def vote(self, word: str) -> str | None:
        """The locale a word speaks for."""
        seen = self.seen.get(word, {})
        shares = sorted(((count / self.examples[locale], locale) for locale, count in seen.items()), reverse=True)
        if not shares or (len(shares) > 1 and shares[0][0] < _OFTENER * shares[1][0]):
            return None
        return shares[0][1] if seen[shares[0][1]] >= _SEEN else None


_learnt: dict[tuple[str, str, str], _Words] = {}


def likely_language(text: str, version: Version) -> str | None:
    """The locale of the project whose words those of `text` are, where they agree; None where they tell nothing."""
    if len(version.project.locales) == 1:
        return None
    key = (version.project.tenant, version.project.name, version.name)
    if key not in _learnt:
        _learnt[key] = _learn(version.project)
        while len(_learnt) > _KEPT_VERSIONS:
            _learnt.pop(next(iter(_learnt)))
    votes = {_learnt[key].vote(word) for word in _words(text[:200])} - {None}
    return votes.pop() if len(votes) == 1 else None


def _learn(project: Project) -> _Words:
    seen: dict[str, dict[str, int]] = {}
    examples: Counter[str] = Counter()
    for locale in project.locales:
        for text in _texts(project, locale):
            examples[locale] += 1
            for word in set(_words(text)):
                counts = seen.setdefault(word, {})
                counts[locale] = counts.get(locale, 0) + 1
    return _Words(seen, examples)


def _texts(project: Project, locale: str) -> Iterator[str]:
    language = locale.split("-", maxsplit=1)[0].lower()
    for shipped in load_examples():
        if shipped.locale == language:
            yield from {*shipped.exact, *(text for text, _ in shipped.labelled)}
    for intent in project.intents.values():
        yield from intent.examples.get(locale, ())


def _words(text: str) -> Iterable[str]:
    return (folded(word) for word in _WORD.findall(text))
