"""A new project from the starter beside this module."""

from collections.abc import Iterator
from pathlib import Path
from re import fullmatch
from typing import Final

STARTER: Final = Path(__file__).parent / "starter"
_NAME: Final = r"[a-z0-9][a-z0-9_-]{0,63}"


class StartError(Exception):
    """A new project cannot be written there."""


def start_project(folder: Path) -> list[Path]:
    """Write the starter into `folder`, called after it; returns the files written."""
    name = folder.resolve().name
    if not fullmatch(_NAME, name):
        raise StartError(f"{name!r} cannot be a project's name; expected lower-case letters, digits, _ and -")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StartError(f"{folder} exists and is not an empty folder; expected a new one")
    return list(_copied(folder, name))


def _copied(folder: Path, name: str) -> Iterator[Path]:
    for source in sorted(path for path in STARTER.rglob("*") if path.is_file()):
        target = folder / source.relative_to(STARTER)
        text = source.read_text("utf-8")
        if target.name == "project.yaml":
            text = text.replace("name: starter\n", f"name: {name}\n", 1)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
        except OSError as error:
            raise StartError(f"{target} cannot be written: {error.strerror}") from error
        yield target
