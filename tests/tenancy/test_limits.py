"""How much of the service one tenant can have: turns a minute, turns at once, tokens a day."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from config.settings import Settings
from graph.admission import Admission
from graph.calls import TurnCall, TurnRefusedError
from graph.storage import open_storage
from models.budget import TokenBudget
from serving.auth import Keys
from tests.dialogue.talking import bank
from tests.graph.conftest import MEANINGS
from tests.graph.fakes import Room, Script
from tests.serving.conftest import Service, serving
from tests.serving.fakes import FakeServices
from tools.counters import Counters, CounterStorage

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLITE = {
    "tr": "Mesajlarınıza yetişemiyorum. Lütfen biraz bekleyin.",
    "en": "You're sending messages faster than I can answer. Please wait a moment.",
}


class Clock:
    """Runs from now and can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@asynccontextmanager
async def counters_in(folder: Path, database: str | None = None) -> AsyncIterator[tuple[Counters, Clock]]:
    """Counters as a worker opens them."""
    settings = Settings.model_validate({"data": folder, "database": database})
    clock = Clock()
    async with open_storage(settings) as storage:
        yield Counters(storage.usage, now=clock), clock


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str | None:
    return request.getfixturevalue("postgres_url") if request.param == "postgresql" else None


def limited(**limits: int) -> Any:
    return bank(limits=limits)


async def refusal_of(admission: Admission, project: Any) -> TurnRefusedError:
    with pytest.raises(TurnRefusedError) as refused:
        await admission.admit(project)
    return refused.value


async def test_a_minute_s_turns_are_counted_over_all_workers_and_begin_anew(tmp_path: Path, database: str | None):
    project = limited(turns_per_minute=3)
    async with counters_in(tmp_path, database) as (one, clock), counters_in(tmp_path, database) as (other, ahead):
        workers = [Admission(CounterStorage(one)), Admission(CounterStorage(other))]
        for number in range(3):
            await workers[number % 2].admit(project)
        refused = [await refusal_of(worker, project) for worker in workers]

        assert [(each.kind, each.status) for each in refused] == [("rate_limit", 429)] * 2
        assert all(50 <= (each.retry_after or 0) <= 60 for each in refused)
        clock.ahead = ahead.ahead = 61.0
        await workers[0].admit(project)


async def test_a_project_s_limit_is_neither_another_project_s_nor_another_tenant_s(tmp_path: Path):
    async with counters_in(tmp_path) as (counters, _):
        admission = Admission(CounterStorage(counters))
        await admission.admit(limited(turns_per_minute=1))
        await refusal_of(admission, limited(turns_per_minute=1))

        for name, tenant in (("bank", "other"), ("other", "default"), ("other", "other")):
            await admission.admit(bank(name=name, tenant=tenant, limits={"turns_per_minute": 1}))


async def test_what_the_operator_gives_a_tenant_holds_over_all_of_its_projects(tmp_path: Path):
    async with counters_in(tmp_path) as (counters, _):
        admission = Admission(CounterStorage(counters), tenant_per_minute=2)
        await admission.admit(bank(name="one"))
        await admission.admit(bank(name="two", limits={"turns_per_minute": 1000}))
        refused = await refusal_of(admission, bank(name="three"))
        await admission.admit(bank(name="one", tenant="other"))

        assert "tenant" in refused.detail


class Untouched(Counters):
    """Counters that nobody may ask."""

    def __init__(self) -> None:
        pass


async def test_without_a_limit_nothing_is_counted():
    admission = Admission(CounterStorage(Untouched()))
    for _ in range(200):
        await admission.admit(bank())

    with pytest.raises(AttributeError):
        await admission.admit(limited(turns_per_minute=1))


async def test_so_many_of_a_tenant_at_once_and_the_others_wait_while_another_tenant_does_not():
    admission, running, most = Admission(at_once=2), 0, 0
    gate = asyncio.Event()

    async def turn(tenant: str) -> None:
        nonlocal running, most
        async with admission.room(tenant):
            running += 1
            most = max(most, running)
            await gate.wait()
            running -= 1

    crowd = [asyncio.create_task(turn("crowd")) for _ in range(7)]
    await asyncio.sleep(0.01)
    waiting = admission.waiting
    other = asyncio.create_task(turn("other"))
    await asyncio.sleep(0.01)
    seen = running
    gate.set()
    await asyncio.gather(*crowd, other)

    assert (waiting, seen, most, admission.waiting) == (5, 3, 3, 0)


async def test_a_queue_that_is_full_is_told_at_once():
    admission, gate = Admission(at_once=1), asyncio.Event()

    async def turn() -> None:
        async with admission.room("default"):
            await gate.wait()

    crowd = [asyncio.create_task(turn()) for _ in range(17)]
    await asyncio.sleep(0.01)
    refused = await refusal_of(admission, bank())
    await admission.admit(bank(tenant="other"))
    gate.set()
    await asyncio.gather(*crowd)

    assert (refused.status, refused.retry_after) == (429, 2)
    await admission.admit(bank())


async def test_who_gives_up_waiting_leaves_no_place_taken():
    admission, gate = Admission(at_once=1), asyncio.Event()

    async def turn() -> None:
        async with admission.room("acme"):
            await gate.wait()

    first, second = asyncio.create_task(turn()), asyncio.create_task(turn())
    await asyncio.sleep(0.01)
    second.cancel()
    gate.set()
    await asyncio.wait([first, second])

    async with asyncio.timeout(1), admission.room("acme"):
        assert admission.waiting == 0


async def test_tokens_of_a_day_are_counted_over_workers_and_restarts(tmp_path: Path, database: str | None):
    async with counters_in(tmp_path, database) as (counters, _):
        await TokenBudget(counters).spend("acme", "bank", 700)
    async with counters_in(tmp_path, database) as (one, _), counters_in(tmp_path, database) as (other, _):
        await asyncio.gather(*(TokenBudget(each).spend("acme", "bank", 10) for each in (one, other) for _ in range(15)))

        assert await TokenBudget(other).spent("acme", "bank") == 1000
        assert not await TokenBudget(one).allows("acme", "bank", 1000)
        assert await TokenBudget(one).allows("acme", "shop", 1000)
        assert await TokenBudget(one).allows("other", "bank", 1000)


# --- as callers see it ------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(loop_scope="module")
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """A real bank that takes two turns a minute."""
    async with Room(limited(turns_per_minute=2), Script(MEANINGS), tmp_path).open() as room:
        services = FakeServices()
        services.turns, services.versions = room.turns, room.versions  # type: ignore[assignment]
        async with serving(services, keys=Keys(), debug=False, heartbeat=10) as found:
            yield found


async def spent(service: Service, locale: str = "en") -> None:
    for number in range(2):
        assert (await service.chat("send 500", session_id=f"s{number}", locale=locale)).status_code == 200


@pytest.mark.parametrize("locale", ["tr", "en"])
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_one_turn_too_many_is_a_429_with_a_polite_text_and_the_time_to_come_back(
    service: Service, locale: str, accept: str
):
    await spent(service)
    body = {"message": "yes", "session_id": "new", "locale": locale}
    refused = await service.http.post("/chat", json=body, headers={"Accept": accept})

    told = refused.json()
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert (told["kind"], told["reply"]) == ("rate_limit", POLITE[locale])


async def test_it_is_told_in_the_session_s_language_where_the_caller_names_none(service: Service):
    await spent(service, "tr")

    assert (await service.chat("evet", session_id="s0")).json()["reply"] == POLITE["tr"]


async def test_langserve_and_the_session_s_events_are_under_the_same_limit(service: Service):
    await spent(service)
    one: Mapping[str, object] = {"message": "yes", "session_id": "s", "locale": "en"}
    invoked = await service.http.post("/agent/invoke", json={"input": one})
    batched = await service.http.post("/agent/batch", json={"inputs": [one, {**one, "session_id": "t"}]})
    streamed = await service.http.post("/agent/stream", json={"input": one})
    begun = await service.http.post("/sessions/s/begin")

    assert (invoked.status_code, invoked.headers.get("retry-after") is not None) == (429, True)
    assert [answer["reply"] for answer in batched.json()["output"]] == [POLITE["en"]] * 2
    assert POLITE["en"] in streamed.text
    assert begun.status_code == 429


async def test_a_session_that_floods_is_busy_and_another_is_answered(tmp_path: Path):
    async with Room(bank(), Script(MEANINGS), tmp_path).open() as room:
        room.script.pause = 0.05
        flood = [asyncio.create_task(room.turns.run(room.call("balance", "flooder"))) for _ in range(30)]
        other: TurnCall = room.call("balance", "other")
        answered = await room.turns.run(other)
        ends = await asyncio.gather(*flood, return_exceptions=True)

    refused = [end for end in ends if isinstance(end, TurnRefusedError)]
    assert {end.kind for end in refused} == {"busy"}
    assert len(refused) == 30 - 9
    assert all(end.reply and end.retry_after for end in refused)
    assert "reply" in getattr(answered, "answer", {})
