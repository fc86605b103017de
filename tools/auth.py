"""Credentials for actions: looked up when a request is sent, kept in memory only, masked wherever words leave us."""

import asyncio
import base64
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import JsonValue

from config.authentication import ApiKey, Auth, Basic, Bearer, OAuth2ClientCredentials, TokenEndpoint
from config.secrets import MissingVariableError, resolve
from config.templates import TemplateError, render_text
from tools.egress import Egress
from tools.errors import ActionError, AuthUnavailableError, RequestRefusedError
from tools.http import Answer, HttpLine, Request
from tools.redaction import Redactor
from tools.requests import Environment, build_headers, fill, form_bytes, header_value, json_bytes

DEFAULT_SECONDS: Final = 300.0
FAILURE_SECONDS: Final = 5.0
FAIR_SECONDS: Final = 1.0
"""A caller with less time than this left does not speak for the others when no token came in time."""


@dataclass(frozen=True)
class Credentials:
    """What authenticates one request; never logged."""

    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    refreshable: bool = False
    """Whether a 401 may be cured by a new token."""


@dataclass(frozen=True, kw_only=True)
class AuthCall:
    """Whose credentials are asked for, and on which way a token may be fetched."""

    tenant: str
    project: str
    name: str
    egress: Egress
    seconds: float


@dataclass
class _Token:
    headers: tuple[tuple[str, str], ...] = ()
    usable_until: float = 0.0
    failed_until: float = 0.0
    failure: str = ""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass
class Authenticator:
    """Gives credentials; tokens are fetched once for all who wait, and once more after a 401."""

    line: HttpLine
    environment: Environment = None
    redactor: Redactor = field(default_factory=Redactor)
    now: Callable[[], float] = time.monotonic
    _tokens: dict[tuple[str, str, str, str], _Token] = field(default_factory=dict, repr=False)

    async def credentials(
        self, auth: Auth | None, call: AuthCall, *, refused: Credentials | None = None
    ) -> Credentials:
        """What the request carries; `refused` are credentials that were answered with 401."""
        if auth is None:
            return Credentials()
        try:
            if isinstance(auth, Bearer | ApiKey | Basic):
                return self._fixed(auth)
            return await self._token(auth, call, refused)
        except MissingVariableError as error:
            raise AuthUnavailableError(str(error)) from error
        except (RequestRefusedError, TemplateError, UnicodeError) as error:
            raise AuthUnavailableError(f"the auth {call.name!r} does not fit into a request") from error

    def _secret(self, text: str) -> str:
        value = resolve(text, self.environment)
        self.redactor.learn(value)
        return value

    def _fixed(self, auth: Bearer | ApiKey | Basic) -> Credentials:
        if isinstance(auth, Bearer):
            return _in_header("Authorization", f"Bearer {self._secret(auth.token)}")
        if isinstance(auth, Basic):
            pair = f"{resolve(auth.username, self.environment)}:{self._secret(auth.password)}"
            coded = base64.b64encode(pair.encode()).decode()
            self.redactor.learn(coded)
            return _in_header("Authorization", f"Basic {coded}")
        key = self._secret(auth.key)
        if auth.query is not None:
            return Credentials(query=((auth.query, key),))
        return _in_header(auth.header or "X-API-Key", key)

    async def _token(
        self, auth: TokenEndpoint | OAuth2ClientCredentials, call: AuthCall, refused: Credentials | None
    ) -> Credentials:
        request = self._token_request(auth)
        asked = hashlib.sha256(repr((request.method, request.url, request.headers, request.content)).encode())
        key = (call.tenant, call.project, call.name, asked.hexdigest())
        token = self._tokens.setdefault(key, _Token())
        async with token.lock:
            if refused is not None and token.headers == refused.headers:
                token.usable_until = 0.0
            if self.now() >= token.usable_until:
                await self._fetch(auth, request, call, token)
        return Credentials(token.headers, refreshable=True)

    async def _fetch(
        self, auth: TokenEndpoint | OAuth2ClientCredentials, request: Request, call: AuthCall, token: _Token
    ) -> None:
        if self.now() < token.failed_until:
            raise AuthUnavailableError(token.failure)
        try:
            answer = await self.line.send(request, egress=call.egress, seconds=call.seconds)
            token.headers, lasts = self._read(auth, answer)
        except ActionError as error:
            failure = f"no token from {call.name!r}: {error}"
            if not error.timed_out or call.seconds >= FAIR_SECONDS:
                token.failure, token.failed_until = failure, self.now() + FAILURE_SECONDS
            raise AuthUnavailableError(failure, timed_out=error.timed_out) from error
        token.usable_until = self.now() + max(lasts - max(30.0, lasts / 10), lasts / 2)

    def _token_request(self, auth: TokenEndpoint | OAuth2ClientCredentials) -> Request:
        if isinstance(auth, OAuth2ClientCredentials):
            return self._grant_request(auth)
        url = resolve(auth.url, self.environment)
        headers = build_headers(auth.headers, {}, self.environment)
        self._learn_from(auth)
        if auth.form is not None:
            kind, content = "application/x-www-form-urlencoded", form_bytes(auth.form, {}, self.environment)
        elif auth.body is not None:
            kind, content = "application/json", json_bytes(fill(auth.body, {}, self.environment))
        else:
            kind, content = "", b""
        typed = [*headers, ("Content-Type", kind)] if kind else headers
        return Request(method=auth.method, url=url, headers=tuple(typed), content=content)

    def _grant_request(self, auth: OAuth2ClientCredentials) -> Request:
        """RFC 6749 §4.4.2, the client in a Basic header as §2.3.1 prefers."""
        pair = ":".join(
            quote(text, safe="")
            for text in (resolve(auth.client_id, self.environment), self._secret(auth.client_secret))
        )
        headers = (
            ("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        )
        form = {"grant_type": "client_credentials", **({"scope": auth.scope} if auth.scope else {})}
        content = form_bytes(form, {}, self.environment)
        return Request(method="POST", url=resolve(auth.token_url, self.environment), headers=headers, content=content)

    def _learn_from(self, auth: TokenEndpoint) -> None:
        for text in _strings([auth.body, dict(auth.form or {}), dict(auth.headers)]):
            if "${" in text:
                self._secret(text)

    def _read(
        self, auth: TokenEndpoint | OAuth2ClientCredentials, answer: Answer
    ) -> tuple[tuple[tuple[str, str], ...], float]:
        if not 200 <= answer.status < 300:
            raise AuthUnavailableError(f"the token endpoint answered {answer.status}")
        content = answer.json()
        if isinstance(auth, OAuth2ClientCredentials):
            template, token_path, expires_path = "Authorization: Bearer {{ token }}", "access_token", "expires_in"
        else:
            template, token_path, expires_path = auth.header, auth.token_path, auth.expires_path or ""
        token = _at(token_path, content)
        if not isinstance(token, str) or not token:
            raise AuthUnavailableError(f"the token endpoint's answer holds no token at {token_path!r}")
        self.redactor.learn(token)
        name, _, value = template.partition(":")
        header = (name.strip(), header_value(name.strip(), render_text(value.strip(), {"token": token})))
        return (header,), _seconds(_at(expires_path, content) if expires_path else None)


def _in_header(name: str, value: str) -> Credentials:
    return Credentials(((name, header_value(name, value)),))


def _strings(value: JsonValue) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [text for one in inner for text in _strings(one)]


def _at(path: str, content: JsonValue) -> JsonValue:
    try:
        found: JsonValue = jmespath.search(path, content)
    except JMESPathError as error:
        raise AuthUnavailableError(f"the path {path!r} cannot be read") from error
    return found


def _seconds(value: JsonValue) -> float:
    """How long a token lasts; some endpoints write the number as a text."""
    try:
        seconds = float(value) if isinstance(value, str | int | float) else DEFAULT_SECONDS
    except ValueError:
        return DEFAULT_SECONDS
    return seconds if 0 < seconds < 366 * 86400 else DEFAULT_SECONDS
