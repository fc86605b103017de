"""Waiting for a person, over HTTP: the desk's hours, nobody who comes, a person who speaks in mid-turn."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.service.house import House, open_house
from tests.service.warmth import Warmth

pytestmark = pytest.mark.asyncio(loop_scope="module")

FRIDAY_NOON = datetime(2026, 3, 13, 9, 0, tzinfo=UTC)
"""Twelve o'clock in Istanbul."""
PERSON = "I want to talk to a person"


@dataclass
class Time:
    """The service's clock, set by hand."""

    now: datetime = FRIDAY_NOON

    def __call__(self) -> datetime:
        return self.now

    def later(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)


@pytest.fixture(scope="module")
def time() -> Time:
    return Time()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(warmth: Warmth, time: Time, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A bot whose desk has hours, and whose customers wait ten minutes for a person."""
    transfer = {"hours": "Mon-Fri 09:00-18:00", "wait_minutes": 10}
    async with open_house(
        tmp_path_factory.mktemp("waiting"), warmth, changes=[{"transfer": transfer}], clock=time
    ) as house:
        yield house


@pytest.fixture
def house(served: House) -> House:
    """The same, with a session of the test's own."""
    return replace(served, session=uuid4().hex)


async def test_outside_the_hours_of_the_desk_the_customer_is_told_when_people_are_there(
    house: House, time: Time
) -> None:
    inside = await house.says(PERSON)
    time.later(days=1)
    outside = await house.says(PERSON, session_id=f"{house.session}-weekend")
    letters = await house.business.letters_of(f"{house.session}-weekend", 1)

    assert [answer["outcome"] for answer in (inside, outside)] == ["transferred", "transferred"]
    assert "Friday" not in inside["reply"]
    assert "Monday to Friday" in outside["reply"]
    assert letters[0].body["event"] == "transfer"


async def test_where_nobody_comes_in_time_the_bot_says_so_and_goes_on(house: House, time: Time) -> None:
    await house.says("send 500 lira")
    await house.says(PERSON)
    time.later(minutes=9)
    muted = await house.says("are you there")
    time.later(minutes=2)
    back = await house.says("where is my order 12345")
    state = (await house.http.get(f"/sessions/{house.session}")).json()
    transcript = (await house.http.get(f"/sessions/{house.session}/messages")).json()["messages"]
    again = await house.says(PERSON)

    told = house.services.versions.all()[0].text("transfer.nobody", "en")
    assert (muted["outcome"], muted["reply"]) == ("muted", "")
    assert back["outcome"] == "acted"
    assert back["reply"].startswith(told)
    assert state["owner"] == "bot"
    assert sum(told in line["content"] for line in transcript) == 1
    assert again["outcome"] == "transferred"
    letters = await house.business.letters_of(house.session, 3)
    assert [letter.body["event"] for letter in letters] == ["transfer", "message", "transfer"]
    assert letters[0].headers["idempotency-key"] != letters[2].headers["idempotency-key"]


@pytest.mark.parametrize("streamed", [False, True], ids=["json", "events"])
async def test_a_turn_under_way_says_nothing_more_once_a_person_has_spoken(house: House, streamed: bool) -> None:
    path = f"/sessions/{house.session}"
    await house.says("good morning")
    house.business.answering.clear()
    house.business.asked.clear()

    async def ask() -> dict[str, Any]:
        message = "where is my order 12345"
        return (await house.streams(message)).final if streamed else await house.says(message)

    turn = asyncio.create_task(ask())
    await asyncio.wait_for(house.business.asked.wait(), 10)
    spoken = await house.http.post(f"{path}/desk/messages", json={"text": "I have it, Ada here.", "agent": "Ada"})
    house.business.answering.set()
    first = await turn
    after = await house.says("thank you Ada")
    transcript = (await house.http.get(f"{path}/messages")).json()["messages"]

    assert spoken.status_code == 200
    assert (first["outcome"], first["reply"]) == ("muted", "")
    assert (after["outcome"], after["reply"]) == ("muted", "")
    assert [line["role"] for line in transcript[2:]] == ["user", "human", "user"]
    assert "shipped" not in str(transcript)
