"""What a project needs from outside its file: environment variables, documents; opening hours; plain contradictions."""

from pathlib import PurePosixPath
from typing import Final

from config.checking.report import Report, texts_in
from config.hours import parse_hours
from config.reading import KeyPath
from config.secrets import names_in_environment

_RESOLVED: Final = frozenset({"actions", "auth", "transfer", "allow_hosts"})
_REQUEST_KEYS: Final = frozenset({"url", "headers", "query", "json", "body", "form", "text"})
_SECRETS: Final = frozenset({"token", "key", "password", "client_secret", "secret"})


def check_surroundings(report: Report) -> None:
    """Everything that points out of the file, and numbers that contradict each other."""
    _environment(report)
    _secrets(report)
    _sources(report)
    _hours(report)
    project = report.project
    if project.confidence.low > project.confidence.high:
        report.error(
            ("confidence", "low"),
            f"low {project.confidence.low} is above high {project.confidence.high}",
            "low at most high",
        )
    if project.session.hang_up == "stop" and project.session.busy in ("merge", "interrupt"):
        report.warn(
            ("session", "hang_up"),
            f"'stop' has no effect beside busy: {project.session.busy}, where several callers wait for one turn",
            "busy: queue or reject",
        )
    if len(set(project.locales)) < len(project.locales):
        report.error(("locales",), "a locale stands twice", "every locale once")


def _is_resolved(path: KeyPath) -> bool:
    if path[0] == "actions":
        return len(path) > 2 and path[2] in _REQUEST_KEYS
    return path[0] in _RESOLVED


def _environment(report: Report) -> None:
    """Each variable is named once, where it is first used."""
    unset: set[str] = set()
    for path, text in texts_in(report.reading.data):
        for name in sorted(names_in_environment(text) - unset):
            if not _is_resolved(path):
                report.warn(path, f"${{{name}}} is not replaced here and would be shown as it stands")
            elif name not in report.environment:
                unset.add(name)
                report.warn(
                    path, f"the environment variable {name} is not set", f"{name} in the environment or in .env"
                )


def _secrets(report: Report) -> None:
    data = report.reading.data
    for path, text in texts_in(data) if isinstance(data, dict) else ():
        if path[0] in ("auth", "transfer") and path[-1] in _SECRETS and text and not names_in_environment(text):
            report.warn(path, "a secret stands in the file", "a reference: ${NAME}")


def _sources(report: Report) -> None:
    knowledge = report.project.knowledge
    for position, source in enumerate(knowledge.paths if knowledge.enabled else []):
        path: KeyPath = ("knowledge", "sources", position)
        pure = PurePosixPath(source)
        if pure.is_absolute() or ".." in pure.parts:
            report.error(path, f"{source!r} lies outside the project's folder", "a path inside the project")
        elif not (report.folder / source).exists() and report.written(("knowledge", "sources")):
            report.error(path, f"there is no {source!r} in the project's folder", "a file or folder that exists")


def _hours(report: Report) -> None:
    hours = report.project.transfer.hours
    for piece in hours.split(",") if hours is not None else []:
        try:
            parse_hours(piece)
        except ValueError:
            report.error(
                ("transfer", "hours"), f"{piece.strip()!r} are no hours", "Mon-Fri 09:00-18:00, Sat 10:00-14:00"
            )
