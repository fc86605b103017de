"""What goes wrong around a conversation, over the whole real service: said, bounded, and the session goes on."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from config.errors import ConfigError
from graph.services import open_services
from scenarios.service import FixedVersions
from tests.service.house import IBAN, SECRETS, House, open_house, settings_for, wires, write_project
from tests.service.warmth import Warmth
from tools.knowledge_errors import KnowledgeError

pytestmark = pytest.mark.asyncio(loop_scope="module")

FEE = "what does a transfer to another bank cost"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(warmth: Warmth, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("faults"), warmth) as house:
        yield house


@pytest.fixture
def house(shared: House) -> House:
    """The shared bot in a session of the test's own."""
    return replace(shared, session=uuid4().hex)


async def transcript_of(house: House) -> list[str]:
    """What was said in the house's session."""
    response = await house.http.get(f"/sessions/{house.session}/messages")
    return [line["content"] for line in response.json()["messages"]]


# --- sessions -------------------------------------------------------------------------------------------------------


async def test_messages_at_once_are_answered_one_after_the_other_and_none_is_lost(house: House) -> None:
    said = [f"send {number}00 lira" for number in range(1, 6)]
    answers = await asyncio.gather(*(house.says(words) for words in said))
    transcript = await transcript_of(house)

    asked, replied = transcript[::2], transcript[1::2]
    assert sorted(asked) == said
    assert len(replied) == len(said)
    by_message = dict(zip(asked, replied, strict=True))
    assert {words: answer["reply"] for words, answer in zip(said, answers, strict=True)} == by_message
    assert (await house.http.get(f"/sessions/{house.session}")).json()["counters"]["turns"] == 5


async def test_many_sessions_at_once_do_not_mix(house: House) -> None:
    async def one(number: int) -> float:
        session = f"{house.session}-{number}"
        await house.says("send money", session_id=session)
        asked = await house.says(f"{number} lira", session_id=session)
        return float(asked["slots"]["amount"]["amount"])

    assert await asyncio.gather(*(one(number) for number in range(11, 31))) == list(range(11, 31))


async def test_a_caller_that_hangs_up_loses_nothing(house: House) -> None:
    body = {"message": "send 500 lira", "session_id": house.session}
    with pytest.raises(httpx.ReadTimeout):
        await house.http.post("/chat", json=body, timeout=httpx.Timeout(5, read=0.001))
    answer = await house.says(IBAN)  # waits for the turn that nobody listens to

    assert answer["outcome"] == "confirming"
    assert (await transcript_of(house))[0] == "send 500 lira"


async def test_an_expired_session_greets_says_so_and_offers_its_open_matter(tmp_path: Path, warmth: Warmth) -> None:
    now = [datetime(2026, 3, 16, 10, 0, tzinfo=UTC)]
    async with open_house(tmp_path, warmth, clock=lambda: now[0]) as house:
        await house.says("send 500 lira")
        await house.says(IBAN)
        now[0] += timedelta(hours=5)
        agreed = await house.says("yes")

    assert agreed["outcome"] != "acted"  # a yes from long ago is no yes
    assert house.business.transfers == []
    assert "Sending money" in agreed["reply"]


async def test_an_erased_session_is_unknown(house: House) -> None:
    await house.says("send 500 lira")
    await house.http.delete(f"/sessions/{house.session}")

    assert (await house.http.get(f"/sessions/{house.session}")).status_code == 404
    assert (await house.says("yes"))["slots"] == {}


# --- messages -------------------------------------------------------------------------------------------------------

ODD = {
    "NUL": "send\x00 500 lira",
    "control characters": "send\x01 500\x7f lira\x07",
    "escape sequences": "\x1b[31msend 500 lira\x1b[0m",
    "bidi marks": "\u202esend 500 lira\u202c",
    "zero width": "s\u200be\u200bnd 500 lira",
    "byte order mark": "\ufeffsend 500 lira",
    "full width": "ｓｅｎｄ ５００ lira",
    "100 ligatures": "ﷺ" * 100,
    "emoji only": "😀🎉👨‍👩‍👧",
    "mixed scripts": "send 給我 деньги مرحبا 500",
    "punctuation": "???!!!...",
    "one letter repeated": "a" * 3999,
    "template": "{{ slots.iban }} ${WIRES_KEY} {% for x in y %}",
    "markup": "<script>alert(1)</script>",
    "a number": "1e400",
    "spaces": " \t\n ",
    "empty": "",
}


@pytest.mark.parametrize("name", ODD)
async def test_no_message_is_too_odd_for_an_answer(house: House, name: str) -> None:
    answer = await house.says(ODD[name])
    after = await house.says("send 500 lira")

    assert answer["outcome"] in {"asked", "answered", "clarifying", "chatted", "transferred"}
    assert answer["reply"]
    assert SECRETS["WIRES_KEY"] not in str(answer)
    assert answer["outcome"] == "transferred" or after["outcome"] == "asked"


@pytest.mark.parametrize("name", ["NUL", "control characters", "bidi marks", "zero width", "byte order mark"])
async def test_what_cannot_be_seen_does_not_hinder_understanding(house: House, name: str) -> None:
    answer = await house.says(ODD[name])

    assert (answer["intent"], answer["slots"]) == ("send_money", {"amount": {"amount": 500, "currency": "TRY"}})


async def test_a_lone_surrogate_is_replaced(house: House) -> None:
    content = b'{"message": "send 500 lira \\ud800", "session_id": "%s"}' % house.session.encode()
    response = await house.http.post("/chat", content=content, headers={"Content-Type": "application/json"})

    assert response.status_code == 200
    assert response.json()["intent"] == "send_money"


async def test_a_message_that_is_too_long_is_refused_politely_in_the_customers_language(house: House) -> None:
    body = {"message": "a" * 4001, "session_id": house.session, "locale": "tr"}
    response = await house.http.post("/chat", json=body)
    problem = response.json()

    assert (response.status_code, problem["kind"]) == (413, "too_large")
    assert "4000" in problem["reply"].replace(".", "")
    assert (await house.says("send 500 lira"))["outcome"] == "asked"


async def test_an_empty_message_asks_the_open_question_again(house: House) -> None:
    await house.says("send 500 lira")
    answer = await house.says("   ")

    assert (answer["outcome"], answer["asks"]) == ("asked", ["iban"])


async def test_a_history_of_ten_thousand_messages_is_counted_and_cut(house: House) -> None:
    history = [{"role": "user", "content": f"message number {number}"} for number in range(10_000)]
    body = {"message": FEE, "session_id": house.session, "history": history}
    response = await house.http.post("/chat", json=body)

    if response.status_code != 200:  # refused by its size is as good
        assert (response.status_code, response.json()["kind"]) == (413, "too_large")
        history = history[:2000]
        response = await house.http.post("/chat", json=body | {"history": history})
    counts = response.json()["metadata"]["diagnostics"]["history"]
    assert counts["external"] == len(history)
    assert counts["truncated"] > 0
    assert counts["tokens"] <= 4000


# --- storage --------------------------------------------------------------------------------------------------------

GARBAGE = b"This is no database but a text that somebody copied here. " * 200


async def test_a_data_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    version = write_project(tmp_path / "projects", wires("http://127.0.0.1:9"))
    data = tmp_path / "deep" / "down" / "data"
    async with open_services(settings_for(data), versions=FixedVersions([version]), environment=SECRETS) as services:
        ready = await services.turns.ready()

    assert data.is_dir()
    assert ready["database"] == "ok"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("switchboard.db", "SWITCHBOARD_DATABASE"),
        ("ledger.db", "SWITCHBOARD_DATA"),
        ("desk.db", "SWITCHBOARD_DATA"),
        ("knowledge.db", "knowledge.db"),
    ],
)
async def test_a_corrupted_file_stops_the_start_and_is_named(tmp_path: Path, name: str, told: str) -> None:
    version = write_project(tmp_path / "projects", wires("http://127.0.0.1:9"))
    data = tmp_path / "data"
    data.mkdir()
    (data / name).write_bytes(GARBAGE)
    with pytest.raises((ConfigError, KnowledgeError), match=told):
        async with open_services(settings_for(data), versions=FixedVersions([version]), environment=SECRETS):
            pass

    assert (data / name).read_bytes() == GARBAGE  # whoever has to mend it finds it as it was


async def test_a_corrupted_cache_costs_only_time(tmp_path: Path, warmth: Warmth) -> None:
    version = write_project(tmp_path / "projects", wires("http://127.0.0.1:9", locales=["en"]))
    data = tmp_path / "data"
    warmth.lend(data)
    (data / "training").mkdir(parents=True, exist_ok=True)
    for path in [data / "vectors.db", *(data / "training").iterdir()]:
        path.write_bytes(GARBAGE)
    async with open_services(settings_for(data), versions=FixedVersions([version]), environment=SECRETS) as services:
        await services.training.finished()

        assert (await services.turns.ready())["training"] == "ok"


async def test_a_locked_database_is_told_and_the_session_goes_on(tmp_path: Path, warmth: Warmth) -> None:
    async with open_house(tmp_path, warmth) as house:
        await house.says("500 lira göndermek istiyorum")
        with closing(sqlite3.connect(tmp_path / "data" / "switchboard.db")) as other:
            other.execute("BEGIN EXCLUSIVE")
            # The session speaks Turkish, and its log cannot be read now.
            begun = time.monotonic()
            refused = await house.http.post("/chat", json={"message": IBAN, "session_id": house.session})
            took = time.monotonic() - begun
            ready = await house.http.get("/readyz")
            other.rollback()
        after = await house.says(IBAN)

    _assert_broken(refused)
    assert refused.json()["reply"] == house.services.versions.all()[0].text("internal_error", "tr")
    assert took < 20
    assert ready.status_code == 503
    assert after["outcome"] == "confirming"


def _assert_broken(response: httpx.Response) -> None:
    problem: dict[str, Any] = response.json()
    assert (response.status_code, problem["kind"]) == (500, "internal_error")
    assert problem["error_id"]
    assert problem["reply"]
    assert problem["should_transfer"]
    assert not any(word in response.text for word in ("sqlite", "locked", "disk", ".db", "Traceback"))
