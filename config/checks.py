"""Is this project as its author means it? Every problem at once, each at its place.

An error breaks the bot or a part of it; a warning works and is probably not meant. Nothing here calls a model, a
network or an API.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from config.checking.actions import check_actions
from config.checking.examples import check_examples
from config.checking.names import check_names
from config.checking.prompts import check_prompts
from config.checking.report import Report
from config.checking.slots import check_slots
from config.checking.surroundings import check_surroundings
from config.checking.texts import check_texts
from config.errors import Problem
from config.loading import FILE
from config.reading import KeyPath, Reading, read_file
from config.versions import Version

NOT_SUPPORTED_YET: Final[Mapping[str, frozenset[str] | None]] = {}
"""Keys that are read and not yet carried out: the values concerned, or None for any. `*` stands for one name."""

_CHECKS: Final[Sequence[Callable[[Report], None]]] = (
    check_names,
    check_slots,
    check_examples,
    check_texts,
    check_actions,
    check_surroundings,
    check_prompts,
)


def check(
    version: Version, *, reading: Reading | None = None, environment: Mapping[str, str] | None = None
) -> list[Problem]:
    """Every problem of a project that could be read, in the order of the file."""
    report = Report(
        project=version.project,
        folder=version.folder,
        reading=reading or read_file(version.folder / FILE, FILE),
        environment=os.environ if environment is None else environment,
    )
    for run in _CHECKS:
        run(report)
    _not_supported(report)
    return sorted(set(report.problems))


def _not_supported(report: Report) -> None:
    for path in report.reading.keys:
        values = next((found for key, found in NOT_SUPPORTED_YET.items() if _fits(key, path)), frozenset[str]())
        written = str(_value(report, path))
        if values is None or written in values:
            report.warn(path, f"not supported yet: {path[-1]}: {written} is read and has no effect")


def _fits(key: str, path: KeyPath) -> bool:
    parts = key.split(".")
    return len(parts) == len(path) and all(part in ("*", str(step)) for part, step in zip(parts, path, strict=True))


def _value(report: Report, path: KeyPath) -> object:
    value: object = report.reading.data
    for step in path:
        if isinstance(value, dict | list):
            value = value[step]  # type: ignore[index] # the path comes from this very value
    return value


def check_namesakes(version: Version) -> list[Problem]:
    """Other folders beside this one that give the same project of the same tenant."""
    found = []
    for path in sorted(version.folder.resolve().parent.glob(f"*/{FILE}")):
        if path.parent == version.folder.resolve():
            continue
        other = read_file(path, FILE).data
        if not isinstance(other, dict) or other.get("name") != version.project.name:
            continue
        if other.get("tenant", "default") == version.project.tenant:
            own = read_file(version.folder / FILE, FILE).place(("name",))
            found.append(
                Problem(
                    file=FILE,
                    line=own.line,
                    column=own.column,
                    key="name",
                    message=f"the folder {path.parent.name!r} gives the same tenant a project of this name",
                    expected="another name or another tenant",
                )
            )
    return found
