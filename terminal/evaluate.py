"""`switchboard evaluate`: figures of a project on labelled messages, and against earlier ones."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue
from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.errors import ConfigError
from config.settings import Settings
from config.versions import Version
from graph.services import open_parts
from ingest.run import run_ingest
from measuring.calls import PRICE
from measuring.comparing import compare
from measuring.diagrams import INSTALL, can_draw, draw_calls, draw_confusion, draw_reliability
from measuring.evaluating import BothEngines, Evaluated, evaluate
from measuring.rows import Row
from scenarios.service import FixedVersions
from understanding.hybrid import HybridUnderstanding


async def evaluate_project(
    version: Version,
    settings: Settings,
    rows: Sequence[Row],
    *,
    diagrams: Path | None,
    console: Console,
    compare_engines: bool = True,
) -> Evaluated:
    """Train, bring the documents up to date, ask everything, and tell.

    With `compare_engines` a model reads every row, else only those the embedded engine is unsure of.
    """
    async with open_parts(settings, versions=FixedVersions([version])) as opened:
        with console.status("Learning the project's examples…"):
            await opened.parts.understanding.prepare(version)
        if version.project.knowledge.enabled and any(row.asks_knowledge for row in rows):
            base = opened.knowledge
            await base.run(lambda: run_ingest(version, knowledge=base, console=console))
        engine = opened.parts.understanding
        if compare_engines and isinstance(engine, HybridUnderstanding) and version.project.understanding != "embedded":
            engine = BothEngines(engine)
        with console.status(f"Asking {len(rows)} rows…"):
            done = await evaluate(
                version,
                rows,
                understanding=engine,
                knowledge=opened.knowledge,
                now=datetime.now(UTC),
            )
    tell(done.figures, console)
    if diagrams is not None:
        _draw(version, done, diagrams, console)
    return done


def read_figures(path: Path) -> dict[str, JsonValue]:
    """Figures written by an earlier run; raises ConfigError."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: not figures of an earlier run ({type(error).__name__})") from None
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: not figures of an earlier run")
    return found


def tell_difference(before: Mapping[str, JsonValue], after: Mapping[str, JsonValue], console: Console) -> None:
    """What rose and what fell."""
    table = Table("figure", "before", "now", "change", title=f"{before.get('version')} → {after.get('version')}")
    for one in compare(before, after):
        change = "" if one.change is None else f"{one.change:+.4f}"
        table.add_row(
            one.name, *("–" if value is None else f"{value:.4f}" for value in (one.before, one.after)), change
        )
    console.print(table if table.row_count else "No figure changed.")


def tell(figures: Mapping[str, JsonValue], console: Console) -> None:
    """The figures as tables."""
    table = Table("figure", "value", title=f"{figures['project']} {figures['version']}, {figures['rows']} rows")
    for part in ("intents", "slots", "retrieval", "confidence"):
        found = figures[part]
        if isinstance(found, dict):
            for name, value in found.items():
                if isinstance(value, int | float):
                    table.add_row(f"{part}: {name}", f"{value:g}")
    if figures["model_calls"] is not None:
        table.add_row("share of messages that asked a model", f"{figures['model_calls']:g}")
    console.print(table)
    _tell_doubts(figures["doubts"], console)
    _tell_calls(figures["calls"], console)
    _tell_confusion(figures["intents"], console)
    _tell_missed(figures["retrieval"], console)
    _tell_selective(figures["confidence"], console)


def _tell_calls(calls: JsonValue, console: Console) -> None:
    if not isinstance(calls, dict) or not isinstance(calls["points"], list):
        return
    heard = calls["model_alone"] is not None
    asked = "would be asked" if not heard else "is asked"
    table = Table(
        *("sure", "asked about", "understood", "kept and right"), title=f"What a model brings where it {asked}"
    )
    told = {repr(point): point for point in [*calls["points"], calls["now"]] if isinstance(point, dict)}
    for point in sorted(told.values(), key=lambda point: float(str(point["sure"]))):
        mark = " ".join(name for name in ("now", "suggested") if calls[name] == point)
        understood = f"{point['accuracy']:.1%}" if heard else f"at most {point['ceiling']:.1%}"
        kept = "–" if point["kept_right"] is None else f"{point['kept_right']:.1%}"
        table.add_row(f"{point['sure']:g} {mark}".strip(), f"{point['asked']:.1%}", understood, kept)
    console.print(table)
    console.print(_told(calls), markup=False, highlight=False)


def _told(calls: Mapping[str, JsonValue]) -> str:
    alone = f"The embedded engine alone understands {calls['embedded_alone']:.1%}"
    few = f" Only {calls['messages']} messages: an idea, no more." if calls["few"] else ""
    best = calls["suggested"]
    if not isinstance(best, dict):
        return f"{alone}; no model is configured, so what one would bring is not known.{few}"
    return (
        f"{alone}, the model alone {calls['model_alone']:.1%}. `sure: {best['sure']:g}` asks it about "
        f"{best['asked']:.1%} and understands {best['accuracy']:.1%}; beyond it fewer than {PRICE:.0%} of further "
        f"calls set a message right.{few}"
    )


def _tell_confusion(intents: JsonValue, console: Console) -> None:
    pairs = intents.get("confusion") if isinstance(intents, dict) else None
    wrong = [one for one in pairs if one["expected"] != one["understood"]] if isinstance(pairs, list) else []  # type: ignore[index, call-overload]  # our own figures
    if wrong:
        table = Table("expected", "understood", "times", title="Confused")
        for one in wrong:
            table.add_row(*(str(one[name]) for name in ("expected", "understood", "count")))  # type: ignore[index, call-overload]  # our own figures
        console.print(table)


def _tell_doubts(found: JsonValue, console: Console) -> None:
    for one in found if isinstance(found, list) else []:
        console.print(str(one), style="yellow", markup=False, highlight=False)


def _tell_missed(retrieval: JsonValue, console: Console) -> None:
    missed = retrieval.get("missed") if isinstance(retrieval, dict) else None
    if isinstance(missed, list) and missed:
        table = Table("question", "its passage is", "first is", title="Another passage comes first")
        for one in missed:
            if isinstance(one, dict):
                place = one["place"]
                rank = f"{place + 1}." if isinstance(place, int) else "not found"
                table.add_row(Text(str(one["message"])), rank, Text(str(one["found"])))
        console.print(table)


def _tell_selective(confidence: JsonValue, console: Console) -> None:
    shares = confidence.get("selective") if isinstance(confidence, dict) else None
    if isinstance(shares, list):
        table = Table("answered", "right", "confidence from", title="If only the surest are answered")
        for one in shares:
            if isinstance(one, dict):
                table.add_row(*(f"{one[name]:g}" for name in ("answered", "right", "confidence")))
        console.print(table)


def _draw(version: Version, done: Evaluated, folder: Path, console: Console) -> None:
    if not can_draw():
        console.print(INSTALL, style="dim", markup=False)
        return
    title = f"{version.project.name} {version.name}"
    calls = done.figures["calls"]
    if isinstance(calls, dict):
        draw_calls(folder / "calls.png", calls, title=title)
        console.print(f"Accuracy against model calls: {folder / 'calls.png'}", markup=False, highlight=False)
    if done.confusion:
        draw_confusion(folder / "confusion.png", done.confusion, title=title)
        console.print(f"Confusion matrix: {folder / 'confusion.png'}", markup=False, highlight=False)
    if done.confidence is not None:
        draw_reliability(folder / "reliability.png", {"measured": done.confidence}, title=title)
        console.print(f"Reliability diagram: {folder / 'reliability.png'}", markup=False, highlight=False)
