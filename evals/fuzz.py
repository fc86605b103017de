"""Hostile strings for the whole embedded engine: it must neither raise nor hang, and its memory must stay flat.

`python -m evals.fuzz [--count 100000] [--seed N]` makes strings of broken encodings, markup, endless repetition,
numbers, templates and pieces of real sentences, says them in every kind of place of a small bank, and prints the
slowest, what raised, and the memory at the beginning and at the end.
"""

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Final

import psutil
import typer
from pydantic import JsonValue
from rich.console import Console

from config.versions import Version
from dialogue.commands import Command
from dialogue.state import OpenQuestion
from evals.acts import load_cases, small_bank
from models.embeddings import open_encoder
from models.ports import Encoder
from understanding.embedded import EmbeddedUnderstanding
from understanding.port import Situation

WARM: Final = 2000
"""Messages before memory is first measured: model pages and caches are filled by then."""
_PIECES: Final = (
    "\ufdfa", "\ud800", "\udfff", "\0", "\u202e", "\u200b", "\u200d", "\ufeff", "\u0301", "\U0001f468\u200d\U0001f469",
    "{{", "}}", "{% for x in y %}", "${HOME}", "'; DROP TABLE x;--", "<script>", "]](", "[500](amount)", "\\", "%s",
    "../",
    "500", "1e309", "-0", "٣٤٥", "Ⅷ", "½", "1/0", "31.02.2026", "25:61", "99999999999999999999", "TR33 0006 1005",
    "evet", "hayır", "no", "not", "ama", "but", "不", "是", "吗", "?", "？", "!", ",", "，", ".", "。", ";", "\n", "\t",
    "ı", "İ", "ß", "ﬁ", "Ａ", "tomorrow", "yarın", "明天", "lira", "元", "$", "€", "@", "a@b", "a@b.co", "http://x",
    "+90",
    "(", ")", "((((", "aaaa", "iptal", "cancel", "取消", "from", "to", "one", "bin", "万", "half past", "buçuk", "半",
)  # fmt: skip
_LENGTHS: Final = (1, 2, 3, 5, 8, 20, 60)
_REPEATS: Final = (1, 1, 1, 1, 2, 40, 2000)


@dataclass
class Report:
    """What a run came to."""

    raised: list[tuple[str, str]] = field(default_factory=list)
    silent: int = 0
    """Messages that came to no command at all."""
    slowest: float = 0.0
    slowest_text: str = ""
    megabytes: tuple[float, float] = (0.0, 0.0)


def hostile_strings(count: int, seed: int) -> Iterator[str]:
    """`count` strings, the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311 - a reproducible draw
    said = [case.say for case in load_cases()]
    for _ in range(count):
        pieces = [_piece(draw, said) for _ in range(draw.choice(_LENGTHS))]
        text = draw.choice(("", " ", " ", "-")).join(pieces) * draw.choice(_REPEATS)
        yield text[: draw.choice((40, 400, 4000))]


def _piece(draw: random.Random, said: list[str]) -> str:
    kind = draw.random()
    if kind < 0.55:
        return draw.choice(_PIECES)
    if kind < 0.75:
        sentence = draw.choice(said)
        start = draw.randrange(len(sentence))
        return sentence[start : start + draw.randrange(1, 30)]
    return "".join(chr(draw.randrange(0x110000 if kind > 0.9 else 0x250)) for _ in range(draw.randrange(1, 6)))


def situations(message: str, draw: random.Random) -> Situation:
    """The message in a place drawn at random."""
    kind = draw.choice((None, "slots", "ambiguous", "confirm", "clarify", "digression", "anything_else"))
    now = datetime(2026, 3, 10, 9, tzinfo=UTC)
    locale = draw.choice(("en", "tr", "zh"))
    if kind is None:
        return Situation(message=message, locale=locale, now=now)
    question = OpenQuestion(
        kind=kind,  # type: ignore[typeddict-item] # drawn from the kinds there are
        flow_id="1-1",
        slots=[draw.choice(("amount", "iban", "gone"))],
        intents=["send_money", "balance", "gone"],
        candidates=["08:00", "20:00"],
        text="?",
    )
    waiting = ("balance", "gone", "send_money")
    filled: dict[str, JsonValue] = {"amount": {"amount": 500, "currency": "TRY"}}
    intent = draw.choice(("send_money", "balance", "gone"))
    return Situation(
        message=message, locale=locale, now=now, open=question, intent=intent, filled=filled, waiting=waiting
    )


async def fuzz(encoder: Encoder, *, count: int, seed: int) -> Report:
    """Say `count` hostile strings to the engine."""
    engine, report, draw = EmbeddedUnderstanding(encoder), Report(), random.Random(seed)  # noqa: S311 - reproducible
    bank = small_bank("en", "tr", "zh")
    process = psutil.Process()
    first = 0.0
    for place, text in enumerate(hostile_strings(count, seed)):
        began = time.process_time()
        commands = await _read(engine, bank, situations(text, draw), report)
        took = time.process_time() - began
        report.silent += not commands
        if took > report.slowest and place > 10:
            report.slowest, report.slowest_text = took, text[:80]
        if place == min(WARM, count // 2):
            first = process.memory_info().rss / 1e6
    report.megabytes = (first, process.memory_info().rss / 1e6)
    return report


async def _read(
    engine: EmbeddedUnderstanding, bank: Version, situation: Situation, report: Report
) -> tuple[Command, ...]:
    try:
        return (await engine.understand(bank, situation)).commands
    except Exception as error:  # noqa: BLE001 - that nothing at all is raised is what is measured
        report.raised.append((situation.message[:80], repr(error)[:200]))
        return ()


def main(
    count: Annotated[int, typer.Option(help="How many strings.")] = 100_000,
    seed: Annotated[int, typer.Option(help="Which strings.")] = 1,
) -> None:
    """Print what the engine made of hostile strings."""
    console = Console()
    report = asyncio.run(fuzz(open_encoder(), count=count, seed=seed))
    console.print(f"{count} strings: {len(report.raised)} raised, {report.silent} without a command")
    console.print(f"slowest {1000 * report.slowest:.0f} ms of CPU: {report.slowest_text!r}", markup=False)
    console.print(
        f"memory {report.megabytes[0]:.0f} MB after the first {WARM}, {report.megabytes[1]:.0f} MB at the end"
    )
    for text, error in report.raised[:20]:
        console.print(f"{text!r}: {error}", markup=False)


if __name__ == "__main__":
    typer.run(main)
