"""Finds the files of a project's knowledge, and only those: nothing outside its folder, nothing behind a link."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from config.project import Knowledge, KnowledgeSource
from ingest.documents import UnreadableFileError
from ingest.limits import MAX_FILE_BYTES
from ingest.loaders import LOADERS, unknown_kind


@dataclass(frozen=True)
class Meant:
    """For whom a document is; without channels and labels for everybody."""

    labels: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceFile:
    """A file to read, and how it is called."""

    path: Path
    source: str
    """Relative to the project's folder, with slashes; of a file from elsewhere its name."""
    meant: Meant = Meant()

    def read(self) -> bytes:
        """Its bytes; raises UnreadableFileError."""
        try:
            with self.path.open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise UnreadableFileError(f"cannot be opened: {error.strerror}") from error
        if len(data) > MAX_FILE_BYTES:
            raise UnreadableFileError(f"the file has more than {MAX_FILE_BYTES} bytes")
        return data


def project_files(folder: Path, knowledge: Knowledge) -> tuple[list[SourceFile], list[tuple[str, str]]]:
    """The project's knowledge files by name, and what of its sources is refused, with the reason."""
    root = folder.resolve()
    files: dict[str, SourceFile] = {}
    failed: list[tuple[str, str]] = []
    for source in knowledge.paths:
        start = root / source
        if not start.resolve().is_relative_to(root):
            failed.append((source, "lies outside the project's folder"))
            continue
        for path in _walk(start):
            name = path.relative_to(root).as_posix()
            why = _refusal(path, root)
            if why:
                failed.append((name, why))
            else:
                files[name] = SourceFile(path, name, meant_for(name, knowledge))
    return [files[name] for name in sorted(files)], sorted(failed)


def named_files(
    folder: Path, paths: Iterable[Path], knowledge: Knowledge
) -> tuple[list[SourceFile], list[tuple[str, str]]]:
    """Files and folders somebody named; those of the project's folder keep the name they have there."""
    root = folder.resolve()
    files: list[SourceFile] = []
    failed: list[tuple[str, str]] = []
    for start in paths:
        if not start.exists():
            failed.append((str(start), "there is no such file"))
            continue
        for path in _walk(start):
            inside = path.resolve().is_relative_to(root)
            name = path.resolve().relative_to(root).as_posix() if inside else path.relative_to(start.parent).as_posix()
            if path.suffix.lower() in LOADERS:
                files.append(SourceFile(path, name, meant_for(name, knowledge)))
            else:
                failed.append((name, unknown_kind(path.suffix)))
    return files, failed


def meant_for(name: str, knowledge: Knowledge) -> Meant:
    """What every source that holds the file says together."""
    labels: dict[str, None] = {}
    channels: dict[str, None] = {}
    for one in knowledge.sources:
        if isinstance(one, KnowledgeSource) and PurePosixPath(name).is_relative_to(PurePosixPath(one.path)):
            labels |= dict.fromkeys(one.labels)
            channels |= dict.fromkeys(one.channels)
    return Meant(tuple(labels), tuple(channels))


def safe_name(name: str) -> str:
    """The name of an upload without any folder; raises UnreadableFileError where nothing is left."""
    cleaned = "".join(char for char in PurePosixPath(name.replace("\\", "/")).name if char.isprintable()).strip()
    if not cleaned.strip("."):
        raise UnreadableFileError("the file has no usable name")
    if PurePosixPath(cleaned).suffix.lower() not in LOADERS:
        raise UnreadableFileError(unknown_kind(PurePosixPath(cleaned).suffix))
    return cleaned[-200:]


def _walk(start: Path) -> Iterator[Path]:
    if start.is_file():
        yield start
        return
    for path in sorted(start.rglob("*")):
        hidden = any(part.startswith((".", "~$")) for part in path.relative_to(start).parts)
        if not hidden and (path.is_file() or path.is_symlink()):
            yield path


def _refusal(path: Path, root: Path) -> str | None:
    if path.is_symlink() or not path.resolve().is_relative_to(root):
        return "is a link, which is not followed"
    if path.suffix.lower() not in LOADERS:
        return unknown_kind(path.suffix)
    return None
