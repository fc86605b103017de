"""What leaves the process as traces, taken by collectors on loopback: turns and actions, and nobody's words."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from fastapi import FastAPI, Request
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.trace import get_tracer_provider

from config.tracing import hide_content, start_tracing
from evals.crash_service import ServiceProcess, running, served

PLANTED = "planted-words-9312"
PROJECT = """
name: tracing
tenant: acme
locales: [en]
understanding: embedded
knowledge: {enabled: false}
intents:
  note:
    description: Keep a note
    examples: {en: ["keep a note", "write a note down", "take a note please"]}
    slots: {text: {type: text, ask: "What shall I note?"}}
    action: keep
    confirm: false
actions:
  keep: {method: POST, effect: write, url: "${API}/notes", json: {text: "{{ slots.text }}"}, reply: "Noted."}
"""


@dataclass
class Collector:
    """Takes whatever is sent, for OpenTelemetry and for LangSmith."""

    spans: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    runs: int = 0

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/notes", status_code=201)
        async def notes() -> dict[str, str]:
            return {"id": "1"}

        @app.api_route("/{path:path}", methods=["GET", "POST", "PATCH"])
        async def take(path: str, request: Request) -> dict[str, object]:
            body = await request.body()
            self.raw.append(body)
            if path.endswith("v1/traces"):
                self._read(body)
            self.runs += "runs" in path
            return {}

        return app

    def _read(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    values = {each.key: str(each.value) for each in span.attributes}
                    self.spans.append((span.name, values))


async def test_turns_and_actions_are_traced_without_their_words(tmp_path: Path):
    folder = tmp_path / "projects" / "tracing"
    folder.mkdir(parents=True)
    (folder / "project.yaml").write_text(PROJECT, encoding="utf-8")
    collector = Collector()
    async with served(collector.app()) as url:
        environment = {
            "API": url,
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"{url}/otel",
            "LANGSMITH_TRACING": "true",
            "LANGSMITH_ENDPOINT": f"{url}/langsmith",
            "LANGSMITH_API_KEY": "ls-key",
            "LANGSMITH_DISABLE_RUN_COMPRESSION": "true",
        }
        service = ServiceProcess(tmp_path / "data", tmp_path / "projects", environment, tmp_path / "log")
        async with running(service), httpx2.AsyncClient(base_url=service.url, trust_env=False, timeout=60) as client:
            outcomes = []
            for message in ("keep a note", f"my secret is {PLANTED}"):
                answer = await client.post("/chat", json={"message": message, "session_id": f"{PLANTED}-session"})
                outcomes.append(answer.json()["outcome"])
            assert outcomes == ["asked", "acted"]
            async with asyncio.timeout(30):
                while not collector.runs:  # noqa: ASYNC110 - another process's work
                    await asyncio.sleep(0.1)

    named = dict(collector.spans)
    assert {"invoke_agent tracing", "execute_tool keep"} <= set(named)
    assert "invoke_agent" in named["invoke_agent tracing"]["gen_ai.operation.name"]
    assert "acted" in json.dumps([values for name, values in collector.spans if name == "invoke_agent tracing"])
    assert "succeeded" in named["execute_tool keep"]["switchboard.action.status"]
    assert not [body for body in collector.raw if PLANTED.encode() in body]


def test_nothing_is_exported_unless_the_environment_names_where():
    before = get_tracer_provider()
    for environment in (
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_TRACES_EXPORTER": "none"},
    ):
        start_tracing(environment)()

    assert get_tracer_provider() is before


def test_what_the_operator_says_of_langsmith_s_content_stands():
    silent: dict[str, str] = {}
    open_hearted = {"LANGSMITH_HIDE_INPUTS": "false", "LANGCHAIN_HIDE_OUTPUTS": "false"}
    hide_content(silent)
    hide_content(open_hearted)

    assert silent == {"LANGSMITH_HIDE_INPUTS": "true", "LANGSMITH_HIDE_OUTPUTS": "true"}
    assert open_hearted == {"LANGSMITH_HIDE_INPUTS": "false", "LANGCHAIN_HIDE_OUTPUTS": "false"}
