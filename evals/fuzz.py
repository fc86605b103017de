"""Hostile strings for the whole embedded engine: it must neither raise nor hang, and its memory must stay flat.

`python -m evals.fuzz [--count 100000] [--seed N] [--seconds N]` makes strings of broken encodings, markup, endless
repetition, numbers, templates and pieces of real sentences, says them in every kind of place of a small bank, and
prints the slowest, what raised, and the memory by quarters of the run. Most strings are short, as messages are; one in
three hundred is as long as a message may be. The bank is learnt once.
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

WARM: Final = 5_000
"""Messages before memory is first compared: model pages and the cache of vectors are filled by then."""
FIRST: Final = 10
EVERY: Final = 100
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
_SHORT: Final = ((1, 1, 2, 2, 3, 4, 6), (1, 1, 1, 1, 1, 1, 2, 9), (12, 24, 48))
_LONG: Final = ((1, 3, 8, 20, 60), (1, 2, 40, 2000), (400, 4000))
"""Pieces, repetitions and characters at most."""
_ONE_LONG_IN: Final = 300
_SHOWN: Final = 5


@dataclass
class Report:
    """What a run came to."""

    raised: list[tuple[str, str]] = field(default_factory=list)
    silent: int = 0
    """Messages that came to no command at all."""
    said: int = 0
    times: list[tuple[float, int, str]] = field(default_factory=list)
    """The slowest: seconds of CPU, characters, the beginning."""
    total: float = 0.0
    """Seconds of CPU of all messages."""
    megabytes: list[float] = field(default_factory=list)
    """Resident memory after every hundred messages."""

    @property
    def slowest(self) -> float:
        """Seconds of CPU of the slowest message."""
        return self.times[0][0] if self.times else 0.0

    @property
    def slowest_text(self) -> str:
        """The beginning of the slowest message."""
        return self.times[0][2] if self.times else ""

    def took(self, seconds: float, text: str) -> None:
        """Count one message; the first few pay for what is loaded once."""
        self.said += 1
        self.total += seconds
        if self.said > FIRST:
            self.times = sorted([*self.times, (seconds, len(text), text[:60])], reverse=True)[:_SHOWN]

    def quarters(self) -> list[float]:
        """Memory at the end of each quarter of what was said after the warm-up."""
        warm = self.megabytes[min(WARM // EVERY, len(self.megabytes) // 2) :]
        return [warm[(len(warm) - 1) * part // 4] for part in range(5)] if warm else []


def hostile_strings(count: int, seed: int) -> Iterator[str]:
    """`count` strings, the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311 - a reproducible draw
    said = [case.say for case in load_cases()]
    for _ in range(count):
        lengths, repeats, most = _SHORT if draw.randrange(_ONE_LONG_IN) else _LONG
        pieces = [_piece(draw, said) for _ in range(draw.choice(lengths))]
        text = draw.choice(("", " ", " ", "-")).join(pieces) * draw.choice(repeats)
        yield text[: draw.choice(most)]


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


async def fuzz(encoder: Encoder, *, count: int, seed: int, seconds: float = float("inf")) -> Report:
    """Say `count` hostile strings to the engine, or as many as fit into `seconds`."""
    engine, report, draw = EmbeddedUnderstanding(encoder), Report(), random.Random(seed)  # noqa: S311 - reproducible
    bank = small_bank("en", "tr", "zh")
    await engine.prepare(bank)
    process, until = psutil.Process(), time.monotonic() + seconds
    for text in hostile_strings(count, seed):
        began = time.process_time()
        commands = await _read(engine, bank, situations(text, draw), report)
        report.took(time.process_time() - began, text)
        report.silent += not commands
        if report.said % EVERY == 0:
            report.megabytes.append(process.memory_info().rss / 1e6)
        if time.monotonic() > until:
            break
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
    seconds: Annotated[float, typer.Option(help="Stop after so long.")] = float("inf"),
) -> None:
    """Print what the engine made of hostile strings."""
    console = Console(highlight=False)
    report = asyncio.run(fuzz(open_encoder(), count=count, seed=seed, seconds=seconds))
    console.print(f"{report.said} strings: {len(report.raised)} raised, {report.silent} without a command")
    console.print(f"{1000 * report.total / max(1, report.said):.1f} ms of CPU each; the slowest:")
    for took, length, text in report.times:
        console.print(f"  {1000 * took:.0f} ms, {length} characters: {text!r}", markup=False)
    console.print(
        "MB of memory, after the warm-up and by quarters: " + ", ".join(f"{at:.0f}" for at in report.quarters())
    )
    for text, error in report.raised[:20]:
        console.print(f"{text!r}: {error}", markup=False)


if __name__ == "__main__":
    typer.run(main)
