"""Slot values in customers' sentences: precision, recall and F1 by language.

    python -m evals.slots [--data DIR] [--errors]

The sentences in `evals/data/slots*.yaml` are our own, each file written before the grammars had read it and mended for
afterwards: README says what they came to at first. With `--data` also restaurant8k
(github.com/PolyAI-LDN/task-specific-datasets, CC BY 4.0) from `DIR/restaurant8k.train_1k.json`.
"""

import argparse
import sys
import time
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from pydantic import JsonValue
from ruamel.yaml import YAML

from config.project import Slot
from evals import slots_restaurant
from understanding.slots import Found, extract

FOLDER = Path(__file__).parent / "data"


@dataclass
class Score:
    """Counts of what was found, and what was not."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    sentences: int = 0
    all_right: int = 0
    milliseconds: float = 0.0
    errors: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Of the values found, the right ones."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Of the values meant, the ones found."""
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        """Both in one number."""
        return 2 * self.precision * self.recall / max(1e-9, self.precision + self.recall)


def plain(value: JsonValue | date) -> JsonValue:
    """YAML's dates as the ISO text that is meant."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return value


def score_file(path: Path) -> Score:
    """Run the extractor over one file of sentences."""
    data = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    domains = {n: {s: Slot(**spec) for s, spec in slots.items()} for n, slots in data["domains"].items()}
    now = datetime.fromisoformat(data["now"]).replace(tzinfo=ZoneInfo(data["timezone"]))
    locale = data["locale"]
    score = Score()
    extract("1", domains[next(iter(domains))], locale=locale, locales=[locale], now=now)
    for case in data["cases"]:
        began = time.process_time()
        found = extract(
            case["t"],
            domains[case["d"]],
            locale=locale,
            locales=[locale, *data.get("also", [])],
            now=now,
            requested=case.get("r", []),
        )
        score.milliseconds += (time.process_time() - began) * 1000
        _compare(case, found, score)
    return score


def _section(case: dict[str, JsonValue], key: str) -> dict[str, JsonValue]:
    section = plain(case.get(key) or {})
    return section if isinstance(section, dict) else {}


def _right(found: Found, value: JsonValue, *, either: bool) -> bool:
    """Whether the value is the one that is meant; of an ambiguous one, whether exactly its readings are told."""
    if not either:
        return found.value == value and not found.candidates
    return isinstance(value, list) and sorted(map(str, found.candidates)) == sorted(map(str, value))


def _compare(case: dict[str, JsonValue], found: list[Found], score: Score) -> None:
    want, either, refused = (_section(case, key) for key in ("want", "either", "not"))
    got = {each.slot: each for each in found if not each.negated}
    problems = []
    for name, value in {**want, **either}.items():
        each = got.pop(name, None)
        if each is not None and _right(each, value, either=name in either):
            score.right += 1
            continue
        score.missed += 1
        score.wrong += each is not None
        problems.append(f"{name}: wanted {value!r}, got {(each.value, each.candidates) if each else None!r}")
    for name, each in got.items():
        score.wrong += 1
        problems.append(f"{name}: nothing wanted, got {each.value!r} from {each.quote!r}")
    for name, value in refused.items():
        if not any(each.negated and each.slot == name and each.value == value for each in found):
            problems.append(f"{name}: {value!r} should be negated")
    score.sentences += 1
    score.all_right += not problems
    if problems:
        score.errors.append(f"{case['t']!r}: " + "; ".join(problems))


def report(out: TextIO, *, errors: bool) -> None:
    """Write the table of our own sentences."""
    out.write(f"{'file':<22}{'P':>7}{'R':>7}{'F1':>7}{'sentences right':>18}{'CPU ms':>8}\n")
    for path in sorted(FOLDER.glob("slots*.yaml")):
        score = score_file(path)
        out.write(
            f"{path.name:<22}{score.precision:7.3f}{score.recall:7.3f}{score.f1:7.3f}"
            f"{f'{score.all_right}/{score.sentences}':>18}{score.milliseconds / score.sentences:8.2f}\n"
        )
        out.writelines(f"    {error}\n" for error in (score.errors if errors else ()))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with restaurant8k.train_1k.json")
    parser.add_argument("--errors", action="store_true", help="print what went wrong")
    arguments = parser.parse_args()
    report(sys.stdout, errors=arguments.errors)
    if arguments.data is not None:
        slots_restaurant.report(arguments.data, sys.stdout)


if __name__ == "__main__":
    main()
