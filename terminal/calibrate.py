"""`switchboard calibrate`: fits a project's confidence to its own knowledge and says how good it is."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue
from rich.console import Console
from rich.table import Table

from config.settings import Settings
from config.versions import Version
from ingest.run import run_ingest
from measuring.calibrating import Calibrated, calibrate
from measuring.diagrams import INSTALL, can_draw, draw_reliability
from measuring.rows import Row
from terminal.ingest import open_knowledge_base


async def calibrate_project(
    version: Version,
    settings: Settings,
    *,
    rows: Sequence[Row],
    diagram: Path | None,
    report: Path | None,
    console: Console,
) -> Calibrated:
    """Bring the documents up to date, fit, store, and tell; raises ConfigError or KnowledgeError."""
    knowledge = open_knowledge_base(settings)
    try:
        await knowledge.run(lambda: run_ingest(version, knowledge=knowledge, console=console))
        with console.status("Asking the documents about themselves…"):
            done = await calibrate(version, knowledge, rows=rows, now=datetime.now(UTC))
        if knowledge.calibrations is None:
            raise RuntimeError("the knowledge base of a project keeps calibrations")
        kept = knowledge.calibrations.save(version, done.stored)
    finally:
        knowledge.close()
    _tell(done, console)
    console.print(f"Stored as {kept}; it counts from the next question on.", markup=False, highlight=False)
    _write(done, report)
    _draw(version, done, diagram or kept.with_suffix(".png"), console)
    return done


def _write(done: Calibrated, report: Path | None) -> None:
    if report is not None:
        report.write_text(json.dumps(dict(done.stored.figures), ensure_ascii=False, indent=2) + "\n", "utf-8")


def _draw(version: Version, done: Calibrated, path: Path, console: Console) -> None:
    if not can_draw():
        console.print(INSTALL, style="dim", markup=False)
        return
    series = {"shipped": done.before, "fitted, cross-validated": done.after}
    draw_reliability(path, series, title=f"{version.project.name} {version.name}")
    console.print(f"Reliability diagram: {path}", markup=False, highlight=False)


def _tell(done: Calibrated, console: Console) -> None:
    figures = done.stored.figures
    for one in done.doubts:
        console.print(one, style="yellow", markup=False, highlight=False)
    made = figures["questions"]
    counts = "; ".join(f"{count} {kind}" for kind, count in made.items()) if isinstance(made, dict) else ""
    console.print(f"Questions: {counts}", markup=False, highlight=False)
    table = Table("figure", "shipped weights", "fitted (cross-validated)", title="Is the best passage right?")
    before, after = figures["shipped"], figures["fitted"]
    for name, label in (("auroc", "AUROC"), ("ece", "ECE")):
        table.add_row(label, _shown(before, name), _shown(after, name))
    for at, share in enumerate(_list(after, "selective")):
        answered = share.get("answered") if isinstance(share, dict) else None
        row = [_shown(_list(one, "selective")[at], "right") for one in (before, after)]
        table.add_row(f"right, where the surest {answered:.0%} are answered", *row)
    console.print(table)
    if not done.better:
        console.print(
            "The fit judges questions it has not seen no better than the shipped weights, which are kept.",
            markup=False,
            highlight=False,
        )
    weights = done.stored.weights
    own = (
        (weights.coverage, "c"),
        (weights.told, "t"),
        (weights.coverage_margin, "(c − c2)"),
        (weights.sentence_margin, "(n1 − n2)"),
    )
    console.print(
        f"p = sigmoid({weights.intercept:g} + {weights.lift:g}·(s1 − b) + {weights.margin:g}·(s1 − s2)"
        + "".join(f" + {weight:g}·{name}" for weight, name in own if weight)
        + f" + {weights.crossing:g} where the language differs)",
        markup=False,
        highlight=False,
    )


def _list(figures: JsonValue, name: str) -> list[JsonValue]:
    found = figures.get(name) if isinstance(figures, dict) else None
    return found if isinstance(found, list) else []


def _shown(figures: JsonValue, name: str) -> str:
    value = figures.get(name) if isinstance(figures, dict) else None
    return f"{value:.3f}" if isinstance(value, float) else "–"
