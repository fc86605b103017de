"""Finished turns in pages, a session as a scenario, forks, and the graph as data."""

import pytest

from serving.auth import Role
from tests.serving.conftest import Service, StartService, make_key

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_turns_come_in_pages_with_their_whole_answers(service: Service) -> None:
    for number in range(5):
        await service.chat(f"merhaba {number}")

    newest = (await service.http.get("/sessions/s1/turns", params={"limit": 2})).json()
    older = (await service.http.get("/sessions/s1/turns", params={"limit": 2, "before": 4})).json()

    assert (newest["total"], newest["project"]) == (5, "bank")
    assert [(turn["number"], turn["message"]) for turn in newest["turns"]] == [(4, "merhaba 3"), (5, "merhaba 4")]
    assert [turn["number"] for turn in older["turns"]] == [2, 3]
    assert newest["turns"][0]["answer"]["outcome"] == "answered"
    assert (await service.http.get("/sessions/none/turns")).json()["kind"] == "session_not_found"
    assert (await service.http.get("/sessions/s1/turns?limit=101")).status_code == 422


async def test_a_session_is_had_as_a_scenario(service: Service) -> None:
    await service.chat("merhaba")

    response = await service.http.get("/sessions/s1/scenario")

    assert response.headers["content-type"].startswith("text/yaml")
    assert "user: merhaba" in response.text
    assert (await service.http.get("/sessions/none/scenario")).status_code == 404


async def test_a_session_is_forked_at_a_turn_it_had(service: Service) -> None:
    await service.chat("merhaba")

    made = await service.http.post("/sessions/s1/fork", json={"after": "m1"})

    assert (made.status_code, made.json()) == (201, {"session_id": "s1~fork-1", "project": "bank"})
    assert (await service.http.post("/sessions/s1/fork", json={"after": "m9"})).status_code == 404
    assert (await service.http.post("/sessions/s1/fork", json={})).status_code == 422


async def test_what_was_forked_is_erased_with_its_origin(service: Service) -> None:
    await service.chat()
    await service.chat(session_id="s1~fork-1")

    assert (await service.http.delete("/sessions/s1")).status_code == 200
    assert (await service.http.get("/sessions")).json()["total"] == 0


@pytest.mark.parametrize(("role", "path", "status"), [("chat", "turns", 403), ("desk", "turns", 200)])
async def test_turns_are_for_the_desk(start: StartService, role: Role, path: str, status: int) -> None:
    service = await start(keys=[make_key("secret", "demo", role)])
    headers = {"X-API-Key": "secret"}
    await service.http.post("/chat", json={"message": "merhaba", "session_id": "s1"}, headers=headers)

    assert (await service.http.get(f"/sessions/s1/{path}", headers=headers)).status_code == status
    forked = await service.http.post("/sessions/s1/fork", json={"after": "m1"}, headers=headers)
    assert forked.status_code == 403


async def test_the_graph_is_had_as_nodes_and_arrows(service: Service) -> None:
    found = (await service.http.get("/graph")).json()

    assert {"__start__", "open_turn", "fill_slots", "__end__"} <= set(found["nodes"])
    assert {"source": "call_api", "target": "fill_slots", "conditional": False} in found["edges"]
    assert {"source": "fill_slots", "target": "retrieve", "conditional": True} in found["edges"]


async def test_sessions_that_a_person_has_are_listed_alone(service: Service) -> None:
    await service.chat()

    assert (await service.http.get("/sessions?owner=person")).json()["total"] == 0
    assert (await service.http.get("/sessions?owner=nobody")).status_code == 422
