"""POST /chat as server-sent events."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import pytest

from graph.calls import Delta, Failed, Final, TurnEvent, TurnRefusedError
from tests.serving.conftest import Service, StartService
from tests.serving.fakes import answer

pytestmark = pytest.mark.asyncio(loop_scope="module")

Steps = Sequence[TurnEvent | float | Exception]
STREAM = {"Accept": "text/event-stream"}


@dataclass
class Event:
    name: str
    id: str
    data: dict[str, object]


def parse(text: str) -> list[Event]:
    events = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            events.append(Event(fields["event"], fields["id"], json.loads(fields["data"])))
    return events


async def stream(service: Service, message: str = "merhaba", **more: object) -> httpx.Response:
    body = {"message": message, "session_id": "s1", "message_id": "m1", **more}
    return await service.http.post("/chat", json=body, headers=STREAM)


async def test_pieces_then_one_final_whose_reply_they_join_to(service: Service) -> None:
    response = await stream(service, "satır bir\nsatır iki 🙂")

    events = parse(response.text)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert [event.name for event in events] == ["message", "message", "final"]
    assert "".join(str(event.data["delta"]) for event in events[:-1]) == events[-1].data["reply"]
    assert events[-1].data["outcome"] == "answered"


async def test_every_event_has_an_id_and_repeats_its_name_in_its_data(service: Service) -> None:
    events = parse((await stream(service)).text)

    assert [event.id for event in events] == ["m1:1.3", "m1:2.7", "m1:3.7"]
    assert all(event.data["type"] == event.name for event in events)


@pytest.mark.parametrize(
    ("steps", "pieces", "end"),
    [
        ([Delta(""), Delta("a"), Delta("")], ["a"], "error"),
        ([Failed(kind="llm_error", message="Özür", error_id="e1")], [], "error"),
        ([Delta("a"), Failed(kind="llm_error", message="Özür", error_id="e1"), Delta("b")], ["a"], "error"),
        ([Delta("a"), RuntimeError("secret")], ["a"], "error"),
        ([Delta("a"), TurnRefusedError("budget_exhausted", "Enough.", status=429)], ["a"], "error"),
        ([RuntimeError("secret")], [], "error"),
        ([], [], "error"),
    ],
)
async def test_whatever_the_turn_does_there_is_exactly_one_end(
    start: StartService, steps: Steps, pieces: list[str], end: str
) -> None:
    response = await stream(await start(lambda call: steps))

    events = parse(response.text)
    assert [event.data["delta"] for event in events[:-1]] == pieces
    assert events[-1].name == end
    assert events[-1].data.keys() == {"type", "code", "message", "error_id", "should_transfer"}
    assert "secret" not in response.text


@pytest.mark.parametrize(
    "steps",
    [
        lambda call: [Final(answer(call, "bütün"))],
        lambda call: [Delta("bü"), Final(answer(call, "bütün")), Delta("x"), Final(answer(call, "başka"))],
        lambda call: [Delta("bütün"), Final(answer(call, "bütün")), Failed(kind="x", message="", error_id="")],
    ],
)
async def test_the_pieces_join_to_the_reply_even_where_the_turn_sent_too_few(
    start: StartService, steps: object
) -> None:
    events = parse((await stream(await start(steps))).text)

    assert "".join(str(event.data["delta"]) for event in events[:-1]) == "bütün"
    assert [event.name for event in events].count("final") == 1


async def test_an_empty_reply_has_no_pieces(start: StartService) -> None:
    events = parse((await stream(await start(lambda call: [Final(answer(call, "", outcome="muted"))]))).text)

    assert [event.name for event in events] == ["final"]


async def test_silence_is_filled_with_comments(start: StartService) -> None:
    response = await stream(await start(lambda call: [0.2, Final(answer(call, "a"))], heartbeat=0.05))

    assert response.text.count(": waiting\n") >= 2
    assert [event.name for event in parse(response.text)] == ["message", "final"]


async def test_a_refused_turn_is_answered_with_its_status_and_not_with_a_stream(start: StartService) -> None:
    response = await stream(await start(lambda call: [TurnRefusedError("busy", "Wait.", status=409)]))

    assert (response.status_code, response.json()["kind"]) == (409, "busy")


async def test_a_bad_body_is_refused_before_the_stream_begins(service: Service) -> None:
    response = await service.http.post("/chat", json={"session_id": "s1"}, headers=STREAM)

    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "message")


async def test_who_hangs_up_loses_nothing_and_the_turn_runs_on(start: StartService) -> None:
    service = await start(lambda call: [Delta("a"), 0.3, Final(answer(call, "ab"))])
    body = {"message": "m", "session_id": "s1", "message_id": "m1"}

    async with service.http.stream("POST", "/chat", json=body, headers=STREAM) as response:
        async for _ in response.aiter_bytes():
            break
    await asyncio.wait_for(service.services.turns.finished.wait(), 5)

    again = await service.http.post("/chat", json=body)
    assert again.json()["reply"] == "ab"
    assert len(service.services.turns.calls) == 1


async def test_who_hangs_up_while_waiting_for_the_whole_answer_is_known_to_have_left(start: StartService) -> None:
    service = await start(lambda call: [0.5, Final(answer(call, "ab"))])
    body = {"message": "m", "session_id": "s1", "message_id": "m1"}

    with pytest.raises(httpx.ReadTimeout):
        await service.http.post("/chat", json=body, timeout=httpx.Timeout(5, read=0.2))
    calls = service.services.turns.calls
    async with asyncio.timeout(5):
        while not (calls and calls[0].left is not None and calls[0].left()):  # noqa: ASYNC110 - the server has no news
            await asyncio.sleep(0.01)

    again = await service.http.post("/chat", json=body)
    assert again.json()["reply"] == "ab"


@pytest.mark.parametrize("named", [True, False], ids=["message id in the body", "only in the header"])
async def test_a_stream_that_broke_off_goes_on_behind_the_last_event_that_was_seen(
    start: StartService, named: bool
) -> None:
    service = await start(lambda call: [Delta("bü"), 0.2, Delta("tün"), Final(answer(call, "bütün"))])
    body = {"message": "m", "session_id": "s1"} | ({"message_id": "m1"} if named else {})
    first = {"message": "m", "session_id": "s1", "message_id": "m1"}
    async with service.http.stream("POST", "/chat", json=first, headers=STREAM) as response:
        begun = await anext(response.aiter_text())

    headers = {**STREAM, "Last-Event-ID": parse(begun)[-1].id}
    events = parse((await service.http.post("/chat", json=body, headers=headers)).text)

    assert parse(begun)[0].data["delta"] == "bü"
    assert [(event.name, event.id) for event in events] == [("message", "m1:2.5"), ("final", "m1:3.5")]
    assert events[0].data["delta"] == "tün"
    assert events[-1].data["reply"] == "bütün"
    assert len(service.services.turns.calls) == 1


@pytest.mark.parametrize("header", ["other:1.3", "m1", "m1:x.1", "m1:1.99999999999999"])
async def test_an_event_id_of_another_stream_changes_nothing(service: Service, header: str) -> None:
    body = {"message": "merhaba", "session_id": "s9", "message_id": f"m1-{header}"}
    response = await service.http.post("/chat", json=body, headers={**STREAM, "Last-Event-ID": header})

    events = parse(response.text)
    assert "".join(str(event.data["delta"]) for event in events[:-1]) == "merhaba"


async def test_many_who_hang_up_leave_no_task_behind(start: StartService) -> None:
    service = await start(lambda call: [Delta("a"), 0.1, Final(answer(call, "ab"))])
    before = len(asyncio.all_tasks())

    for number in range(20):
        body = {"message": "m", "session_id": f"s{number}"}
        async with service.http.stream("POST", "/chat", json=body, headers=STREAM) as response:
            async for _ in response.aiter_bytes():
                break
    await asyncio.sleep(0.3)

    assert len(asyncio.all_tasks()) <= before + 2


async def test_a_call_without_a_message_id_gets_one_that_names_its_events(service: Service) -> None:
    response = await service.http.post("/chat", json={"message": "m", "session_id": "s"}, headers=STREAM)

    events = parse(response.text)
    assert events[-1].id.startswith(f"{events[-1].data['message_id']}:")
