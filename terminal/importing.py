"""`switchboard import`: reads a foreign file, writes a project, says what was left out."""

from collections.abc import Callable
from pathlib import Path

from importing.openapi import import_openapi
from importing.rasa import import_rasa
from importing.saving import Saved, locales_of, read_project, save

Say = Callable[[str], None]


def import_openapi_file(file: Path, folder: Path | None, *, only: str | None, say: Say) -> Saved:
    """Import an OpenAPI document into a project's folder; a new one called after the document where none is given."""
    there = read_project(folder) if folder is not None else None
    imported = import_openapi(file, locales=locales_of(there), only=only)
    saved = save(imported, folder or Path(imported.name))
    for line in imported.notes:
        say(line)
    tell(saved, say)
    return saved


def import_rasa_folder(source: Path, folder: Path | None, *, say: Say) -> Saved:
    """Import a Rasa assistant's folder into a project; a new one called after it where none is given."""
    imported, language = import_rasa(source)
    saved = save(imported, folder or Path(f"{imported.name}_bot"), locale=language)
    for line in imported.notes:
        say(line)
    tell(saved, say)
    return saved


def tell(saved: Saved, say: Say) -> None:
    """What was written, and what is to be done next."""
    for name in saved.skipped:
        say(f"{name}: there already, kept as it was")
    told = ", ".join(f"{number} {section}" for section, number in saved.added.items() if number)
    say(f"{saved.path}: added {told or 'nothing'}; {len(saved.warnings)} warnings")
    say(f"Next: see that each intent has examples, then switchboard check {saved.path.parent}")
