"""How often the embedded engine reads yes, no, cancel, a correction and the wish for a person, by language.

`python -m evals.acts` prints accuracy over the sentences of `evals/data/acts.*.yaml`, each in its place of a small
conversation; `--errors` lists what was read wrongly. The engine was tuned on them, on `--name acts_later`,
`acts_fresh`, `acts_unseen` and `acts_blind`. `--name acts_independent` takes sentences by somebody who had seen none of
the examples; few changes were made after their first figures, which stand in the files.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import JsonValue
from rich.console import Console
from rich.table import Table
from ruamel.yaml import YAML

from config.catalog import Catalog
from config.project import Intent, Project, Slot
from config.versions import Version
from dialogue.commands import Command
from dialogue.state import OpenQuestion
from models.embeddings import open_encoder
from understanding.embedded import EmbeddedUnderstanding
from understanding.port import Situation

DATA: Final = Path(__file__).parent / "data"
MEANINGS: Final = ("yes", "no", "cancel", "person", "correct", "other")

_EXAMPLES: Final[Mapping[str, Mapping[str, list[str]]]] = {
    "send_money": {
        "en": ["I want to send money", "transfer 500 to my brother", "make a payment to someone", "wire money"],
        "tr": ["para göndermek istiyorum", "kardeşime 500 lira yolla", "havale yapacağım", "EFT yapmak istiyorum"],
        "zh": ["我想转账", "给我弟弟转500块", "汇款", "我要给别人打钱"],
        "de": ["ich möchte Geld überweisen", "überweise meinem Bruder 500", "eine Zahlung an jemanden", "Geld senden"],
    },
    "block_card": {
        "en": ["I lost my card", "block my card", "my card was stolen", "cancel my debit card"],
        "tr": ["kartımı kaybettim", "kartımı kapatın", "kartım çalındı", "banka kartımı iptal edin"],
        "zh": ["我的卡丢了", "冻结银行卡", "卡被盗了", "注销我的储蓄卡"],
        "de": ["ich habe meine Karte verloren", "meine Karte sperren", "Karte gestohlen", "meine Girokarte kündigen"],
    },
    "balance": {
        "en": ["what is my balance", "how much money do I have", "check my account", "show my balance"],
        "tr": ["bakiyem ne kadar", "hesabımda kaç para var", "hesabıma bak", "bakiyemi göster"],
        "zh": ["我的余额", "账户里有多少钱", "查一下账户", "看看余额"],
        "de": ["wie hoch ist mein Kontostand", "wie viel Geld habe ich", "mein Konto ansehen", "zeig den Kontostand"],
    },
}


@dataclass(frozen=True)
class Case:
    """A sentence in its place."""

    locale: str
    place: str
    means: str
    say: str


def load_cases(name: str = "acts", folder: Path = DATA) -> Iterator[Case]:
    """Every sentence of the data files of that name."""
    for path in sorted(folder.glob(f"{name}.*.yaml")):
        locale = path.name.split(".")[1]
        for group in YAML(typ="safe").load(path.read_text(encoding="utf-8")):
            for say in group["say"]:
                yield Case(locale, group["in"], group["means"], say)


def small_bank(*locales: str) -> Version:
    """A bot of three intents that speaks these languages."""
    slots = {
        "amount": Slot(
            type="money", currency="TRY", title={"en": "amount", "tr": "tutar", "zh": "金额", "de": "Betrag"}
        ),
        "iban": Slot(type="id", format="iban", title={"en": "IBAN", "tr": "IBAN", "zh": "账户", "de": "IBAN"}),
    }
    intents = {
        name: Intent(examples={each: said[each] for each in locales}, slots=slots if name == "send_money" else {})
        for name, said in _EXAMPLES.items()
    }
    project = Project(name=f"acts-{'-'.join(locales)}", locales=list(locales), intents=intents)
    return Version(name="evaluation", project=project, folder=Path(), catalog=Catalog({}, {}), prompts={})


def situation_of(case: Case) -> Situation:
    """Where in the conversation the sentence is said."""
    amount: dict[str, JsonValue] = {"amount": {"amount": 500, "currency": "TRY"}}
    now = datetime(2026, 3, 10, 9, tzinfo=UTC)
    if case.place == "idle":
        return Situation(message=case.say, locale=case.locale, now=now)
    question = OpenQuestion(
        kind="confirm" if case.place == "confirm" else "slots",
        flow_id="1-1",
        slots=[] if case.place == "confirm" else ["iban"],
        intents=[],
        candidates=[],
        text="?",
    )
    filled = amount if case.place == "slots" else {**amount, "iban": "TR330006100519786457841326"}
    return Situation(message=case.say, locale=case.locale, now=now, open=question, intent="send_money", filled=filled)


def meaning_of(commands: tuple[Command, ...], place: str) -> str:
    """What the commands come to, in the words of the data."""
    names = {command["command"] for command in commands}
    changes = any(command["command"] == "fill" and command["slot"] == "amount" for command in commands)
    if "person" in names:
        return "person"
    if "undo" in names or (changes and place != "idle"):
        return "correct"
    if place == "confirm" and any(c["command"] == "fill" and c["value"] is None for c in commands):
        return "correct"
    return next((word for name, word in _WORDS.items() if name in names), "other")


_WORDS: Final = {"cancel": "cancel", "deny": "no", "affirm": "yes"}


async def evaluate(name: str = "acts") -> list[tuple[Case, str]]:
    """Every case with what was understood."""
    engine = EmbeddedUnderstanding(open_encoder())
    versions: dict[str, Version] = {}
    results = []
    for case in load_cases(name):
        version = versions.setdefault(case.locale, small_bank(case.locale))
        understood = await engine.understand(version, situation_of(case))
        results.append((case, meaning_of(understood.commands, case.place)))
    return results


def main(
    *,
    errors: Annotated[bool, typer.Option(help="List what was read wrongly.")] = False,
    name: Annotated[str, typer.Option(help="Which sentences: acts, acts_later, … acts_independent.")] = "acts",
) -> None:
    """Print accuracy by language and meaning, and how often what is no yes was taken for one."""
    results = asyncio.run(evaluate(name))
    console = Console()
    console.print(_table(results))
    for locale, (wrong, asked) in false_yeses(results).items():
        console.print(f"{locale}: {wrong} of {asked} other answers to a confirmation were taken for a yes")
    if errors:
        for case, got in results:
            if got != case.means:
                console.print(f"{case.locale} {case.place}: {case.say!r} means {case.means}, read as {got}")


def false_yeses(results: list[tuple[Case, str]]) -> dict[str, tuple[int, int]]:
    """Locale → answers to a confirmation that were taken for a yes by mistake, and all that are none."""
    counts: dict[str, tuple[int, int]] = {}
    for case, got in results:
        if case.place == "confirm" and case.means != "yes":
            wrong, asked = counts.get(case.locale, (0, 0))
            counts[case.locale] = (wrong + (got == "yes"), asked + 1)
    return counts


def _table(results: list[tuple[Case, str]]) -> Table:
    table = Table("", *MEANINGS, "all", title="Dialogue acts in context, right / all")
    for locale in dict.fromkeys(case.locale for case, _ in results):
        mine = [(case, got) for case, got in results if case.locale == locale]
        right = Counter(case.means for case, got in mine if got == case.means)
        every = Counter(case.means for case, _ in mine)
        cells = [f"{right[means]}/{every[means]}" for means in MEANINGS]
        table.add_row(locale, *cells, f"{right.total() / every.total():.3f}")
    return table


if __name__ == "__main__":
    typer.run(main)
