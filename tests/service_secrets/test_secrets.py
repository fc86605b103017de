"""Secrets planted in a whole service, looked for in everything that it writes and says.

The API on the other side is as careless as can be: it repeats every header and body it gets, in answers and in errors.
"""

import asyncio
import json
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from evals.crash_service import ServiceProcess, running, served
from tests.openai_server import Seen, Step, calls, says, serving_openai

pytestmark = pytest.mark.timeout(900)

SECRETS = {
    "BEARER_TOKEN": "planted-bearer-5f1c",
    "KEY_IN_HEADER": "planted-header-key-77aa",
    "KEY_IN_QUERY": "planted query&key=88bb",
    "BASIC_PASSWORD": 'planted-"basic"-99cc',
    "GRANT_SECRET": "planted-grant-1d2e",
    "TOKEN_SECRET": "planted-endpoint-3f4a",
    "BODY_KEY": "planted-body-5b6c",
    "DESK_SECRET": "planted-desk-7d8e",
}
ISSUED = ("issued-token-of-the-grant", "issued-token-of-the-endpoint")
WAYS = ("bearer", "header", "query", "basic", "grant", "endpoint")

AUTH = """
auth:
  bearer: {type: bearer, token: "${BEARER_TOKEN}"}
  header: {type: api_key, key: "${KEY_IN_HEADER}", header: X-Key}
  query: {type: api_key, key: "${KEY_IN_QUERY}", query: key}
  basic: {type: basic, username: planter, password: "${BASIC_PASSWORD}"}
  grant: {type: oauth2_client_credentials, token_url: "${API}/of/grant", client_id: u, client_secret: "${GRANT_SECRET}"}
  endpoint: {type: token_endpoint, url: "${API}/of/endpoint", json: {secret: "${TOKEN_SECRET}"}}
"""


def project(*, by_model: bool = False) -> str:
    intents, actions = [], []
    for way in WAYS:
        examples = json.dumps([f"try the {way} way", f"please try the {way} way now", f"use {way}", f"{way} it"])
        intents.append(f"  {way}_way: {{description: Try {way}, title: the {way} way, examples: {{en: {examples}}},")
        intents.append(f"    action: {way}_way, confirm: false}}")
        actions.append(f"  {way}_way: {{method: POST, effect: write, url: '${{API}}/{way}', auth: {way}, timeout: 5,")
        worded = "reply_prompt: 'Tell what came back: {{ api_response }} {{ result.echo }}', " if by_model else ""
        actions.append(f"    json: {{key: '${{BODY_KEY}}'}}, result: {{echo: echo}}, {worded}")
        actions.append("    reply: 'The answer: {{ result.echo }}'}")
    return "\n".join(
        [
            f"name: careless\ntenant: acme\nlocales: [en]\nunderstanding: {'llm' if by_model else 'embedded'}",
            "knowledge: {enabled: false}",
            'transfer: {on_action_failed: true, desk: {webhook: "${API}/desk", secret: "${DESK_SECRET}"}}',
            AUTH,
            "intents:",
            *intents,
            "actions:",
            *actions,
        ]
    )


def careless_api(*, status: int) -> FastAPI:
    """Gives tokens, and repeats what it was sent."""
    app = FastAPI()

    @app.post("/of/grant")
    async def grant() -> dict[str, object]:
        return {"access_token": ISSUED[0], "expires_in": 3600}

    @app.post("/of/endpoint")
    async def token() -> dict[str, object]:
        return {"access_token": ISSUED[1], "expires_in": 3600}

    @app.post("/{way}")
    async def repeat(way: str, request: Request) -> JSONResponse:
        said = {
            "way": way,
            "headers": dict(request.headers),
            "url": str(request.url),
            "body": (await request.body()).decode(),
        }
        return JSONResponse({"echo": said}, status)

    return app


async def talk(service: ServiceProcess, session: str) -> list[str]:
    """Every action once, and everything that can be asked about it afterwards."""
    heard = []
    async with httpx2.AsyncClient(base_url=service.url, trust_env=False, timeout=120) as client:
        for way in WAYS:
            name = f"{session}-{way}"
            answer = await client.post("/chat", json={"message": f"try the {way} way", "session_id": name})
            assert answer.json()["metadata"]["diagnostics"]["actions"], answer.text
            heard += [answer.text, (await client.get(f"/sessions/{name}")).text]
            heard.append((await client.get(f"/sessions/{name}/messages")).text)
        for place in ("/sessions", "/stats", "/metrics", "/projects", "/readyz", "/openapi.json", "/sessions/none"):
            heard.append((await client.get(place)).text)
    return heard


def found_in(texts: list[str]) -> set[str]:
    """The planted names that stand somewhere, in any spelling."""
    everything = "\n".join(texts)
    values = {**SECRETS, **{name: name for name in ISSUED}}
    return {
        name
        for name, value in values.items()
        if value in everything or json.dumps(value)[1:-1] in everything or json.dumps(json.dumps(value)) in everything
    }


def kept_in(folder: Path) -> list[str]:
    """All that the service wrote into its folder and its log."""
    return [path.read_bytes().decode("utf-8", "replace") for path in folder.rglob("*") if path.is_file()]


async def test_no_planted_secret_is_in_answers_sessions_logs_or_files(tmp_path):
    (tmp_path / "projects" / "careless").mkdir(parents=True)
    (tmp_path / "projects" / "careless" / "project.yaml").write_text(project(), encoding="utf-8")
    heard: list[str] = []
    for status in (201, 500):
        async with served(careless_api(status=status)) as api:
            environment = {**SECRETS, "API": api, "SWITCHBOARD_LOG": "json"}
            service = ServiceProcess(tmp_path / "data", tmp_path / "projects", environment, tmp_path / "log")
            async with running(service):
                heard += await talk(service, f"s{status}")
                await asyncio.sleep(0.5)

    assert "•••" in "".join(heard)
    assert found_in(heard) == set()
    assert found_in(kept_in(tmp_path / "data")) == set()
    assert found_in([(tmp_path / "log").read_text()]) == set()


def reads_and_repeats(seen: Seen) -> Step:
    """A model that calls what the customer names, and says again all it was told."""
    if not seen.tools:
        return says(seen.prompt)
    words = str(seen.body["messages"][-1]["content"]).split()
    return calls(*[(f"{way}_way", {}) for way in WAYS if way in words])


async def test_no_planted_secret_reaches_a_model_or_comes_back_from_one(tmp_path):
    (tmp_path / "projects" / "careless").mkdir(parents=True)
    (tmp_path / "projects" / "careless" / "project.yaml").write_text(project(by_model=True), encoding="utf-8")
    with serving_openai(respond=reads_and_repeats) as model:
        async with served(careless_api(status=201)) as api:
            own = {"SWITCHBOARD_MODEL": "m", "OPENAI_API_KEY": "planted-model-9e0f", "OPENAI_BASE_URL": model.url}
            environment = {**SECRETS, **own, "API": api, "SWITCHBOARD_LOG": "json"}
            service = ServiceProcess(tmp_path / "data", tmp_path / "projects", environment, tmp_path / "log")
            async with running(service):
                heard = await talk(service, "worded")
                await asyncio.sleep(0.5)

    asked = [seen.raw for seen in model.requests]
    worded = [seen.prompt for seen in model.requests if not seen.tools and "Tell what came back" in seen.prompt]
    assert len(worded) == len(WAYS)
    assert all("•••" in prompt for prompt in worded)
    everywhere = [*heard, *kept_in(tmp_path / "data"), (tmp_path / "log").read_text()]
    assert found_in([*asked, *everywhere]) == set()
    assert "planted-model-9e0f" not in "\n".join([*asked, *everywhere])
