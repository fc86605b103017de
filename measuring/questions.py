"""Makes questions of a project's own documents and scenarios: answerable ones, and the same with their answer kept out.

What is made is easier than what customers ask, and holds less surprise; it tells at which level a knowledge base's
scores lie, which is what differs between knowledge bases. The same documents always give the same questions.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from pydantic import TypeAdapter
from ruamel.yaml import YAML
from typing_extensions import TypedDict

from config.catalog import LOCALES
from config.versions import Version
from dialogue.tokens import is_cjk
from measuring.labels import answers, locale_of
from measuring.rows import Row
from measuring.trials import Pick, Trial
from scenarios.model import Scenario, load_scenarios, scenario_files
from tools import lexical
from tools.hits import answered_in
from tools.knowledge_probes import probe_questions
from tools.knowledge_records import PassageRecord
from tools.retrieval import same_language
from tools.sentences import sentences

MOST = 120
"""Questions made of one kind of material."""
PROBES = 25
_LEAST_TERMS = 6
"""An answer of fewer terms stands in too many passages by chance."""
_KEPT_WORDS = 0.6
_LEAST_WORDS = 4
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")


class Patterns(TypedDict):
    """A language's patterns of questions."""

    about: list[str]
    asked: list[str]
    gap: str
    elsewhere: list[str]


_FORM = TypeAdapter(Patterns)
_PLAIN = Patterns(about=["{subject}?"], asked=["{question}"], gap="?", elsewhere=[])


@cache
def patterns(locale: str) -> Patterns:
    """The patterns of a language; bare ones where it has none of its own."""
    path = LOCALES / locale / "questions.yaml"
    if not path.is_file():
        return _PLAIN
    return _FORM.validate_python(YAML(typ="safe", pure=True).load(path))


@dataclass(frozen=True, kw_only=True)
class Material:
    """The passages of a project, to make questions of."""

    version: Version
    passages: Sequence[PassageRecord]

    def trials(self) -> list[Trial]:
        """All questions, each kind of them bounded."""
        chance = random.Random(self.version.project.name)  # noqa: S311 - chooses questions, keeps no secret
        made: list[Trial] = []
        for kind in (self._of_faq(chance), self._of_headings(chance), self._of_sentences(chance)):
            found = list(kind)
            made += chance.sample(found, MOST) if len(found) > MOST else found
        without = [self._removed(trial) for trial in made if trial.right is not None and trial.barred is None]
        return [*made, *chance.sample(without, min(len(without), MOST)), *self._of_scenarios(), *self._unrelated()]

    def with_removed(self, trials: Sequence[Trial]) -> list[Trial]:
        """The trials, and each answerable one again with its answer kept out."""
        removed = [self._removed(one) for one in trials if one.kind == "answerable" and one.right and not one.barred]
        return [*trials, *removed]

    def of_rows(self, rows: Sequence[Row]) -> list[Trial]:
        """Labelled messages about the knowledge as trials."""
        return [self._of_row(row, f"row {at}") for at, row in enumerate(rows) if row.asks_knowledge]

    def _of_row(self, row: Row, group: str) -> Trial:
        answerable = row.answerable is not False
        return Trial(
            text=row.message,
            locale=locale_of(row, self.version),
            kind="answerable" if answerable else "removed",
            origin="row",
            group=group,
            right=named(row) if answerable else None,
        )

    def _of_faq(self, chance: random.Random) -> Iterator[Trial]:
        """A FAQ question in other words; and bare, its row kept out, where another passage says the same."""
        for row in self.passages:
            if row.answer is None:
                continue
            asked = chance.choice(patterns(row.locale)["asked"]).format(question=_shortened(row.text, chance))
            yield self._trial(asked, row, "faq", self._answering(row))
            others = [one for one in self.passages if one.id != row.id and _says_answer(row, one)]
            if others:
                found = self._trial(row.text, row, "faq elsewhere", _one_of(others))
                yield replace(found, barred=_one_of([row]))

    def _of_headings(self, chance: random.Random) -> Iterator[Trial]:
        """A section's heading, led by its document's title where that is not the same, as a question."""
        sections = dict.fromkeys((one.document, one.heading) for one in self.passages if one.heading and not one.answer)
        for document, heading in sections:
            inside = [one for one in self.passages if (one.document, one.heading) == (document, heading)]
            last = heading.rpartition(" › ")[2]
            subject = f"{inside[0].title} {last}" if is_short(last) else last
            asked = chance.choice(patterns(inside[0].locale)["about"]).format(subject=subject)
            yield self._trial(asked, inside[0], "heading", _one_of(inside))

    def _of_sentences(self, chance: random.Random) -> Iterator[Trial]:
        """One sentence of a passage, with a gap where it says a number and fewer words than it has."""
        for one in self.passages:
            said = [text for text in sentences(one.text, one.locale) if _says_enough(text)]
            if one.answer is None and said:
                sentence = chance.choice(said)
                yield self._trial(_gapped(sentence, one.locale, chance), one, "sentence", self._holding(one, sentence))

    def _of_scenarios(self) -> Iterator[Trial]:
        """What scenarios expect to be answered, in the author's own words."""
        for path in scenario_files(self.version.folder):
            for scenario in load_scenarios(path):
                for row in _rows_of(scenario):
                    trial = self._of_row(row.model_copy(update={"locale": scenario.locale}), scenario.name)
                    if trial.right and any(map(trial.right, self.passages)):
                        yield replace(trial, origin="scenario")

    def _unrelated(self) -> Iterator[Trial]:
        for locale in self.version.project.locales:
            texts = [*patterns(locale)["elsewhere"], *probe_questions(locale)[:PROBES]]
            for at, text in enumerate(texts):
                yield Trial(text=text, locale=locale, kind="unrelated", origin="unrelated", group=f"{locale} {at}")

    def _removed(self, trial: Trial) -> Trial:
        return replace(trial, kind="removed", barred=trial.right)

    def _trial(self, text: str, of: PassageRecord, origin: str, right: Pick) -> Trial:
        return Trial(text=text, locale=of.locale, kind="answerable", origin=origin, group=of.family, right=right)

    def _answering(self, row: PassageRecord) -> Pick:
        return lambda one: one.id == row.id or _says_answer(row, one)

    def _holding(self, gold: PassageRecord, sentence: str) -> Pick:
        """The passage itself, and those that say the sentence too: neighbours overlap, and FAQ rows repeat."""
        form = lexical.searchable(sentence)
        return lambda one: one.id == gold.id or form in one.searchable or _says_answer(one, gold)


def _rows_of(scenario: Scenario) -> Iterator[Row]:
    for turn in scenario.turns:
        wanted = turn.expect
        if wanted.outcome == "answered" and (wanted.reply_contains or wanted.cites):
            said = wanted.reply_contains[0] if wanted.reply_contains else None
            yield Row(message=turn.user, passage=said, source=[wanted.cites] if wanted.cites else None)


def named(row: Row) -> Pick:
    """The passages that a labelled row names."""
    return lambda one: answers(row, one)


def _one_of(passages: Sequence[PassageRecord]) -> Pick:
    ids = frozenset(one.id for one in passages)
    return lambda one: one.id in ids


def is_short(heading: str) -> bool:
    """Whether a heading says little without its document's title."""
    return sum(2 if is_cjk(char) else 1 for char in heading) < 16


def _says_answer(row: PassageRecord, other: PassageRecord) -> bool:
    """Whether a FAQ row's answer stands in another passage, in so many words that it is no chance."""
    if row.answer is None or row.id == other.id or not same_language(row.locale, other.locale):
        return row.answer is not None and row.id == other.id
    return len(set(lexical.terms(row.answer))) >= _LEAST_TERMS and answered_in(row, other)


def _says_enough(sentence: str) -> bool:
    return len(lexical.terms(sentence)) >= 3 * _LEAST_TERMS and not sentence.lstrip().startswith(("#", "|"))


def _shortened(question: str, chance: random.Random) -> str:
    """The question less one of its words."""
    words = question.split()
    if len(words) < _LEAST_WORDS:
        return question
    del words[chance.randrange(1, len(words) - 1)]
    return " ".join(words)


def _gapped(sentence: str, locale: str, chance: random.Random) -> str:
    """A question-like remainder of a sentence: its figures asked for, some of its words left out."""
    asked = _NUMBER.sub(f" {patterns(locale)['gap']} ", sentence, count=1)
    asked = _NUMBER.sub(" ", asked)
    if sum(map(is_cjk, asked)) > len(asked) // 3:
        pieces = [piece for piece in re.split(r"[，。；、！？：,;\s]+", asked) if piece]
        kept = max(1, round(len(pieces) * _KEPT_WORDS))
        return "".join(pieces[at] for at in sorted(chance.sample(range(len(pieces)), kept)))
    words = _WORD.findall(asked)
    kept = min(max(_LEAST_WORDS, round(len(words) * _KEPT_WORDS)), len(words), 10)
    return " ".join(words[at] for at in sorted(chance.sample(range(len(words)), kept)))
