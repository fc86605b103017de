"""Diagrams as PNG, where matplotlib is installed; it is an extra, and nothing else needs it."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from pydantic import JsonValue

from measuring.figures import Judged, bands, calibration_error

INSTALL = "no diagram: matplotlib is not installed; install the extra: switchboard[evaluate]"
_MOST_LABELS = 60


def can_draw() -> bool:
    """Whether matplotlib can be imported."""
    return find_spec("matplotlib") is not None


def draw_reliability(path: Path, series: Mapping[str, Judged], *, title: str) -> None:
    """How often answers of each confidence were right: on the diagonal a number means what it says."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 7), layout="constrained")
    top, below = figure.subplots(2, 1, height_ratios=[3, 1], sharex=True)
    top.plot([0, 1], [0, 1], color="0.7", linestyle="--", label="ideal")
    width = 0.08 / max(len(series), 1)
    for at, (name, judged) in enumerate(series.items()):
        found = bands(judged)
        top.plot(
            [band.confidence for band in found],
            [band.right for band in found],
            marker="o",
            label=f"{name} (ECE {calibration_error(judged):.3f})",
        )
        below.bar([band.confidence + at * width for band in found], [band.share for band in found], width=width)
    top.set(title=title, ylabel="share of right answers", xlim=(0, 1), ylim=(0, 1.02))
    top.legend(loc="upper left")
    below.set(xlabel="confidence", ylabel="share of questions")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def draw_calls(path: Path, calls: Mapping[str, JsonValue], *, title: str) -> None:
    """Accuracy against the share of messages a model is asked about; one point is one value of `sure`."""
    from matplotlib.figure import Figure

    curve = _points(calls["points"])
    shares = [point["asked"] for point in curve]
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    axes.axhline(_number(calls["embedded_alone"]), color="0.6", linestyle=":", label="embedded alone")
    axes.plot(shares, [point["ceiling"] for point in curve], color="0.8", linestyle="--", label="a model never wrong")
    if calls["model_alone"] is not None:
        axes.axhline(_number(calls["model_alone"]), color="0.6", linestyle="-.", label="model alone")
        axes.plot(shares, [point["accuracy"] for point in curve], marker="o", label="hybrid")
    for name, mark in (("now", "s"), ("suggested", "*")):
        for point in _points([calls[name]]):
            height = point["accuracy"] if calls["model_alone"] is not None else point["ceiling"]
            label = f"{name}: sure {point['sure']:g} asks for {point['asked']:.1%}"
            axes.plot([point["asked"]], [height], marker=mark, markersize=12, linestyle="none", label=label)
    axes.set(title=title, xlabel="share of messages the model is asked about", ylabel="understood rightly")
    axes.set_xlim(-0.02, 1.02)
    axes.legend(loc="lower right")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def _points(given: JsonValue) -> list[dict[str, float]]:
    listed = given if isinstance(given, list) else []
    return [{name: _number(value) for name, value in one.items()} for one in listed if isinstance(one, dict)]


def _number(value: JsonValue) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def draw_confusion(path: Path, confusion: Mapping[tuple[str, str], int], *, title: str) -> None:
    """Expected against understood; the labels most often confused first where there are too many."""
    from matplotlib.figure import Figure

    labels = _labels(confusion)
    at = {label: place for place, label in enumerate(labels)}
    cells = [[0] * len(labels) for _ in labels]
    for (wanted, found), count in confusion.items():
        if wanted in at and found in at:
            cells[at[wanted]][at[found]] += count
    side = max(4.0, 0.32 * len(labels) + 2.5)
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.subplots()
    axes.imshow(cells, cmap="Blues")
    axes.set(title=title, xlabel="understood", ylabel="expected")
    axes.set_xticks(range(len(labels)), labels, rotation=90)
    axes.set_yticks(range(len(labels)), labels)
    for row, counts in enumerate(cells):
        for column, count in enumerate(counts):
            if count:
                dark = count > max(map(max, cells)) / 2
                axes.text(column, row, str(count), ha="center", va="center", color="white" if dark else "black")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def _labels(confusion: Mapping[tuple[str, str], int]) -> list[str]:
    names = sorted({name for pair in confusion for name in pair})
    if len(names) <= _MOST_LABELS:
        return names
    wrong = dict.fromkeys(names, 0)
    for (wanted, found), count in confusion.items():
        if wanted != found:
            wrong[wanted] += count
            wrong[found] += count
    return sorted(sorted(names, key=lambda name: -wrong[name])[:_MOST_LABELS])
