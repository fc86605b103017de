"""What a caller can reach: the ownership gate that every route passes.

A thing of another tenant and a thing that does not exist get the same answer.
"""

from collections.abc import Iterable
from typing import Annotated, cast, get_args

from fastapi import Depends, Request

from config.project import ErrorKind, SessionRules
from config.versions import Version, Versions
from graph.calls import TurnCall
from graph.session_lists import SessionQuery
from serving.auth import Caller
from serving.contract import ChatRequest
from serving.ports import Services
from serving.problems import ProblemError, new_error_id

_FRIENDLY = frozenset(get_args(ErrorKind))


async def services_of(request: Request) -> Services:
    """The services that the app's lifespan opened."""
    return cast(Services, request.app.state.services)


Open = Annotated[Services, Depends(services_of)]


def projects_of(caller: Caller, versions: Versions) -> list[Version]:
    """The current version of every project that exists for the caller."""
    return [version for version in versions.all() if caller.may_see(version.project.tenant)]


def project_of(caller: Caller, versions: Versions, name: str | None) -> Version:
    """The named project, or the only one."""
    mine = projects_of(caller, versions)
    if name is None:
        return mine[0] if len(mine) == 1 else _which(version.project.name for version in mine)
    for version in mine:
        if version.project.name == name:
            return version
    raise ProblemError(404, "project_not_found", f"There is no project {name[:64]!r}.")


def _which(names: Iterable[str]) -> Version:
    choices = sorted(set(names))
    if not choices:
        raise ProblemError(404, "project_not_found", "There is no project here yet.")
    listed = ", ".join(choices)
    raise ProblemError(
        422,
        "validation",
        f"project: Field required, one of: {listed}",
        more={
            "errors": [{"field": "project", "message": f"Field required, one of: {listed}"}],
            "choices": list(choices),
        },
    )


def turn_of(body: ChatRequest, caller: Caller, versions: Versions) -> TurnCall:
    """The turn that a request asks for, with its project found and its message within the project's limits."""
    version = project_of(caller, versions, body.project)
    _refuse_empty(body.message, version.project.session)
    _refuse_long(body, version)
    return TurnCall(
        tenant=version.project.tenant,
        project=version.project.name,
        session_id=body.session_id,
        message=body.message,
        message_id=body.message_id or new_error_id(),
        message_id_made=body.message_id is None,
        locale=body.locale,
        channel=body.channel_type,
        history=[{"role": message.role, "content": message.text} for message in body.history],
        metadata=body.metadata,
    )


async def turn_in_its_language(body: ChatRequest, caller: Caller, services: Services) -> TurnCall:
    """As `turn_of`; a message that is refused is told so in the session's language."""
    try:
        return turn_of(body, caller, services.versions)
    except ProblemError as error:
        if error.kind != "too_large":
            raise
        version = project_of(caller, services.versions, body.project)
        if body.locale in version.project.locales:
            raise
    project = version.project
    locale = await services.turns.language(project.tenant, project.name, body.session_id)
    return turn_of(body.model_copy(update={"locale": locale}), caller, services.versions)


async def apology(services: Services, call: TurnCall, kind: str) -> str:
    """The friendly text of an error, in the session's language; an unknown kind reads as internal_error."""
    for version in services.versions.all():
        if (version.project.tenant, version.project.name) == (call.tenant, call.project):
            asked = call.locale if call.locale in version.project.locales else None
            locale = asked or await services.turns.language(call.tenant, call.project, call.session_id)
            return version.text(kind if kind in _FRIENDLY else "internal_error", _spoken(version, locale))
    return "Something went wrong. Please try again."  # the project was taken away in the middle of the turn


def _spoken(version: Version, locale: str | None) -> str:
    return locale if locale in version.project.locales and locale else version.project.default_locale


def _refuse_long(body: ChatRequest, version: Version) -> None:
    limit = version.project.limits.message_chars
    if len(body.message) <= limit:
        return
    raise ProblemError(
        413,
        "too_large",
        f"message: at most {limit} characters, these are {len(body.message)}",
        more={
            "errors": [{"field": "message", "message": f"at most {limit} characters"}],
            "reply": version.text("cannot_handle.too_long", _spoken(version, body.locale), limit=limit),
        },
    )


def _refuse_empty(message: str, rules: SessionRules) -> None:
    if rules.empty_message == "refuse" and not message.strip():
        raise ProblemError(
            422,
            "validation",
            "message: must not be empty",
            more={"errors": [{"field": "message", "message": "must not be empty"}]},
        )


async def session_place(caller: Caller, services: Services, session_id: str, project: str | None) -> tuple[str, str]:
    """Tenant and project of a session; found among the caller's where the request does not name the project."""
    mine = projects_of(caller, services.versions)
    if project is not None:
        version = project_of(caller, services.versions, project)
        return version.project.tenant, version.project.name
    if len(mine) == 1:
        return mine[0].project.tenant, mine[0].project.name
    named = SessionQuery(tenants=tenants_of(caller, services.versions), session_id=session_id)
    found, _ = await services.turns.sessions(named)
    places = [(str(session["tenant"]), str(session["project"])) for session in found]
    if not places:
        raise no_session()
    if len(places) > 1:
        _which(place[1] for place in places)
    return places[0]


def tenants_of(caller: Caller, versions: Versions) -> list[str]:
    """The tenants whose sessions exist for the caller."""
    return sorted({version.project.tenant for version in projects_of(caller, versions)})


def no_session() -> ProblemError:
    """The answer for a session that does not exist, or not for this caller."""
    return ProblemError(404, "session_not_found", "There is no such session.")
