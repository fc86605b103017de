"""Sessions, desk, knowledge, projects, operation, the page, OpenAPI."""

import json
import re
from collections.abc import MutableMapping

import pytest

from graph.calls import Failed
from serving.app import create_app
from tests.serving.conftest import Service, StartService
from tests.serving.fakes import FakeServices, echo, make_version

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_session_is_listed_shown_and_erased(service: Service) -> None:
    await service.chat("merhaba", session_id="tel:+90/5 ü")
    quoted = "tel:%2B90/5%20%C3%BC"

    listed = (await service.http.get("/sessions")).json()
    assert [item["session_id"] for item in listed["sessions"]] == ["tel:+90/5 ü"]
    assert (await service.http.get(f"/sessions/{quoted}")).json()["owner"] == "bot"
    messages = (await service.http.get(f"/sessions/{quoted}/messages")).json()
    assert messages["messages"][0]["content"] == "merhaba"
    assert (await service.http.delete(f"/sessions/{quoted}")).json() == {"status": "done"}
    response = await service.http.get(f"/sessions/{quoted}")
    assert (response.status_code, response.json()["kind"]) == (404, "session_not_found")


async def test_sessions_are_listed_in_pages(service: Service) -> None:
    for number in range(5):
        await service.chat(session_id=f"s{number}")

    page = (await service.http.get("/sessions", params={"limit": 2, "offset": 4})).json()

    assert [item["session_id"] for item in page["sessions"]] == ["s4"]
    assert page["total"] == 5
    assert (await service.http.get("/sessions?limit=0")).status_code == 422
    assert (await service.http.get(f"/sessions?offset={2**70}")).status_code == 422


async def test_however_many_sessions_there_are_each_is_found_and_counted(start: StartService) -> None:
    service = await start(versions=[make_version("bank"), make_version("shop")])
    said = service.services.turns.said
    said |= {("demo", "bank" if number % 2 else "shop", f"s{number}"): [] for number in range(2400)}
    page = (await service.http.get("/sessions?project=shop&offset=1195&limit=10")).json()

    assert [item["session_id"] for item in page["sessions"]] == ["s2390", "s2392", "s2394", "s2396", "s2398"]
    assert page["total"] == 1200
    assert (await service.http.get("/stats?limit=1")).json()["known_sessions"] == 2400
    assert (await service.http.get("/sessions/s2399/messages")).status_code == 200
    assert (await service.http.delete("/sessions/s2399")).status_code == 200
    assert (await service.http.get("/sessions/s2399/messages")).status_code == 404


async def test_a_session_of_two_projects_needs_the_project_named(start: StartService) -> None:
    service = await start(versions=[make_version("bank"), make_version("shop")])
    for project in ("bank", "shop"):
        await service.chat(project=project)
    await service.chat(project="shop", session_id="only")

    assert (await service.http.get("/sessions/only")).status_code == 200
    response = await service.http.get("/sessions/s1")
    assert (response.status_code, response.json()["choices"]) == (422, ["bank", "shop"])
    assert (await service.http.get("/sessions/s1?project=shop")).status_code == 200
    assert (await service.http.get("/sessions/none")).status_code == 404


async def test_a_person_answers_and_gives_the_session_back(service: Service) -> None:
    await service.chat()

    said = await service.http.post("/sessions/s1/desk/messages", json={"text": "Ben Ayşe", "agent": "Ayşe"})
    assert said.status_code == 200
    assert service.services.turns.said["demo", "bank", "s1"][-1]["agent"] == "Ayşe"
    assert (await service.http.post("/sessions/s1/desk/release")).status_code == 200
    assert (await service.http.post("/sessions/none/desk/release")).status_code == 404
    assert (
        await service.http.post("/sessions/none/desk/messages", json={"text": "a", "agent": "b"})
    ).status_code == 404


@pytest.mark.parametrize("body", [{}, {"text": " ", "agent": "a"}, {"text": "a"}, {"text": "a", "agent": "", "x": 1}])
async def test_a_desk_message_needs_words_and_a_name(service: Service, body: dict[str, str]) -> None:
    response = await service.http.post("/sessions/s1/desk/messages", json=body)

    assert (response.status_code, response.json()["kind"]) == (422, "validation")


async def test_a_document_is_uploaded_found_and_removed(service: Service) -> None:
    content = "# Ücretler\nEFT ücreti 5 TL" + "x" * 400_000

    added = await service.http.post("/knowledge/documents", files={"file": ("../a/ücret.md", content.encode())})
    assert (added.status_code, added.json()["name"]) == (201, "ücret.md")
    listed = (await service.http.get("/knowledge/documents")).json()
    assert [item["id"] for item in listed["documents"]] == ["ücret.md"]
    found = (await service.http.post("/knowledge/search", json={"query": "EFT"})).json()
    assert found["passages"][0]["score"] == 0.9
    assert (await service.http.delete("/knowledge/documents/ücret.md")).status_code == 200
    assert (await service.http.delete("/knowledge/documents/ücret.md")).status_code == 404


async def test_a_document_that_cannot_be_read_is_refused_with_its_reason(service: Service) -> None:
    response = await service.http.post("/knowledge/documents", files={"file": ("a.md", b"")})

    assert (response.status_code, response.json()["detail"]) == (422, "file: the file is empty")
    assert (await service.http.post("/knowledge/documents", data={"project": "bank"})).status_code == 422
    assert (await service.http.post("/knowledge/documents", files={"file": ("..", b"x")})).status_code == 422


@pytest.mark.parametrize("body", [{}, {"query": ""}, {"query": "a", "limit": 0}, {"query": 5}, {"query": "a", "x": 1}])
async def test_a_search_that_is_not_right_is_refused(service: Service, body: dict[str, object]) -> None:
    assert (await service.http.post("/knowledge/search", json=body)).status_code == 422


async def test_projects_say_what_they_can_do(start: StartService) -> None:
    service = await start(versions=[make_version("bank", intents={"balance": {"title": {"tr": "Bakiye"}}})])

    found = (await service.http.get("/projects")).json()["projects"][0]

    assert (found["name"], found["locales"], found["intents"]) == ("bank", ["tr", "en"], {"balance": {"tr": "Bakiye"}})
    versions = (await service.http.get("/projects/bank/versions")).json()
    assert versions["versions"] == [{"version": "draft-1", "current": True}]


# --- operation ------------------------------------------------------------------------------------------------------


async def test_readiness_names_what_is_not_ready(service: Service) -> None:
    assert (await service.http.get("/livez")).json() == {"status": "alive"}
    assert (await service.http.get("/readyz")).json() == {"status": "ready", "dependencies": {"database": "ok"}}

    service.services.turns.state = {"database": "ok", "knowledge": "locked"}
    response = await service.http.get("/readyz")

    assert response.status_code == 503
    assert response.json()["dependencies"] == {"database": "ok", "knowledge": "locked"}
    assert (await service.http.get("/livez")).status_code == 200


async def test_statistics_and_metrics_count_what_was_done(start: StartService) -> None:
    failed = Failed(kind="llm_error", message="", error_id="e")
    service = await start(lambda call: [failed] if call.message == "x" else echo(call))
    await service.chat()
    await service.chat("x", session_id="s2")
    await service.http.get("/nowhere/at/all")

    stats = (await service.http.get("/stats")).json()
    metrics = (await service.http.get("/metrics")).text

    assert stats["active_sessions"] == 2
    assert [session["session_id"] for session in stats["sessions"]] == ["s1", "s2"]
    assert stats["uptime_seconds"] >= 0
    assert 'switchboard_turns_total{outcome="answered"} 1.0' in metrics
    assert 'switchboard_turns_failed_total{kind="llm_error"} 1.0' in metrics
    assert 'switchboard_requests_total{method="POST",route="/chat",status="200"} 1.0' in metrics
    assert 'method="GET",route="none",status="404"' in metrics
    assert "nowhere" not in metrics


async def test_the_lifespan_drains_running_turns() -> None:
    services = FakeServices()
    app = create_app(services.opened)

    async with app.router.lifespan_context(app):
        assert not services.turns.drained
    assert services.turns.drained


async def test_one_log_line_has_the_error_id_and_no_message_text(
    service: Service, logged: list[MutableMapping[str, object]]
) -> None:
    response = await service.http.post("/chat", json={"message": "çok gizli", "session_id": ""})

    lines = [line for line in logged if line.get("error_id") == response.json()["error_id"]]
    assert len(lines) == 1
    assert lines[0]["cause"] == "fields: session_id"
    assert "gizli" not in json.dumps(logged, default=str, ensure_ascii=False)


# --- the page and the document --------------------------------------------------------------------------------------


async def test_the_page_loads_only_from_here(service: Service) -> None:
    page = await service.http.get("/")

    assert page.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    found = [page.text]
    for source in re.findall(r'(?:src|href)="(/[^"]+)"', page.text):
        response = await service.http.get(source)
        assert response.status_code == 200
        found.append(response.text)
    addresses = set(re.findall(r"https?://[^\s\"'`)]+", "".join(found)))
    assert addresses <= {"http://www.w3.org/2000/svg"}


async def test_every_answer_carries_the_security_headers_and_no_cors(service: Service) -> None:
    for path in ("/", "/livez", "/nowhere", "/web/main.js"):
        headers = (await service.http.get(path, headers={"Origin": "https://evil.example"})).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "content-security-policy" in headers
        assert not [name for name in headers if name.startswith("access-control")]


async def test_openapi_describes_every_error_as_a_problem_and_has_examples(service: Service) -> None:
    document = (await service.http.get("/openapi.json")).json()

    schemas = document["components"]["schemas"]
    assert schemas["ChatRequest"]["examples"]
    assert schemas["ChatAnswer"]["examples"]
    assert "HTTPValidationError" not in json.dumps(document)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"], (method, path, status)
            assert {"400"} <= operation["responses"].keys(), (method, path)
            assert {"401", "403"} <= operation["responses"].keys() or "security" not in operation, (method, path)
            assert {"408", "413", "415"} <= operation["responses"].keys() or "requestBody" not in operation
    assert {"404", "409", "429", "503"} <= document["paths"]["/agent/batch"]["post"]["responses"].keys()
    assert list(document["paths"]["/agent/stream"]["post"]["responses"]["200"]["content"]) == ["text/event-stream"]
    names = re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document))
    assert set(names) <= schemas.keys()
