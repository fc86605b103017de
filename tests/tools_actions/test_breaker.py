"""A host that keeps failing is left alone, and no host is asked for too much at once."""

import asyncio

import pytest

from tests.tools_actions.conftest import make_call
from tests.tools_actions.wire import reply, wire
from tools.actions import HttpActions
from tools.breaker import Breaker, Hosts
from tools.errors import UnreachableError


class Clock:
    time = 0.0

    def __call__(self):
        return self.time


def fail(breaker, times=1):
    for _ in range(times):
        breaker.enter()
        breaker.leave(healthy=False)


def test_failures_in_a_row_open_the_circuit():
    breaker = Breaker(failures=3, seconds=10, now=Clock())
    fail(breaker, 3)

    with pytest.raises(UnreachableError):
        breaker.enter()


def test_a_success_between_failures_keeps_it_closed():
    breaker = Breaker(failures=3, seconds=10, now=Clock())
    fail(breaker, 2)
    breaker.enter()
    breaker.leave(healthy=True)
    fail(breaker, 2)

    breaker.enter()


def test_half_open_lets_one_through():
    clock = Clock()
    breaker = Breaker(failures=1, seconds=10, now=clock)
    fail(breaker)
    clock.time = 10.0
    breaker.enter()

    with pytest.raises(UnreachableError):
        breaker.enter()


@pytest.mark.parametrize(("healthy", "open_again"), [(True, False), (False, True), (None, False)])
def test_the_probe_decides(healthy, open_again):
    clock = Clock()
    breaker = Breaker(failures=3, seconds=10, now=clock)
    fail(breaker, 3)
    clock.time = 10.0
    breaker.enter()
    breaker.leave(healthy=healthy)

    if open_again:
        with pytest.raises(UnreachableError):
            breaker.enter()
    else:
        breaker.enter()


async def test_an_open_circuit_is_a_failure_that_sends_nothing(run, line, ledger):
    using = HttpActions(line, ledger, hosts=Hosts(failures=2, seconds=60))
    async with wire(reply(503)) as api:
        receipts = [await run(api.url, make_call(number=number), using=using) for number in range(4)]

    assert [receipt["http_status"] for receipt in receipts] == [503, 503, None, None]
    assert {receipt["status"] for receipt in receipts} == {"failed"}
    assert len(api.seen) == 2


async def test_refusals_of_values_do_not_open_it(run, line, ledger):
    using = HttpActions(line, ledger, hosts=Hosts(failures=2, seconds=60))
    async with wire(reply(409)) as api:
        for number in range(4):
            await run(api.url, make_call(number=number), using=using)

    assert len(api.seen) == 4


async def test_one_tenants_failures_are_not_anothers(run, line, ledger):
    hosts = Hosts(failures=1, seconds=60)
    async with hosts.place("one", "h:80") as breaker:
        fail(breaker)

    async with hosts.place("other", "h:80") as breaker:
        breaker.enter()


async def test_a_host_is_asked_for_so_much_at_once(run, line, ledger):
    using = HttpActions(line, ledger, hosts=Hosts(at_once=3))
    most = 0

    async def count(reader, writer):
        nonlocal most
        running.add(writer)
        most = max(most, len(running))
        await asyncio.sleep(0.02)
        running.discard(writer)
        await reply()(reader, writer)

    running = set()
    async with wire(count) as api:
        calls = [run(api.url, make_call(number=number), using=using, effect="read") for number in range(12)]
        await asyncio.gather(*calls)

    assert (most, len(api.seen)) == (3, 12)
