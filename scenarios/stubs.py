"""The project's APIs as a scenario answers for them: a real HTTP server on loopback that records what it is sent."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from pydantic import JsonValue

from config.authentication import Auth, OAuth2ClientCredentials, TokenEndpoint
from config.project import Action, Desk, Project
from config.secrets import names_in_environment
from config.versions import Version
from scenarios.model import Scenario, ScenarioTurn, StubAnswer


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request an action made."""

    action: str
    body: JsonValue
    path: str
    key: str | None
    """Its Idempotency-Key."""


class Stubs:
    """Answers by session and action; every session is one scenario's."""

    def __init__(self) -> None:
        self._scenarios: dict[str, Scenario] = {}
        self.calls: dict[str, list[Call]] = defaultdict(list)
        self.unanswered: dict[str, list[str]] = defaultdict(list)
        self.app = FastAPI(openapi_url=None)
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
        self.app.add_api_route("/actions/{session}/{action}/{path:path}", self._answer, methods=methods)
        self.app.add_api_route("/token/{name}", self._token, methods=["GET", "POST"])
        self.app.add_api_route("/desk", self._desk, methods=["POST"])

    def play(self, session: str, scenario: Scenario) -> None:
        """Answer this session's calls as the scenario says."""
        self._scenarios[session] = scenario

    async def _answer(self, session: str, action: str, path: str, request: Request) -> Response:
        content = await request.body()
        call = Call(action=action, body=_parsed(content), path=path, key=request.headers.get("idempotency-key"))
        before = sum(1 for known in self.calls[session] if known.action == action)
        self.calls[session].append(call)
        scenario = self._scenarios.get(session)
        answers = scenario.api.get(action) if scenario else None
        if answers is None:
            self.unanswered[session].append(action)
            return Response(status_code=501)
        given = answers[min(before, len(answers) - 1)] if isinstance(answers, list) else answers
        await asyncio.sleep(given.delay)
        return _response(given)

    async def _token(self, name: str) -> dict[str, JsonValue]:
        return {"access_token": f"stub-{name}", "expires_in": 3600, "token_type": "Bearer"}

    async def _desk(self) -> dict[str, bool]:
        return {"ok": True}


def _parsed(content: bytes) -> JsonValue:
    try:
        parsed: JsonValue = json.loads(content) if content else None
    except ValueError:
        return content.decode(errors="replace")
    return parsed


def _response(answer: StubAnswer) -> Response:
    if answer.text is not None:
        return Response(answer.text, status_code=answer.status, headers=answer.headers)
    if answer.body is None:
        return Response(status_code=answer.status, headers=answer.headers)
    body = json.dumps(answer.body, ensure_ascii=False)
    return Response(body, status_code=answer.status, headers=answer.headers, media_type="application/json")


def merged(scenarios: Sequence[Scenario]) -> Scenario:
    """One scenario that answers for every action that any of these has an answer for; the first that has one counts."""
    api = {name: answer for scenario in reversed(scenarios) for name, answer in scenario.api.items()}
    return Scenario(name="stubs", turns=[ScenarioTurn(user="…")], api=api)


def stubbed(version: Version, base: str) -> Version:
    """The version with every API of its project, and its desk, at the stub server."""
    project = version.project
    actions = {name: _stubbed_action(name, action, base) for name, action in project.actions.items()}
    auth = {name: _stubbed_auth(name, spec, base) for name, spec in project.auth.items()}
    desk = project.transfer.desk
    transfer = project.transfer.model_copy(
        update={"desk": Desk(webhook=f"{base}/desk", secret=desk.secret if desk else None)}
    )
    update = {"actions": actions, "auth": auth, "transfer": transfer, "allow_hosts": [urlsplit(base).netloc]}
    return replace(version, project=project.model_copy(update=update))


def stub_environment(project: Project, known: Mapping[str, str]) -> dict[str, str]:
    """A harmless value for every variable the project refers to and the environment lacks."""
    return {name: known.get(name, "stub") for name in names_in_environment(project.model_dump_json())}


def _stubbed_action(name: str, action: Action, base: str) -> Action:
    url = f"{base}/actions/{{{{ session_id }}}}/{name}/{_path(action.url)}"
    return action.model_copy(update={"url": url, "timeout": action.timeout})


def _stubbed_auth(name: str, spec: Auth, base: str) -> Auth:
    if isinstance(spec, TokenEndpoint):
        update = {"url": f"{base}/token/{name}", "token_path": "access_token", "expires_path": "expires_in"}
        return spec.model_copy(update=update)
    if isinstance(spec, OAuth2ClientCredentials):
        return spec.model_copy(update={"token_url": f"{base}/token/{name}"})
    return spec


def _path(url: str) -> str:
    """What stands after the server's name, which may be a `${…}` reference."""
    rest = url.split("://", 1)[-1]
    return rest.split("/", 1)[1] if "/" in rest else ""
