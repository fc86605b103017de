"""From a project's files to its knowledge: read, cut, compare with what is stored, write what differs."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from config.versions import Version
from ingest.documents import Content, UnreadableFileError
from ingest.language import foreign_locale, locale_in_name, recognise, without_locale
from ingest.passages import cut
from ingest.reader import FileReader
from ingest.sources import Meant, SourceFile, named_files, project_files, safe_name
from tools.knowledge import ChromaKnowledge, scope_of
from tools.knowledge_errors import EncoderMismatchError
from tools.knowledge_records import DocumentRecord, NewDocument, Origin

PROCESSING = "4"
"""Part of every content hash: raised when passages are cut or embedded in another way, so that all are made anew."""

EVERYBODYS = Meant()

Report = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


@dataclass(kw_only=True)
class IngestSummary:
    """What one ingestion did, document by document."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    """File and why it could not be read; its older version, if any, stays."""
    passages: int = 0
    """In the knowledge base afterwards."""


def ingest_project(
    version: Version,
    *,
    knowledge: ChromaKnowledge,
    paths: Sequence[Path] = (),
    rebuild: bool = False,
    report: Report | None = None,
    reader: FileReader | None = None,
) -> IngestSummary:
    """Bring the knowledge base to what the project's files say; blocking.

    With `paths` only those are read, and nothing counts as gone. Raises KnowledgeError where nothing can be stored.
    """
    _refuse_other_encoder(version, knowledge, rebuild=rebuild)
    if paths:
        files, failed = named_files(version.folder, paths, version.project.knowledge)
    else:
        files, failed = project_files(version.folder, version.project.knowledge)
    summary = IngestSummary(failed=failed)
    stored = {document.id: document for document in knowledge.documents(scope_of(version))}
    reading = _Reading(version, stored, summary, report)
    with reader or FileReader() as opened:
        reading.read_all(files, opened, again=rebuild)
    gone = [] if paths else [one for one in stored.values() if one.origin == "folder" and one.id not in reading.seen]
    summary.removed = sorted(one.source for one in gone)
    if reading.fresh or gone or rebuild:
        knowledge.write(
            scope_of(version),
            add=reading.fresh,
            remove=[one.id for one in gone],
            locales=version.project.locales,
            rebuild=rebuild,
            progress=(lambda done, total: report("embedding", done, total)) if report else None,
        )
    summary.passages = sum(one.passages for one in knowledge.documents(scope_of(version)))
    return summary


def add_document(
    version: Version,
    name: str,
    data: bytes,
    *,
    knowledge: ChromaKnowledge,
    meant: Meant = EVERYBODYS,
    reader: FileReader | None = None,
) -> DocumentRecord:
    """Store one uploaded file, replacing an upload of the same name; blocking.

    Raises UnreadableFileError for the file and KnowledgeError for the store.
    """
    source = safe_name(name)
    _refuse_other_encoder(version, knowledge, rebuild=False)
    with reader or FileReader() as reading:
        document = build_document(version, source, data, reading.read(source, data), origin="upload", meant=meant)
    knowledge.write(scope_of(version), add=[document], remove=(), locales=version.project.locales)
    return next(one for one in knowledge.documents(scope_of(version)) if one.id == document.id)


def build_document(
    version: Version, source: str, data: bytes, content: Content, *, origin: Origin, meant: Meant = EVERYBODYS
) -> NewDocument:
    """A document ready to be stored."""
    locales = version.project.locales
    named, family = locale_in_name(source, locales)
    locale = named or recognise(_sample(content), locales)
    return NewDocument(
        id=_identify(origin, source),
        source=source,
        origin=origin,
        title=without_locale(content.title, locales)[:300],
        locale=locale,
        family=family,
        hash=_fingerprint(data, locales, meant),
        passages=cut(content, locale=locale),
        labels=meant.labels,
        channels=meant.channels,
    )


def run_ingest(
    version: Version,
    *,
    knowledge: ChromaKnowledge,
    console: Console,
    paths: Sequence[Path] = (),
    rebuild: bool = False,
) -> IngestSummary:
    """The same with a progress bar and a summary on `console`; one line on it for each file that failed."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        tasks = {name: bar.add_task(name, total=None, visible=False) for name in ("reading", "embedding")}

        def report(name: str, done: int, total: int) -> None:
            bar.update(tasks[name], completed=done, total=total, visible=True)

        summary = ingest_project(version, knowledge=knowledge, paths=paths, rebuild=rebuild, report=report)
    for source, why in summary.failed:
        told = "".join(each if each.isprintable() else "\ufffd" for each in f"{source}: {why}")
        console.print(told, style="red", markup=False, highlight=False)
    console.print(
        f"{version.project.name}: {len(summary.added)} added, {len(summary.changed)} changed, "
        f"{len(summary.unchanged)} unchanged, {len(summary.removed)} removed, {len(summary.failed)} failed; "
        f"{summary.passages} passages",
        markup=False,
        highlight=False,
    )
    for one in knowledge.documents(scope_of(version)):
        if foreign := foreign_locale(one.source, version.project.locales):
            console.print(
                f"{one.source}: its name says {foreign}, which is not among `locales` "
                f"({', '.join(version.project.locales)}); it is read as {one.locale}",
                markup=False,
                highlight=False,
            )
    for locale, count in untranslated(knowledge.documents(scope_of(version)), version.project.locales).items():
        others = ", ".join(one for one in version.project.locales if one != locale)
        console.print(
            f"documents in {locale} only: {count}; what is asked in {others} finds them less surely",
            markup=False,
            highlight=False,
        )
    return summary


def untranslated(documents: Sequence[DocumentRecord], locales: Sequence[str]) -> dict[str, int]:
    """Language → how many documents stand in none of the project's other languages."""
    families: dict[str, set[str]] = {}
    for one in documents:
        families.setdefault(one.family, set()).add(one.locale)
    alone = Counter(next(iter(found)) for found in families.values() if len(found) == 1)
    return {locale: alone[locale] for locale in locales if alone[locale]} if len(locales) > 1 else {}


class _Reading:
    """Reads the files of one run and notes what became of each."""

    def __init__(
        self, version: Version, stored: Mapping[str, DocumentRecord], summary: IngestSummary, report: Report | None
    ) -> None:
        self._version = version
        self._stored = stored
        self._summary = summary
        self._report = report
        self.fresh: list[NewDocument] = []
        """The documents to write."""
        self.seen = {_identify("folder", source) for source, _ in summary.failed}
        """Ids of all whose files are there; one that is refused keeps its stored version."""

    def read_all(self, files: Sequence[SourceFile], reader: FileReader, *, again: bool) -> None:
        """Read the files that differ from what is stored; all of them with `again`."""
        for number, file in enumerate(files):
            if self._report:
                self._report("reading", number, len(files))
            self.seen.add(_identify("folder", file.source))
            try:
                self._read(file, reader, again=again)
            except UnreadableFileError as error:
                self._summary.failed.append((file.source, str(error)))
        if self._report:
            self._report("reading", len(files), len(files))

    def _read(self, file: SourceFile, reader: FileReader, *, again: bool) -> None:
        data = file.read()
        known = self._stored.get(_identify("folder", file.source))
        same = known is not None and known.hash == _fingerprint(data, self._version.project.locales, file.meant)
        if same and not again:
            self._summary.unchanged.append(file.source)
            return
        content = reader.read(file.source, data)
        self.fresh.append(build_document(self._version, file.source, data, content, origin="folder", meant=file.meant))
        done = self._summary.added if known is None else self._summary.unchanged if same else self._summary.changed
        done.append(file.source)


def _refuse_other_encoder(version: Version, knowledge: ChromaKnowledge, *, rebuild: bool) -> None:
    """Before anything is read: vectors of two engines cannot stand in one knowledge base."""
    built = knowledge.encoder_of(scope_of(version))
    if built is not None and built != knowledge.encoder.name and not rebuild:
        raise EncoderMismatchError(project=version.project.name, built=built, configured=knowledge.encoder.name)


def _identify(origin: Origin, source: str) -> str:
    return hashlib.sha256(f"{origin}\0{source}".encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _fingerprint(data: bytes, locales: Sequence[str], meant: Meant) -> str:
    head = f"{PROCESSING}\0{','.join(locales)}\0".encode()
    if meant != EVERYBODYS:
        head += json.dumps([meant.labels, meant.channels]).encode()
    return hashlib.sha256(head + data).hexdigest()


def _sample(content: Content) -> str:
    rows = [f"{row.question} {row.answer}" for row in content.faq[:20]]
    return "\n".join([content.text[:3000], *rows, *content.rows[:20]])
