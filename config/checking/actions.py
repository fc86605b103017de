"""Actions: their templates, urls, result paths, bodies, and what they say."""

import re
from collections.abc import Iterator
from typing import Final

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import JsonValue

from config.checking.names import set_variables
from config.checking.report import Report, one_of, texts_in
from config.checking.texts import check_localized, check_template, localized_variants
from config.project import Action, LocalizedText, Project
from config.reading import KeyPath
from config.templates import TemplateError, names_in

_ORIGIN: Final = re.compile(r"https?://[^/?#]*|\$\{[A-Za-z_][A-Za-z0-9_]*\}[^/?#]*", re.IGNORECASE)
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HOST: Final = re.compile(
    r"\[[0-9a-fA-F:.]+\](:\d{1,5})?|(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?(:\d{1,5})?"
)
_REFERENCE: Final = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_IN_REQUEST: Final = frozenset({"channel", "locale", "session_id", "tenant", "project"})
_IN_REPLY: Final = frozenset({"channel", "locale"})
_IN_PROMPT: Final = frozenset({"api_response", "result", "reference"})
_REQUEST_KEYS: Final = ("url", "headers", "query", "json", "body", "form", "text")


def check_actions(report: Report) -> None:
    """Everything about actions, their authentication and the hosts they may reach."""
    for name, action in report.project.actions.items():
        path: KeyPath = ("actions", name)
        _url(report, (*path, "url"), action.url)
        _headers(report, path, action)
        _results(report, path, action)
        _effect(report, path, action)
        _request_templates(report, name)
        for place, text, offered in _said(report.project, name):
            check_localized(report, place, text, sentence=place[-1] != "reply_prompt")
            for where, one in localized_variants(place, text):
                check_template(report, where, one, offered)
    for position, host in enumerate(report.project.allow_hosts):
        if not _HOST.fullmatch(_REFERENCE.sub("x", host)):
            expected = "a host such as api.bank.example or 10.0.0.7:8080, without http:// and path"
            report.error(("allow_hosts", position), f"{host!r} is not a host", expected)
    _token_endpoints(report)


def _url(report: Report, path: KeyPath, url: str) -> None:
    origin = _ORIGIN.match(url)
    if origin is None:
        report.error(path, f"{url!r} has no host", "https://… or ${NAME}/…")
    elif "{{" in origin[0] or "{%" in origin[0]:
        report.error(
            path, "a template stands where the host is", "a constant host or ${NAME}, so that no customer chooses it"
        )


def _headers(report: Report, path: KeyPath, action: Action) -> None:
    for name in action.headers:
        if not _HEADER.fullmatch(name):
            report.error((*path, "headers", name), f"{name!r} is no name of a header", "letters, digits and -")


def _results(report: Report, path: KeyPath, action: Action) -> None:
    for name, expression in action.result.items():
        try:
            jmespath.compile(expression)
        except JMESPathError as error:
            told = str(error).splitlines()[0]
            report.error((*path, "result", name), f"not a JMESPath: {told}", "a path such as data.items[0].id")
    for status in action.errors:
        if not 400 <= status <= 599:
            report.warn((*path, "errors", status), f"{status} is no status of an error", "a status from 400 to 599")


def _effect(report: Report, path: KeyPath, action: Action) -> None:
    if not report.written((*path, "effect")) and action.method not in ("GET", "HEAD"):
        report.warn(
            path, f"{action.method} is taken as a write, which is confirmed first", "effect: read or effect: write"
        )
    if action.method in ("GET", "HEAD") and (action.body is not None or action.form or action.text):
        report.warn(path, f"many servers ignore the body of a {action.method}", "method: POST")
    if action.retries and action.writes and not action.idempotency:
        report.warn(
            (*path, "retries"), "a write is tried once, because the API does not deduplicate", "idempotency: true"
        )


def _users(project: Project, name: str) -> list[str]:
    """The intents whose slots an action reads: a status action reads those of the action it tells about."""
    served = {name} | {other for other, spec in project.actions.items() if spec.status == name}
    return [intent for intent, spec in project.intents.items() if spec.action in served]


def _request_templates(report: Report, name: str) -> None:
    """A request reads slots of the intents that use it, and variables that something sets."""
    users = _users(report.project, name)
    known = set_variables(report.project)
    written = report.reading.data
    spec = written["actions"][name] if isinstance(written, dict) and isinstance(written["actions"], dict) else {}
    request: JsonValue = {key: spec[key] for key in _REQUEST_KEYS if key in spec} if isinstance(spec, dict) else {}
    for path, text in texts_in(request, ("actions", name)):
        try:
            names = names_in(text)
        except TemplateError as error:
            report.error(path, error.message, "a template such as {{ slots.amount }}")
            continue
        for each in sorted(names):
            _request_name(report, path, each, users, known)


def _request_name(report: Report, path: KeyPath, name: str, users: list[str], known: dict[str, set[str]]) -> None:
    group, _, rest = name.partition(".")
    variable = rest.partition(".")[0]
    if group in _IN_REQUEST and not rest:
        return
    if group not in ("slots", "variables") or not variable:
        report.error(
            path, f"the template reads {name!r}, which is not defined", "slots.…, variables.…, channel, locale"
        )
        return
    own = {slot for user in users for slot in report.project.intents[user].slots}
    on_offer = own if group == "slots" else known.keys()
    if variable not in on_offer:
        every = {f"slots.{each}" for each in own} | {f"variables.{each}" for each in known}
        report.error(
            path,
            f"the template reads {name!r}, which no intent of this action asks for and no result sets",
            one_of(next((each for each in sorted(every) if each.endswith(f".{variable}")), name), every),
        )
        return
    lacking = [user for user in users if variable not in report.project.intents[user].slots]
    if group == "slots" and lacking:
        report.warn(
            path, f"the intent {', '.join(lacking)} has no slot {variable!r}", "the slot in every intent of the action"
        )


def _said(project: Project, name: str) -> Iterator[tuple[KeyPath, LocalizedText, frozenset[str]]]:
    """Each text an action brings, with the names it may read."""
    action, path = project.actions[name], ("actions", name)
    slots = {f"slots.{slot}" for user in _users(project, name) for slot in project.intents[user].slots}
    variables = {f"variables.{each}" for each in set_variables(project)}
    offered = _IN_REPLY | slots | variables
    told = offered | {f"result.{each}" for each in action.result}
    if action.reply is not None:
        yield (*path, "reply"), action.reply, told
    if action.reply_prompt is not None:
        yield (*path, "reply_prompt"), action.reply_prompt, told | _IN_PROMPT
    for status, text in action.errors.items():
        yield (*path, "errors", status), text, told


def _token_endpoints(report: Report) -> None:
    for name, auth in report.project.auth.items():
        if auth.type != "token_endpoint":
            continue
        path: KeyPath = ("auth", name)
        _url(report, (*path, "url"), auth.url)
        if ":" not in auth.header or "token" not in _safe_names(auth.header):
            report.error((*path, "header"), f"{auth.header!r} carries no token", "Name: … {{ token }}")
        for key in ("token_path", "expires_path"):
            try:
                jmespath.compile(getattr(auth, key) or "x")
            except JMESPathError as error:
                report.error((*path, key), f"not a JMESPath: {str(error).splitlines()[0]}", "a path such as data.token")


def _safe_names(template: str) -> set[str]:
    try:
        return names_in(template)
    except TemplateError:
        return set()
