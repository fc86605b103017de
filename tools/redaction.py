"""Keeps secrets out of whatever leaves the process: logs, receipts, stored state."""

import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, quote_plus

from pydantic import JsonValue

from config.project import Action, Project
from config.secrets import MissingVariableError, names_in_environment, resolve

MASK: Final = "•••"
SHORTEST: Final = 6
"""Shorter secrets would mask ordinary words."""

Environment = Mapping[str, str] | None


@dataclass
class Redactor:
    """Masks every secret it has learned, however it is written: plain, in JSON, in a url."""

    most: int = 2000
    _secrets: OrderedDict[str, None] = field(default_factory=OrderedDict, repr=False)
    _projects: set[tuple[str, str, str]] = field(default_factory=set, repr=False)

    def learn(self, *secrets: str) -> None:
        """Remember values that must not be shown."""
        for secret in secrets:
            if len(secret) >= SHORTEST:
                self._secrets[secret] = None
                self._secrets.move_to_end(secret)
        while len(self._secrets) > self.most:
            self._secrets.popitem(last=False)

    def learn_project(self, project: Project, version: str, environment: Environment = None) -> None:
        """Remember every `${NAME}` of a project that goes anywhere but into a plain address, once a version."""
        known = (project.tenant, project.name, version)
        if known in self._projects:
            return
        self._projects.add(known)
        for text in _secret_texts(project):
            for name in names_in_environment(text):
                try:
                    self.learn(resolve(f"${{{name}}}", environment))
                except MissingVariableError:
                    continue  # what is not set cannot leak

    def __call__(self, text: str) -> str:
        """The text without them."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            for written in _spellings(secret):
                if written in text:
                    text = text.replace(written, MASK)
        return text

    def value(self, value: JsonValue) -> JsonValue:
        """A JSON value without them."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, list):
            return [self.value(one) for one in value]
        if isinstance(value, dict):
            return {self(key): self.value(one) for key, one in value.items()}
        return value


def _spellings(secret: str) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            (
                secret,
                json.dumps(secret, ensure_ascii=False)[1:-1],
                json.dumps(secret)[1:-1],
                quote(secret, safe=""),
                quote_plus(secret),
            )
        )
    )


def _secret_texts(project: Project) -> Iterator[str]:
    for auth in project.auth.values():
        public = {"type", "url", "token_url", "method"}
        yield from _strings({key: one for key, one in auth.model_dump(mode="json").items() if key not in public})
    if project.transfer.desk is not None and project.transfer.desk.secret is not None:
        yield project.transfer.desk.secret
    for action in project.actions.values():
        yield from _texts_of(action)


def _texts_of(action: Action) -> Iterator[str]:
    """All of a request's templates but the address before the query."""
    yield from _strings([dict(action.headers), dict(action.query), action.body, dict(action.form or {})])
    yield action.text or ""
    yield action.url.partition("?")[2]


def _strings(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)
