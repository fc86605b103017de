"""
What can go wrong at the model edge, told apart: libraries raise from several unrelated trees.

* TroubleError   one call did not come to a usable answer; its Trouble says how
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import httpx2

if TYPE_CHECKING:
    import openai

TOO_LONG_A_PROMPT: Final = "context"
"""The detail of a prompt that is longer than the model can read."""
_OVERFLOW: Final = re.compile(r"context.{0,20}(length|size|window)|maximum context|prompt is too long|exceed_context")

FailureKind = Literal["unavailable", "timeout", "refused", "invalid", "budget", "incomplete"]


class AnswerTooLongError(Exception):
    """A backend sent more bytes than any answer needs."""


class StreamedUnaskedError(Exception):
    """A backend streamed although a whole answer was asked for."""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why a call came to nothing."""

    kind: FailureKind
    detail: str
    """A short code for logs and diagnostics, never the backend's words."""
    transient: bool = False
    """Worth one more try."""
    retry_after: float | None = None
    status: int | None = None
    parameter: str = ""
    """The request field the backend complained about, where it said so."""
    words: str = ""
    """What the backend said, lower case: only to learn what it does not support, never logged."""

    @property
    def code(self) -> str:
        """Kind and detail in one word."""
        return f"{self.kind}:{self.detail}"

    @property
    def backend_down(self) -> bool:
        """Whether the backend itself is in trouble, rather than this request."""
        return self.kind in {"unavailable", "timeout"}


class TroubleError(Exception):
    """One call did not come to a usable answer."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.code)
        self.trouble = trouble


def classify(error: BaseException) -> Trouble:
    """Name what an exception of the client libraries means."""
    import openai

    if any(isinstance(cause, AnswerTooLongError) for cause in _causes(error)):
        return Trouble(kind="invalid", detail="too_long")
    if any(isinstance(cause, StreamedUnaskedError) for cause in _causes(error)):
        return Trouble(kind="refused", detail="only_streams", status=400, words="only supports stream")
    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
        return Trouble(kind="timeout", detail="no_answer", transient=True)
    if isinstance(error, openai.APIStatusError):
        return _status(error)
    if isinstance(error, openai.APIConnectionError | httpx2.HTTPError | OSError):
        return Trouble(kind="unavailable", detail="connection", transient=True)
    if isinstance(error, openai.APIError):
        return Trouble(kind="unavailable", detail="error_event", transient=True, words=_words(error))
    return Trouble(kind="invalid", detail="unreadable", transient=True)


def _status(error: "openai.APIStatusError") -> Trouble:
    status, words = error.status_code, _words(error)
    detail = f"http_{status}"
    if status == 429:
        spent = error.code == "insufficient_quota"
        return Trouble(
            kind="unavailable",
            detail="quota" if spent else detail,
            transient=not spent,
            retry_after=_retry_after(error.response),
            status=status,
        )
    if status >= 500 or status in {408, 425}:
        return Trouble(
            kind="unavailable",
            detail=detail,
            transient=status != 501,
            retry_after=_retry_after(error.response),
            status=status,
            words=words,
        )
    if error.code == "context_length_exceeded" or _OVERFLOW.search(words):
        detail = TOO_LONG_A_PROMPT
    return Trouble(kind="refused", detail=detail, status=status, parameter=error.param or "", words=words)


def _words(error: "openai.APIError") -> str:
    return f"{error.message} {error.body}"[:4000].lower()


def _retry_after(response: httpx2.Response) -> float | None:
    try:
        seconds = float(response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds < 86_400 else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    for _ in range(10):
        if link is None:
            return
        yield link
        link = link.__cause__ or link.__context__
