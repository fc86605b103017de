"""What an answer, or the lack of one, proves about an action: pure judgement, no I/O."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from pydantic import JsonValue

from config.project import Action, ErrorKind
from tools.errors import ActionError, NoAnswerError, UnusableAnswerError
from tools.http import Answer
from tools.results import read_result, reference_of

PROCESSED: Final = frozenset({400, 404, 405, 406, 410, 413, 415})
"""Refusals by the application itself: the deduplicated request was looked at, and not carried out.

Not 409 and 422: an API says so of a key under which a request is still worked on, or under which another one came.
"""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What became of an action."""

    state: Literal["succeeded", "failed", "unknown"]
    http_status: int | None = None
    result: dict[str, JsonValue]
    reference: str | None = None
    error: ErrorKind | None = None


def failed(error: ErrorKind, http_status: int | None = None) -> Finding:
    """It had no effect, for certain."""
    return Finding(state="failed", http_status=http_status, result={}, error=error)


def unknown(error: ErrorKind, http_status: int | None = None) -> Finding:
    """It may have had an effect."""
    return Finding(state="unknown", http_status=http_status, result={}, error=error)


def judge_error(action: Action, error: ActionError, *, uncertain: bool) -> Finding:
    """No usable answer: a write is unknown where something may have been sent, now or before (`uncertain`)."""
    kind: ErrorKind = "api_timeout" if error.timed_out else "api_error"
    open_end = isinstance(error, NoAnswerError | UnusableAnswerError) or uncertain
    return unknown(kind) if action.writes and open_end else failed(kind)


def judge_answer(action: Action, answer: Answer, *, uncertain: bool) -> Finding:
    """An answer: 2xx is success where it can be read; a refusal ends a doubt only if the request was looked at.

    A redirect after a write is a doubt: many an application answers a form it has carried out so.
    """
    if 200 <= answer.status < 300:
        return _success(action, answer)
    kind: ErrorKind = "api_timeout" if answer.status in (408, 504) else "api_error"
    doubtful = (uncertain and answer.status not in PROCESSED) or 300 <= answer.status < 400
    return unknown(kind, answer.status) if action.writes and doubtful else failed(kind, answer.status)


def _success(action: Action, answer: Answer) -> Finding:
    try:
        result = read_result(action.result, answer, may_be_empty=action.writes)
    except UnusableAnswerError as error:
        return replace(judge_error(action, error, uncertain=False), http_status=answer.status)
    return Finding(state="succeeded", http_status=answer.status, result=result, reference=reference_of(result))
