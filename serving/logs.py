"""How the process logs: one line an event, as JSON or for people; never a customer's words."""

import logging
import sys
from collections.abc import Callable
from typing import Literal

import structlog

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
        plain = structlog.dev.plain_traceback
        last = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    handler = logging.StreamHandler(sys.stderr)
    # On the finished line, so that a key, an exception's text and another library's words are seen too.
    looked_over = [] if redact is None else [_Looked(redact)]
    processors = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, last, *looked_over]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=processors))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # They tell of every request, addresses and all.
    for name in ("httpx", "httpx2", "httpcore2", "chromadb", "uvicorn.access", "watchfiles", "aiosqlite"):
        logging.getLogger(name).setLevel(logging.WARNING)


class _Looked:
    """A processor after the renderer: the line, without secrets."""

    def __init__(self, redact: Redact) -> None:
        self._redact = redact

    def __call__(self, logger: object, name: str, line: object) -> str:  # noqa: ARG002 - structlog's signature
        return self._redact(str(line))
