"""Imported parts into a project's file: a new project, or added to one that is there, and only if it then checks."""

import io
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import JsonValue
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from config.checks import check
from config.errors import Problem, ProjectError
from config.loading import FILE, load
from importing.notes import ImportRefusedError
from importing.openapi import Imported, Part

SECTIONS: Final = ("slots", "intents", "actions", "auth")


@dataclass(frozen=True, kw_only=True)
class Saved:
    """What was written where."""

    path: Path
    added: Mapping[str, int]
    """By section of the file."""
    skipped: tuple[str, ...]
    """Intents that were there already."""
    warnings: tuple[Problem, ...]


def read_project(folder: Path) -> CommentedMap | None:
    """The project file of a folder, comments and all; None where there is none."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        found = _yaml().load(path.read_text("utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        raise ImportRefusedError(f"{path} cannot be read; `switchboard check` says why") from error
    if not isinstance(found, CommentedMap):
        raise ImportRefusedError(f"{path} is no project")
    return found


def locales_of(project: Mapping[str, object] | None) -> list[str]:
    """The locales of a project; English where it says none."""
    found = project.get("locales") if project else None
    return [str(one) for one in found] if isinstance(found, list) and found else ["en"]


def save(imported: Imported, folder: Path, *, locale: str = "en") -> Saved:
    """Write it, a new project in `locale`; raises ImportRefusedError.

    Raises ProjectError, and writes nothing, where the result would not pass its check.
    """
    project = read_project(folder)
    if project is None:
        project = _new(folder, locale)
    added, skipped = _merge(project, imported)
    text = io.StringIO()
    _yaml().dump(project, text)
    warnings = _checked(text.getvalue(), folder)
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / FILE, text.getvalue())
    return Saved(path=folder / FILE, added=added, skipped=tuple(skipped), warnings=tuple(warnings))


def _new(folder: Path, locale: str) -> CommentedMap:
    name = folder.resolve().name
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name):
        raise ImportRefusedError(f"{name!r} cannot be a project's name; expected lower-case letters, digits, _ and -")
    return CommentedMap(
        {"name": name, "tenant": "demo", "locales": [locale], "timezone": "UTC", "knowledge": {"enabled": False}}
    )


def _merge(project: CommentedMap, imported: Imported) -> tuple[dict[str, int], list[str]]:
    """Add what is not there yet: an intent and its action together, and of slots and auth what those use."""
    there = {section: project.get(section) or {} for section in SECTIONS}
    kept = [name for name in imported.intents if name in there["intents"] or name in there["actions"]]
    fresh: dict[str, dict[str, Part]] = {
        "intents": {name: one for name, one in imported.intents.items() if name not in kept},
        "actions": {name: one for name, one in imported.actions.items() if name not in kept},
    }
    slots = {slot for one in fresh["intents"].values() for slot in _keys(one.get("slots"))}
    auths = {one.get("auth") for one in fresh["actions"].values()}
    fresh["slots"] = {name: one for name, one in imported.slots.items() if name in slots - there["slots"].keys()}
    fresh["auth"] = {name: one for name, one in imported.auth.items() if name in auths - there["auth"].keys()}
    for section in SECTIONS:
        if fresh[section] and not project.get(section):
            project[section] = CommentedMap()
        if fresh[section]:
            project[section].update(fresh[section])
    return {section: len(fresh[section]) for section in SECTIONS}, kept


def _keys(value: JsonValue) -> set[str]:
    return set(value) if isinstance(value, dict) else set()


def _checked(text: str, folder: Path) -> list[Problem]:
    """The warnings of the project as it would be; raises ProjectError for its errors."""
    with tempfile.TemporaryDirectory() as place:
        trial = Path(place) / folder.resolve().name
        trial.mkdir()
        (trial / FILE).write_text(text, "utf-8")
        for name in ("knowledge", "prompts", "scenarios"):
            if (folder / name).is_dir():
                (trial / name).symlink_to((folder / name).resolve(), target_is_directory=True)
        loaded = load(trial)
        problems = check(loaded.version, reading=loaded.reading)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise ProjectError(errors)
    return [problem for problem in problems if problem.severity == "warning"]


def _replace(path: Path, text: str) -> None:
    """Whole or not at all."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)


def _yaml() -> YAML:
    yaml = YAML()
    yaml.width = 120
    yaml.preserve_quotes = True
    return yaml
