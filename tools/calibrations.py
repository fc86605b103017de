"""Calibrations on disk: one file a version, `<tenant>/<project>/<version>.json`, found again by what it was fitted to.

A calibration holds for the knowledge and the encoder it was fitted with, and for nothing else. One of another version
of the project counts too while both are the same: how sure a passage is does not hang on a greeting.
"""

import json
import os
import shutil
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import JsonValue, TypeAdapter, ValidationError

from config.versions import Version
from dialogue.confidence import Calibration

Marks = tuple[tuple[str, int], ...]
"""Names and times of the files last read."""


@dataclass(frozen=True, kw_only=True)
class StoredCalibration:
    """Weights, what they were fitted to, and how good they are."""

    version: str
    encoder: str
    knowledge: str
    """Fingerprint of the documents."""
    fitted_at: str
    weights: Calibration
    figures: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Match:
    """The calibration to use, or why there is none."""

    calibration: Calibration | None = None
    notice: str | None = None


_FORM = TypeAdapter(StoredCalibration)


class Calibrations:
    """Reads and writes the files of one folder; safe between threads, and between processes as files appear whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._held: dict[Path, tuple[Marks, list[StoredCalibration]]] = {}

    def save(self, version: Version, stored: StoredCalibration) -> Path:
        """Keep a version's calibration; one it had is replaced."""
        folder = self._of(version.project.tenant, version.project.name)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{version.name}.json"
        fresh = path.with_suffix(f".{os.getpid()}.new")
        fresh.write_text(json.dumps(asdict(stored), ensure_ascii=False, indent=2) + "\n", "utf-8")
        fresh.replace(path)
        return path

    def add(self, version: Version, stored: StoredCalibration) -> None:
        """Keep a calibration that came with a version, where it has none of its own here."""
        if not (self._of(version.project.tenant, version.project.name) / f"{version.name}.json").is_file():
            self.save(version, stored)

    def chosen(self, version: Version, *, knowledge: str, encoder: str) -> StoredCalibration | None:
        """The calibration fitted to this knowledge and encoder, the version's own before another's."""
        all_of_it = self._read(self._of(version.project.tenant, version.project.name))
        fitting = [one for one in all_of_it if (one.knowledge, one.encoder) == (knowledge, encoder)]
        own = [one for one in fitting if _plain(one.version) == _plain(version.name)]
        return max(own or fitting, key=lambda one: one.fitted_at, default=None)

    def match(self, version: Version, *, knowledge: str, encoder: str) -> Match:
        """The calibration that serves, or why there is none."""
        chosen = self.chosen(version, knowledge=knowledge, encoder=encoder)
        if chosen is not None:
            return Match(calibration=chosen.weights)
        all_of_it = self._read(self._of(version.project.tenant, version.project.name))
        if not all_of_it:
            return Match()
        why = "encoder" if all(one.encoder != encoder for one in all_of_it) else "knowledge"
        project = version.project.name
        return Match(
            notice=f"the calibration was fitted to other {why} and is not used: run switchboard calibrate {project}"
        )

    def erase(self, tenant: str, project: str | None = None) -> None:
        """Forget a tenant's calibrations, or a project's."""
        shutil.rmtree(self._folder / tenant if project is None else self._of(tenant, project), ignore_errors=True)

    def _of(self, tenant: str, project: str) -> Path:
        return self._folder / tenant / project

    def _read(self, folder: Path) -> list[StoredCalibration]:
        """What is in a folder; read again only where a file came, went or changed."""
        files = sorted(folder.glob("*.json"))
        marks = tuple((path.name, _changed(path)) for path in files)
        with self._lock:
            held = self._held.get(folder)
            if held is None or held[0] != marks:
                held = marks, [one for path in files if (one := _load(path)) is not None]
                self._held[folder] = held
            return held[1]


def _load(path: Path) -> StoredCalibration | None:
    """A damaged file counts as none: the shipped weights serve."""
    try:
        return _FORM.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _plain(name: str) -> str:
    """A version's content hash: it stays when a working tree is published."""
    return name.removeprefix("draft-")
