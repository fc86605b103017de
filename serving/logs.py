"""How the process logs: one line an event, as JSON or for people; never a customer's words, nor persons' numbers."""

import io
import logging
import sys
from collections.abc import Callable
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, ExcInfo

from dialogue.privacy import hide_identifiers
from serving.text import shown

Redact = Callable[[str], str]


def configure_logs(style: Literal["json", "text"], redact: Redact | None = None, *, level: int = logging.INFO) -> None:
    """Send structlog's and the standard library's events to stderr in one form, `redact` having the last look."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: structlog.typing.Processor
    if style == "json":
        # Without the locals of each frame: they hold what customers said and what keys open.
        frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        shared.append(structlog.processors.ExceptionRenderer(frames))
        last = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        last = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_plain_traceback)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    handler = logging.StreamHandler(sys.stderr)
    # On the finished line, so that a key, an exception's text and another library's words are seen too.
    looked_over = [] if redact is None else [_Looked(redact)]
    harmless = _harmless_json if style == "json" else _harmless_line
    processors = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, harmless, last, *looked_over]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=processors))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # They tell of every request, addresses and all.
    for name in ("httpx", "httpx2", "httpcore2", "chromadb", "uvicorn.access", "watchfiles", "aiosqlite"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _plain_traceback(out: TextIO, error: ExcInfo) -> None:
    written = io.StringIO()
    structlog.dev.plain_traceback(written, error)
    out.write(hide_identifiers(shown(written.getvalue())))


def _harmless_json(logger: object, name: str, event: EventDict) -> EventDict:  # noqa: ARG001 - structlog's signature
    return {key: value if key == "timestamp" else _harmless(value) for key, value in event.items()}


def _harmless_line(logger: object, name: str, event: EventDict) -> EventDict:
    """Every value on its line, so that no text can pass for a line of the log."""
    kept = ("exception", "stack")
    return {
        key: value.replace("\n", "\\n") if isinstance(value, str) and key not in kept else value
        for key, value in _harmless_json(logger, name, event).items()
    }


def _harmless(value: object) -> object:
    """A value without what would act on the terminal that shows the log, and without persons' numbers.

    Whoever raised an error may have quoted a customer in it.
    """
    if isinstance(value, str):
        return hide_identifiers(shown(value))
    if isinstance(value, dict):
        return {_harmless(key): _harmless(item) for key, item in value.items()}
    # Not a tuple: one of them is an error on its way to be formatted.
    return [_harmless(item) for item in value] if isinstance(value, list) else value


class _Looked:
    """A processor after the renderer: the line, without secrets."""

    def __init__(self, redact: Redact) -> None:
        self._redact = redact

    def __call__(self, logger: object, name: str, line: object) -> str:  # noqa: ARG002 - structlog's signature
        return self._redact(str(line))
