"""A process killed at any point does nothing twice, loses nothing it told, and hides no doubt."""

import asyncio
import json
import multiprocessing
import random
from collections import Counter

import pytest

from tests.tools_actions.crash_worker import work
from tests.tools_actions.places import PostgresPlace
from tests.tools_actions.wire import reply, wire

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.tools_actions.crash_worker"])


class Business:
    """Counts its effects; deduplicates by key where it is told to."""

    def __init__(self, *, deduplicates):
        self.deduplicates = deduplicates
        self.effects: Counter[str] = Counter()
        self.keys = set()
        self.wire = None
        self.asked = asyncio.Event()

    async def __call__(self, reader, writer):
        seen = self.wire.seen[-1]
        self.asked.set()
        turn, key = seen.json()["turn"], seen.headers.get("idempotency-key")
        await asyncio.sleep(0.005)
        if not (self.deduplicates and key in self.keys):
            self.effects[turn] += 1
        self.keys.add(key)
        await reply(201, {"id": turn})(reader, writer)


async def run_process(*given, **named):
    process = FORKS.Process(target=work, args=given, kwargs=named)
    process.start()
    return process


async def ended(process):
    await asyncio.to_thread(process.join, 60)
    return process.exitcode


def told(folder):
    return [json.loads(line) for line in (folder / "done").read_text().splitlines()]


@pytest.mark.parametrize(
    ("dies", "deduplicates", "status", "sent"),
    [
        ("before claim", True, "succeeded", 1),
        ("before claim", False, "succeeded", 1),
        ("claim", True, "succeeded", 1),
        ("claim", False, "succeeded", 1),
        ("before dispatch", False, "succeeded", 1),
        ("dispatch", True, "succeeded", 1),
        ("dispatch", False, "unknown", 0),
        ("before finish", True, "succeeded", 2),
        ("before finish", False, "unknown", 1),
        ("finish", True, "succeeded", 1),
        ("finish", False, "succeeded", 1),
    ],
)
async def test_a_process_killed_there_is_finished_by_the_next_one(tmp_path, dies, deduplicates, status, sent):
    assert await kill_and_finish(tmp_path, dies, deduplicates=deduplicates) == (status, sent, min(sent, 1))


@pytest.mark.parametrize(
    ("dies", "status", "sent"),
    [
        ("claim", "succeeded", 1),
        ("dispatch", "unknown", 0),
        ("before finish", "unknown", 1),
        ("finish", "succeeded", 1),
    ],
)
async def test_a_process_killed_there_is_finished_by_the_next_one_over_postgres(
    tmp_path, postgres_url, dies, status, sent
):
    await PostgresPlace(postgres_url).empty()

    assert await kill_and_finish(tmp_path, dies, deduplicates=False, database=postgres_url) == (status, sent, sent)


async def kill_and_finish(folder, dies, *, deduplicates, database=None):
    """What the customer was told, how often the business was asked, and how often it did something."""
    business = Business(deduplicates=deduplicates)
    async with wire(business) as api:
        business.wire = api
        given = (str(folder), api.url, 1, deduplicates)
        killed = await ended(await run_process(*given, dies_after=dies, database=database))
        finished = await ended(await run_process(*given, database=database))

    assert (killed, finished) == (-9, 0)
    [one] = told(folder)
    return one["status"], len(api.seen), business.effects[0]


@pytest.mark.parametrize("deduplicates", [True, False])
async def test_killed_again_and_again_it_does_everything_once(tmp_path, deduplicates):
    turns, kills = 25, 0
    chance = random.Random(7)  # noqa: S311 - moments, no secrets
    business = Business(deduplicates=deduplicates)
    async with wire(business) as api:
        business.wire = api
        while not (tmp_path / "done").exists() or len(told(tmp_path)) < turns:
            process = await run_process(str(tmp_path), api.url, turns, deduplicates)
            gone = asyncio.create_task(ended(process))
            for _ in range(3):
                business.asked.clear()
                asked = asyncio.create_task(business.asked.wait())
                await asyncio.wait({gone, asked}, return_when=asyncio.FIRST_COMPLETED)
                asked.cancel()
            await asyncio.sleep(chance.random() * 0.03)
            process.kill()
            kills += await gone == -9

    statuses = {one["turn"]: one["status"] for one in told(tmp_path)}
    assert kills >= 4
    assert max(business.effects.values()) == 1
    assert all(business.effects[turn] == 1 for turn, status in statuses.items() if status == "succeeded")
    assert set(statuses.values()) <= ({"succeeded"} if deduplicates else {"succeeded", "unknown"})
    assert list(statuses) == list(range(turns))
