"""One text read in one language: every kind of entity, each looked for once and only when asked for."""

from datetime import datetime

from understanding.grammar.amounts import find_durations, find_money, find_percents
from understanding.grammar.calendar_days import Prefer
from understanding.grammar.counts import find_counts
from understanding.grammar.dates import find_dates
from understanding.grammar.entities import Entity
from understanding.grammar.folding import View, fold
from understanding.grammar.labels import find_counted, find_labels, find_occasions
from understanding.grammar.language import Language
from understanding.grammar.number import Number
from understanding.grammar.numbers import rewrite
from understanding.grammar.times import find_moments, find_times


class Reading:
    """A text as one language reads it."""

    def __init__(self, text: str, language: Language, now: datetime) -> None:
        self.original = text
        self.language = language
        self.now = now
        same = language.data.get("same")
        self.folded: View = fold(text, {str(k): str(v) for k, v in same.items()} if isinstance(same, dict) else None)
        self.view, self.numbers = rewrite(self.folded, language)
        self._found: dict[str, list[Entity]] = {}

    def dates(self, prefer: Prefer = "future") -> list[Entity]:
        """Dates, open ones read towards the future or the past."""
        key = f"dates {prefer}"
        if key not in self._found:
            self._found[key] = find_dates(self.view, self.language, self.now.date(), prefer)
        return self._found[key]

    def times(self) -> list[Entity]:
        """Clock times."""
        if "times" not in self._found:
            dates = [each for each in self.dates() if not each.weak]
            times = find_times(self.view, self.language)
            self._found["times"] = [time for time in times if not any(_inside(time, date) for date in dates)]
        return self._found["times"]

    def moments(self) -> list[Entity]:
        """Points in time counted from now."""
        if "moments" not in self._found:
            self._found["moments"] = find_moments(self.view, self.language, self.now)
        return self._found["moments"]

    def durations(self) -> list[Entity]:
        """Spans of time."""
        if "durations" not in self._found:
            others = [*self.moments(), *(each for each in self.dates() if not each.partial)]
            durations = find_durations(self.view, self.language)
            inside = [each for each in durations if not any(_inside(each, other) for other in others)]
            self._found["durations"] = self._without("not_durations", inside)
        return self._found["durations"]

    def money(self, currency: str | None) -> list[Entity]:
        """Amounts of money."""
        key = f"money {currency}"
        if key not in self._found:
            self._found[key] = find_money(self.view, self.language, currency)
        return self._found[key]

    def percents(self) -> list[Entity]:
        """Percentages."""
        if "percents" not in self._found:
            self._found["percents"] = find_percents(self.view, self.language)
        return self._found["percents"]

    def counts(self) -> list[Entity]:
        """Counts of people and things."""
        if "counts" not in self._found:
            self._found["counts"] = find_counts(self.view, self.language)
        return self._found["counts"]

    def labels(self) -> list[tuple[int, int]]:
        """Pieces in which a number names something: "gate 14"."""
        return find_labels(self.original, self.folded, self.view, self.numbers, self.language)

    def occasions(self) -> list[tuple[int, int]]:
        """Pieces that say how often: "four times"."""
        return find_occasions(self.view, self.language)

    def counted(self) -> list[tuple[int, int]]:
        """Pieces in which a number counts what follows it: "2 dogs"."""
        return find_counted(self.original, self.view, self.numbers, self.language)

    def _without(self, lookalikes: str, entities: list[Entity]) -> list[Entity]:
        """The entities without those in expressions that only look like one: "27 years old" is no span of time."""
        pattern = self.language.phrases_as_written(lookalikes)
        if pattern is None or not entities:
            return entities
        others = [self.view.span(*match.span()) for match in pattern.finditer(self.view.text)]
        return [each for each in entities if all(each.end <= start or end <= each.start for start, end in others)]

    def bare_numbers(self) -> list[Number]:
        """Every number of the text, whatever it counts."""
        return self.numbers


def _inside(inner: Entity, outer: Entity) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end
