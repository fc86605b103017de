"""LangServe at /agent, over plain HTTP and through its own client."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from langserve import RemoteRunnable

from graph.calls import Delta, Failed, Final, TurnCall, TurnEvent, TurnRefusedError
from tests.serving.conftest import Service, StartService, make_key
from tests.serving.fakes import answer, echo

pytestmark = pytest.mark.asyncio(loop_scope="module")

Steps = Sequence[TurnEvent | float | Exception]
INPUT = {"message": "merhaba", "session_id": "s1"}


def remote(service: Service, **more: Any) -> "RemoteRunnable[Any, Any]":
    return RemoteRunnable(f"{service.address}/agent/", client_kwargs={"trust_env": False}, **more)


def events(text: str) -> list[tuple[str, Any]]:
    found = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
        if fields:
            found.append((fields["event"], json.loads(fields.get("data", "null"))))
    return found


# --- its own client -------------------------------------------------------------------------------------------------


async def test_its_client_invokes(service: Service) -> None:
    found = await remote(service).ainvoke(INPUT)

    assert (found["reply"], found["outcome"], found["session_id"]) == ("merhaba", "answered", "s1")
    assert found["metadata"]["diagnostics"]["engine"] == "embedded"


async def test_its_client_invokes_without_a_loop(service: Service) -> None:
    found = await asyncio.to_thread(lambda: remote(service).invoke(INPUT))

    assert found["reply"] == "merhaba"


async def test_its_client_batches(service: Service) -> None:
    inputs = [{"message": str(number), "session_id": f"s{number}"} for number in range(6)]

    found = await asyncio.to_thread(lambda: remote(service).batch(inputs))

    assert [item["reply"] for item in found] == ["0", "1", "2", "3", "4", "5"]
    assert [item["reply"] for item in await remote(service).abatch(inputs[:2])] == ["0", "1"]


async def test_what_its_client_streams_adds_up(service: Service) -> None:
    chunks = [chunk async for chunk in remote(service).astream(INPUT)]

    total = chunks[0]
    for chunk in chunks[1:]:
        total = total + chunk
    assert total["delta"] == total["final"]["reply"] == "merhaba"
    assert list(chunks[-1]) == ["final"]


async def test_its_client_streams_without_a_loop(service: Service) -> None:
    chunks = await asyncio.to_thread(lambda: list(remote(service).stream(INPUT)))

    assert chunks[-1]["final"]["reply"] == "merhaba"


async def test_its_client_follows_events_in_debug_mode(start: StartService) -> None:
    service = await start(debug=True)

    found = [event async for event in remote(service).astream_events(INPUT, version="v2")]

    assert found[0]["event"] == "on_chain_start"
    assert found[-1]["event"] == "on_chain_end"
    assert sum(event["event"] == "on_chain_stream" for event in found) >= 3


async def test_camel_case_is_read_here_too(service: Service) -> None:
    found = await remote(service).ainvoke({"currentMessage": "selam", "sessionId": "s2"})

    assert (found["reply"], found["session_id"]) == ("selam", "s2")


# --- the wire -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "config",
    [
        {"configurable": {"thread_id": "t", "tenant": "other", "session_id": "x"}},
        {"recursion_limit": 1, "max_concurrency": 1, "tags": ["a"], "run_name": "x", "metadata": {"tenant": "other"}},
        {"callbacks": ["x"], "run_id": "not-a-uuid"},
        None,
        [],
        "x",
    ],
)
async def test_all_of_the_config_is_ignored(service: Service, config: object) -> None:
    response = await service.http.post("/agent/invoke", json={"input": INPUT, "config": config, "kwargs": {"a": 1}})

    assert response.status_code == 200
    call = service.services.turns.calls[0]
    assert (call.tenant, call.project, call.session_id) == ("demo", "bank", "s1")
    assert call.metadata == {}


async def test_the_tenant_comes_from_the_key(start: StartService) -> None:
    service = await start(keys=[make_key("mine", "demo", "chat"), make_key("theirs", "other", "chat")])

    def invoke(headers: dict[str, str], path: str = "invoke") -> Any:
        return service.http.post(f"/agent/{path}", json={"input": INPUT, "inputs": [INPUT]}, headers=headers)

    assert (await invoke({})).status_code == 401
    for path in ("invoke", "batch", "stream"):
        assert (await invoke({"X-API-Key": "theirs"}, path)).json()["kind"] == "project_not_found"
        assert (await invoke({"X-API-Key": "mine"}, path)).status_code == 200
    assert {call.tenant for call in service.services.turns.calls} == {"demo"}


@pytest.mark.parametrize("path", ["invoke", "stream", "batch"])
@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"session_id": "s"}, "message"),
        ({"message": "m"}, "session_id"),
        ({"message": 5, "session_id": "s"}, "message"),
        ({"message": "m", "session_id": "s", "tenant": "x"}, "tenant"),
    ],
)
async def test_bad_input_names_its_field_on_every_endpoint(
    service: Service, path: str, given: dict[str, object], field: str
) -> None:
    body: dict[str, object] = {"inputs": [INPUT, given]} if path == "batch" else {"input": given}

    response = await service.http.post(f"/agent/{path}", json=body)

    assert (response.status_code, response.json()["kind"]) == (422, "validation")
    assert response.json()["errors"][0]["field"] == field
    assert not service.services.turns.calls


@pytest.mark.parametrize("body", [[], "x", {}, {"input": 5}, {"input": None}, {"inputs": {}}, {"inputs": [5]}])
@pytest.mark.parametrize("path", ["invoke", "stream", "batch"])
async def test_a_body_of_another_shape_is_a_problem(service: Service, path: str, body: object) -> None:
    response = await service.http.post(f"/agent/{path}", json=body)

    assert (response.status_code, response.json()["kind"]) == (422, "validation")


async def test_a_batch_is_bounded(service: Service) -> None:
    response = await service.http.post("/agent/batch", json={"inputs": [INPUT] * 33})

    assert (response.status_code, response.json()["kind"]) == (413, "too_large")
    assert not service.services.turns.calls


async def test_a_batch_runs_a_few_at_a_time(start: StartService) -> None:
    running, most = 0, 0

    class Watched(list[TurnEvent | float | Exception]):
        def __iter__(self) -> Any:
            nonlocal running, most
            running += 1
            most = max(most, running)
            yield 0.02
            running -= 1
            yield from super().__iter__()

    service = await start(lambda call: Watched(echo(call)))
    await service.http.post("/agent/batch", json={"inputs": [{**INPUT, "session_id": str(n)} for n in range(12)]})

    assert most == 4


async def test_one_broken_turn_of_a_batch_leaves_the_others_their_answers(start: StartService) -> None:
    def script(call: TurnCall) -> Steps:
        broken: dict[str, Steps] = {
            "boom": [RuntimeError("secret")],
            "fails": [Failed(kind="llm_error", message="Özür", error_id="e")],
            "busy": [TurnRefusedError("busy", "Wait.", status=409)],
        }
        return broken.get(call.message, echo(call))

    service = await start(script)
    inputs = [{"message": message, "session_id": message} for message in ("ok", "fails", "busy", "boom")]

    response = await service.http.post("/agent/batch", json={"inputs": inputs})

    assert response.status_code == 200
    assert [item["outcome"] for item in response.json()["output"]] == ["answered", "failed", "failed", "failed"]
    assert "secret" not in response.text


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ([Failed(kind="llm_timeout", message="Özür", error_id="e")], "llm_timeout"),
        ([TurnRefusedError("busy", "Wait.", status=409)], "busy"),
        ([Delta("a"), RuntimeError("secret")], "internal_error"),
        ([RuntimeError("secret")], "internal_error"),
    ],
)
async def test_a_stream_tells_its_error_in_band_and_ends_properly(start: StartService, steps: Steps, code: str) -> None:
    service = await start(lambda call: steps)

    response = await service.http.post("/agent/stream", json={"input": INPUT})

    found = events(response.text)
    assert [name for name, _ in found][-2:] == ["data", "end"]
    assert found[-2][1]["error"]["code"] == code
    assert "secret" not in response.text


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ([Failed(kind="llm_timeout", message="Özür", error_id="e")], 504),
        ([TurnRefusedError("busy", "Wait.", status=409)], 409),
        ([RuntimeError("secret")], 500),
    ],
)
async def test_an_invoke_that_breaks_is_a_problem_and_keeps_the_connection(
    start: StartService, steps: Steps, status: int
) -> None:
    service = await start(lambda call: steps)

    for _ in range(2):
        response = await service.http.post("/agent/invoke", json={"input": INPUT})
        assert (response.status_code, response.json()["status"]) == (status, status)
        assert "secret" not in response.text


async def test_who_leaves_a_stream_does_not_stop_the_turn(start: StartService) -> None:
    service = await start(lambda call: [Delta("a"), 0.2, Final(answer(call, "ab"))])

    async with service.http.stream("POST", "/agent/stream", json={"input": INPUT}) as response:
        async for _ in response.aiter_bytes():
            break

    await asyncio.wait_for(service.services.turns.finished.wait(), 5)


@pytest.mark.parametrize(
    ("path", "title"), [("input_schema", "AgentRequest"), ("output_schema", "ChatAnswer"), ("config_schema", None)]
)
async def test_the_schemas_are_there(service: Service, path: str, title: str | None) -> None:
    response = await service.http.get(f"/agent/{path}")

    assert response.status_code == 200
    assert title is None or response.json()["title"] == title


async def test_the_input_s_schema_has_no_alternatives_because_the_playground_cannot_show_them(service: Service) -> None:
    schema = (await service.http.get("/agent/input_schema")).json()

    assert "anyOf" not in json.dumps(schema)
    assert schema["required"] == ["message", "session_id"]


async def test_the_playground_renders_in_debug_mode_and_names_no_other_host(start: StartService) -> None:
    service = await start(debug=True)

    page = await service.http.get("/agent/playground/")

    assert page.status_code == 200
    assert "Playground" in page.text
    sources = [part.split('"')[0] for part in page.text.replace("href=", "src=").split('src="')[1:]]
    assert sources
    for source in sources:
        assert source.startswith("/agent/playground/")
        assert (await service.http.get(source)).status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.filterwarnings("ignore:astream_log is deprecated")
async def test_the_playground_s_own_stream_works_in_debug_mode(start: StartService) -> None:
    service = await start(debug=True)

    response = await service.http.post("/agent/stream_log", json={"input": INPUT})

    assert response.status_code == 200
    assert events(response.text)[-1][0] == "end"


async def test_a_stranger_s_header_names_no_tenant(service: Service) -> None:
    headers = httpx.Headers({"X-Tenant": "other", "X-Thread-Id": "x"})

    await service.http.post("/agent/invoke", json={"input": INPUT}, headers=headers)

    assert service.services.turns.calls[0].tenant == "demo"
