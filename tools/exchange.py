"""One request and its answer, with credentials, a place at the host, and another try where that is safe."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlencode

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt

from config.project import Action
from config.versions import Version
from tools.auth import AuthCall, Authenticator, Credentials
from tools.breaker import Breaker, Hosts
from tools.egress import Egress
from tools.errors import (
    ActionError,
    EgressRefusedError,
    NoAnswerError,
    TakenOverError,
    UnreachableError,
    UnusableAnswerError,
)
from tools.http import Answer, HttpLine, Request

RETRIED: Final = frozenset({408, 425, 429, 502, 503, 504})
UNHEALTHY: Final = frozenset({500, 502, 503, 504})
DOUBTFUL: Final = frozenset({408, 502, 504})
"""Said by something in between, which does not know what the business's API did."""
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 5.0
STILL_WORKED_ON: Final = 409
"""Said of a key under which a request before this one has not ended yet."""
OWN_TIME: Final = 0.02
"""A send ends this much before the call, so that the call hears why."""


class _TryAgainError(Exception):
    """An answer or a failure after which the same request may be sent again."""

    def __init__(self, outcome: "Answer | ActionError") -> None:
        super().__init__()
        self.outcome = outcome


@dataclass
class Exchange:
    """Sends actions' requests; knows what may be tried again, not what an answer means."""

    line: HttpLine
    authenticator: Authenticator
    hosts: Hosts

    def redact(self, text: str) -> str:
        """The text without any secret that was used here."""
        return self.authenticator.redactor(text)

    async def run(
        self,
        version: Version,
        request: Request,
        *,
        action: Action,
        key: str | None,
        egress: Egress,
        ends: float,
        retries: int,
        before: Callable[[], Awaitable[None]],
        doubt: bool = False,
    ) -> tuple[Answer, bool]:
        """The answer by the loop time `ends`, and whether this or an earlier attempt may have taken effect unheard.

        `before` is awaited before every attempt; `doubt` says that there were attempts before these. Raises
        ActionError: NoAnswerError where there is such a doubt.
        """
        project = version.project
        call = AuthCall(tenant=project.tenant, project=project.name, name=action.auth or "", egress=egress, seconds=0.0)
        if key is not None:
            request = replace(request, headers=(*request.headers, ("Idempotency-Key", key)))
        job = _Attempts(self, action, version, request, call, ends, before, doubt)
        host = "{}:{}".format(*egress.check_url(request.url))
        try:
            async with asyncio.timeout_at(ends), self.hosts.place(project.tenant, host) as breaker:
                return await job.run(breaker, retries), job.doubt
        except TimeoutError as error:
            fault = NoAnswerError if job.doubt else UnreachableError
            raise fault("time ran out", timed_out=True) from error
        except TakenOverError:
            raise
        except ActionError as error:
            if job.doubt and not isinstance(error, NoAnswerError | UnusableAnswerError):
                raise NoAnswerError(str(error), timed_out=error.timed_out) from error
            raise


@dataclass
class _Attempts:
    exchange: Exchange
    action: Action
    version: Version
    request: Request
    call: AuthCall
    ends: float
    before: Callable[[], Awaitable[None]]
    doubt: bool = False
    """Whether an attempt may have taken effect without our having heard so."""

    async def run(self, breaker: Breaker, retries: int) -> Answer:
        """Try, and try again while there is time."""
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(_TryAgainError),
            wait=_pause,
            stop=self._enough(stop_after_attempt(retries + 1)),
            reraise=True,
        )
        try:
            return await attempts(self._attempt, breaker, again=retries > 0)
        except _TryAgainError as error:
            if isinstance(error.outcome, Answer):
                return error.outcome
            raise error.outcome from error

    def _enough(self, tries: Callable[[RetryCallState], bool]) -> Callable[[RetryCallState], bool]:
        def stop(state: RetryCallState) -> bool:
            return tries(state) or state.upcoming_sleep >= self._left()

        return stop

    def _left(self) -> float:
        return self.ends - asyncio.get_running_loop().time()

    async def _attempt(self, breaker: Breaker, *, again: bool) -> Answer:
        breaker.enter()
        healthy: bool | None = None
        try:
            answer = await self._authenticated()
            healthy = answer.status not in UNHEALTHY
        except (UnreachableError, NoAnswerError) as error:
            healthy = False
            if again and (isinstance(error, UnreachableError) or not error.timed_out):
                raise _TryAgainError(error) from error
            raise
        finally:
            breaker.leave(healthy=healthy)
        if answer.status in RETRIED or (answer.status == STILL_WORKED_ON and self.doubt):
            raise _TryAgainError(answer)
        return answer

    async def _authenticated(self) -> Answer:
        """Send; where the token is refused, once more with a new one."""
        credentials = await self._credentials(None)
        answer = await self._once(credentials)
        if answer.status == 401 and credentials.refreshable:
            credentials = await self._credentials(credentials)
            answer = await self._once(credentials)
        return answer

    async def _credentials(self, refused: Credentials | None) -> Credentials:
        auth = self.version.project.auth.get(self.action.auth) if self.action.auth else None
        call = replace(self.call, seconds=max(self._left() - OWN_TIME, OWN_TIME))
        return await self.exchange.authenticator.credentials(auth, call, refused=refused)

    async def _once(self, credentials: Credentials) -> Answer:
        request = replace(
            self.request,
            headers=(*self.request.headers, *credentials.headers),
            url=_with_query(self.request.url, credentials.query),
        )
        await self.before()
        doubt, self.doubt = self.doubt, True
        seconds = max(self._left() - OWN_TIME, OWN_TIME)
        try:
            answer = await self.exchange.line.send(request, egress=self.call.egress, seconds=seconds)
        except (UnreachableError, EgressRefusedError):
            self.doubt = doubt
            raise
        self.doubt = doubt or answer.status in DOUBTFUL
        return answer


def _with_query(url: str, pairs: tuple[tuple[str, str], ...]) -> str:
    if not pairs:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(pairs)}"


def _pause(state: RetryCallState) -> float:
    """Full jitter over a doubling pause; what the API asks for wins."""
    error = state.outcome.exception() if state.outcome is not None else None
    if isinstance(error, _TryAgainError) and isinstance(error.outcome, Answer):
        asked = _retry_after(error.outcome.retry_after)
        if asked is not None:
            return asked
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2**state.attempt_number)
    return random.uniform(0, longest)  # noqa: S311 - spreads load, keeps no secret


def _retry_after(text: str | None) -> float | None:
    """Seconds, from a number or a date."""
    if text is None:
        return None
    if text.strip().isascii() and text.strip().isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    moment = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)
