import asyncio

import pytest

from models.breaker import Breaker, BreakerOpenError
from tests.models_chat.asking import ask
from tests.openai_server import calls, never_answers, says, serving_openai, status


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        with breaker.passage() as passage:
            passage.failed()


def test_it_opens_after_failures_in_a_row():
    breaker = Breaker(failures=3, clock=Clock())
    fail(breaker, 2)
    with breaker.passage() as passage:
        passage.succeeded()
    fail(breaker, 2)
    with breaker.passage():
        pass

    fail(breaker, 1)

    with pytest.raises(BreakerOpenError):
        breaker.passage()


def test_half_open_lets_exactly_one_probe_through():
    clock = Clock()
    breaker = Breaker(failures=1, pause=15, clock=clock)
    fail(breaker, 1)
    clock.now += 15

    probe = breaker.passage()
    for _ in range(20):
        with pytest.raises(BreakerOpenError):
            breaker.passage()
    probe.succeeded()

    assert breaker.state == "closed"


def test_a_failed_probe_opens_it_again():
    clock = Clock()
    breaker = Breaker(failures=5, pause=15, clock=clock)
    fail(breaker, 5)
    clock.now += 15
    fail(breaker, 1)

    assert breaker.state == "open"


def test_an_abandoned_probe_makes_room_for_the_next():
    clock = Clock()
    breaker = Breaker(failures=1, pause=15, clock=clock)
    fail(breaker, 1)
    clock.now += 15
    with breaker.passage():
        pass

    with breaker.passage() as passage:
        passage.succeeded()

    assert breaker.state == "closed"


async def test_a_dead_backend_is_left_alone_and_found_again(open_model):
    clock = Clock()
    breaker = Breaker(failures=4, pause=15, clock=clock)
    with serving_openai(*[status(500)] * 4, says("hello")) as server:
        model = open_model(server, breaker=breaker)
        for _ in range(2):
            assert (await ask(model, "complete")).use["failure"] == "unavailable:http_500"
        began = asyncio.get_running_loop().time()
        refused = [(await ask(model, way)).use["failure"] for way in ("decide", "complete", "stream")]
        took = asyncio.get_running_loop().time() - began
        clock.now += 15
        found = await ask(model, "complete")

    assert refused == ["unavailable:circuit_open"] * 3
    assert took < 0.3
    assert found.text == "hello"


async def test_only_one_of_many_callers_probes(open_model):
    clock = Clock()
    breaker = Breaker(failures=1, pause=15, clock=clock)
    fail(breaker, 1)
    clock.now += 15

    with serving_openai(never_answers()) as server:
        model = open_model(server, breaker=breaker)
        outcomes = await asyncio.gather(*(ask(model, "complete", seconds=0.5) for _ in range(10)))

    assert sorted(str(outcome.use["failure"]) for outcome in outcomes) == [
        "timeout:deadline",
        *["unavailable:circuit_open"] * 9,
    ]


async def test_a_wrong_key_does_not_open_it(open_model):
    breaker = Breaker(failures=2)
    with serving_openai(*[status(401)] * 4, calls(("balance", {}))) as server:
        model = open_model(server, breaker=breaker)
        for _ in range(4):
            assert (await ask(model, "decide")).failure == "refused"
        assert (await ask(model, "decide")).failure is None
