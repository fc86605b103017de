"""Keys, roles and tenants."""

import pytest
import pytest_asyncio

from serving.auth import key_hash
from tests.serving.conftest import Service, StartService, make_key
from tests.serving.fakes import make_version

pytestmark = pytest.mark.asyncio(loop_scope="module")

TWO_TENANTS = [make_version("bank", "acme"), make_version("shop", "globex")]
KEYS = [
    make_key("acme-chat", "acme", "chat"),
    make_key("acme-desk", "acme", "desk"),
    make_key("acme-admin", "acme", "admin"),
    make_key("globex-admin", "globex", "admin"),
]


@pytest_asyncio.fixture(loop_scope="module")
async def guarded(start: StartService) -> Service:
    return await start(versions=TWO_TENANTS, keys=KEYS)


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


async def test_a_key_is_taken_from_either_header(guarded: Service) -> None:
    body = {"message": "m", "session_id": "s"}

    assert (await guarded.http.post("/chat", json=body, headers=bearer("acme-chat"))).status_code == 200
    assert (await guarded.http.post("/chat", json=body, headers={"X-API-Key": "acme-chat"})).status_code == 200
    assert {call.tenant for call in guarded.services.turns.calls} == {"acme"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer("wrong"),
        {"Authorization": "Bearer"},
        bearer("acme-chat "[:-1] + "x"),
        {"Authorization": "Basic YWNtZS1jaGF0"},
        {"Authorization": "acme-chat"},
        {"X-API-Key": ""},
        {"X-API-Key": key_hash("acme-chat")},
        {"X-API-Key": "x" * 5000},
    ],
)
async def test_without_a_valid_key_nobody_comes_in(guarded: Service, headers: dict[str, str]) -> None:
    response = await guarded.http.post("/chat", json={"message": "m", "session_id": "s"}, headers=headers)

    assert (response.status_code, response.json()["kind"]) == (401, "unauthorized")
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "headers",
    [
        [("Authorization", "Bearer acme-chat"), ("X-API-Key", "globex-admin")],
        [("X-API-Key", "acme-chat"), ("X-API-Key", "globex-admin")],
        [("Authorization", "Bearer acme-chat"), ("Authorization", "Bearer globex-admin")],
    ],
)
async def test_two_keys_at_once_are_refused(guarded: Service, headers: list[tuple[str, str]]) -> None:
    response = await guarded.http.post("/chat", json={"message": "m", "session_id": "s"}, headers=headers)

    assert response.status_code == 400


ROUTES = [
    ("POST", "/chat", "chat"),
    ("GET", "/v1/models", "chat"),
    ("GET", "/v1/models/bank", "chat"),
    ("POST", "/v1/chat/completions", "chat"),
    ("POST", "/webhooks/rest/webhook", "chat"),
    ("POST", "/agent/invoke", "chat"),
    ("POST", "/agent/batch", "chat"),
    ("POST", "/agent/stream", "chat"),
    ("GET", "/agent/input_schema", "chat"),
    ("GET", "/sessions", "desk"),
    ("GET", "/sessions/x", "desk"),
    ("GET", "/sessions/x/messages", "desk"),
    ("GET", "/sessions/x/turns", "desk"),
    ("GET", "/sessions/x/scenario", "desk"),
    ("POST", "/sessions/x/fork", "admin"),
    ("POST", "/sessions/x/silence", "chat"),
    ("POST", "/sessions/x/begin", "chat"),
    ("DELETE", "/sessions/x", "admin"),
    ("POST", "/sessions/x/desk/messages", "desk"),
    ("POST", "/sessions/x/desk/release", "desk"),
    ("GET", "/knowledge/documents", "desk"),
    ("POST", "/knowledge/documents", "admin"),
    ("DELETE", "/knowledge/documents/x", "admin"),
    ("POST", "/knowledge/search", "desk"),
    ("GET", "/projects", "admin"),
    ("GET", "/projects/bank/versions", "admin"),
    ("GET", "/graph", "chat"),
    ("POST", "/projects/bank/publish", "admin"),
    ("POST", "/projects/bank/rollback", "admin"),
    ("DELETE", "/projects/bank/versions/y", "admin"),
    ("GET", "/stats", "admin"),
    ("GET", "/metrics", "admin"),
]
LADDER = ["chat", "desk", "admin"]


async def test_every_route_asks_for_its_role(guarded: Service) -> None:
    for method, path, role in ROUTES:
        body: dict[str, object] | None = {} if method == "POST" and "documents" not in path else None
        assert (await guarded.http.request(method, path, json=body)).status_code == 401, path
        for holder in LADDER:
            response = await guarded.http.request(method, path, headers=bearer(f"acme-{holder}"), json=body)
            reaches = LADDER.index(holder) >= LADDER.index(role)
            assert (response.status_code == 403) is not reaches, (path, holder, response.text)


async def test_no_route_is_missing_from_the_table_above(guarded: Service) -> None:
    document = (await guarded.http.get("/openapi.json")).json()
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    named = {
        (
            method,
            path.replace("/x", "/{session_id}" if "sessions" in path else "/{document_id}")
            .replace("/projects/bank", "/projects/{project}")
            .replace("/models/bank", "/models/{model}")
            .replace("/versions/y", "/versions/{version}"),
        )
        for method, path, _ in ROUTES
    }

    open_to_all = {("GET", "/livez"), ("GET", "/readyz"), ("POST", "/channels/chatwoot")}  # the last is signed
    assert described - named - open_to_all <= {("GET", "/agent/output_schema"), ("GET", "/agent/config_schema")}


async def test_health_and_the_page_need_no_key(guarded: Service) -> None:
    for path in ("/livez", "/readyz", "/", "/web/main.js"):
        assert (await guarded.http.get(path)).status_code == 200


async def test_what_is_another_tenant_s_looks_like_what_is_not_there(guarded: Service) -> None:
    acme, globex = bearer("acme-admin"), bearer("globex-admin")
    await guarded.http.post("/chat", json={"message": "m", "session_id": "secret-session"}, headers=globex)

    pairs = [
        ("GET", "/sessions/secret-session", "/sessions/none"),
        ("GET", "/sessions/secret-session?project=shop", "/sessions/none?project=nil"),
        ("GET", "/sessions/secret-session/messages", "/sessions/none/messages"),
        ("DELETE", "/sessions/secret-session", "/sessions/none"),
        ("POST", "/sessions/secret-session/desk/release", "/sessions/none/desk/release"),
        ("GET", "/projects/shop/versions", "/projects/nil/versions"),
        ("POST", "/projects/shop/publish", "/projects/nil/publish"),
        ("POST", "/projects/shop/rollback", "/projects/nil/rollback"),
        ("DELETE", "/projects/shop/versions/a1", "/projects/nil/versions/a1"),
        ("GET", "/knowledge/documents?project=shop", "/knowledge/documents?project=nil"),
    ]
    for method, theirs, nowhere in pairs:
        body: dict[str, object] | None = {} if theirs.startswith("/projects") and method == "POST" else None
        answers = [await guarded.http.request(method, path, headers=acme, json=body) for path in (theirs, nowhere)]
        first, second = (answer.json() for answer in answers)
        assert answers[0].status_code == answers[1].status_code == 404
        assert first["kind"] == second["kind"]
        assert first["detail"].replace("shop", "nil") == second["detail"]
    assert (await guarded.http.get("/sessions", headers=acme)).json()["total"] == 0
    stats = (await guarded.http.get("/stats", headers=acme)).json()
    assert stats.keys() == {"known_sessions", "sessions", "uptime_seconds"}
    assert stats["known_sessions"] == 0
    assert [item["name"] for item in (await guarded.http.get("/projects", headers=acme)).json()["projects"]] == ["bank"]


async def test_the_open_service_reaches_every_tenant_it_serves(start: StartService) -> None:
    service = await start(versions=TWO_TENANTS)

    assert (await service.chat(project="bank")).status_code == 200
    assert (await service.chat(project="shop")).status_code == 200
    assert [call.tenant for call in service.services.turns.calls] == ["acme", "globex"]
