"""Plays scenarios against the real service and tells what differs."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from uuid import uuid4

import httpx2
from pydantic import JsonValue

from config.versions import Version
from scenarios.judging import differences
from scenarios.model import Scenario, ScenarioTurn
from scenarios.service import PlayedService

AT_ONCE = 4
"""Scenarios played at the same time."""


@dataclass(frozen=True, kw_only=True)
class PlayedTurn:
    """One turn as it went."""

    user: str
    reply: str
    outcome: str
    differences: tuple[str, ...]
    answer: dict[str, JsonValue] = field(default_factory=dict)
    """All that was answered."""


@dataclass(frozen=True, kw_only=True)
class Played:
    """One scenario as it went."""

    project: str
    file: str
    name: str
    seconds: float
    turns: tuple[PlayedTurn, ...] = field(default=())
    tags: tuple[str, ...] = ()
    locale: str = ""
    """The language it begins in."""

    @property
    def passed(self) -> bool:
        """Whether every turn came to what was expected."""
        return all(not turn.differences for turn in self.turns)


async def play_all(
    service: PlayedService,
    jobs: Sequence[tuple[Version, str, Scenario]],
    *,
    done: Callable[[Played], None] | None = None,
) -> list[Played]:
    """Play (version, file, scenario) each in a session of its own, a few at a time; results in the given order.

    They share the service's clock: those that begin at the same moment are played together, and those in which time
    passes one by one after them.
    """
    room = asyncio.Semaphore(AT_ONCE)
    results: dict[int, Played] = {}

    async def one(at: int) -> None:
        async with room:
            results[at] = await play(service, *jobs[at])
        if done is not None:
            done(results[at])

    begins = [scenario.begins(version.project.timezone) for version, _, scenario in jobs]
    for moment in dict.fromkeys(begins):
        group = [at for at, begin in enumerate(begins) if begin == moment]
        service.clock.begin(moment)
        await asyncio.gather(*(one(at) for at in group if not jobs[at][2].waits))
        for at in group:
            if jobs[at][2].waits:
                service.clock.begin(moment)
                await one(at)
    return [results[at] for at in range(len(jobs))]


async def play(service: PlayedService, version: Version, file: str, scenario: Scenario) -> Played:
    """One scenario; it ends at its first turn that goes wrong, since what follows would only repeat it."""
    session = f"scenario-{uuid4().hex}"
    service.stubs.play(session, scenario)
    begun = perf_counter()
    turns: list[PlayedTurn] = []
    for number, turn in enumerate(scenario.turns):
        service.clock.pass_minutes(turn.wait_minutes)
        place: dict[str, JsonValue] = {
            "session_id": session,
            "project": version.project.name,
            "channel_type": scenario.channel,
            "locale": scenario.locale if number == 0 else None,
        }
        answer, broken = await _tell(service.client, turn, place)
        found = broken or differences(turn.expect, answer, service.stubs.calls[session])
        found += [f"api: the scenario has no answer for {name!r}" for name in service.stubs.unanswered[session]]
        turns.append(
            PlayedTurn(
                user=turn.user or f"({turn.event or 'nothing'})",
                reply=str(answer.get("reply") or ""),
                outcome=str(answer.get("outcome") or ""),
                differences=tuple(found),
                answer=answer,
            )
        )
        if found:
            break
    return Played(
        project=version.project.name,
        file=file,
        name=scenario.name,
        seconds=perf_counter() - begun,
        turns=tuple(turns),
        tags=tuple(scenario.tags),
        locale=scenario.locale or str(turns[0].answer.get("locale") or ""),
    )


async def _tell(
    client: httpx2.AsyncClient, turn: ScenarioTurn, place: dict[str, JsonValue]
) -> tuple[dict[str, JsonValue], list[str]]:
    """What the customer writes, or the channel tells, in a session at `place`."""
    if turn.event is not None:
        address = f"/sessions/{place['session_id']}/{turn.event}"
        response = await client.post(address, params={"project": str(place["project"])})
    else:
        body = {"message": turn.user, "message_id": turn.message_id, **place}
        response = await client.post("/chat", json={key: value for key, value in body.items() if value is not None})
    answer: dict[str, JsonValue] = response.json()
    wanted = turn.expect.problem
    if response.status_code == httpx2.codes.OK:
        return answer, [f"problem: expected {wanted!r}, got an answer"] if wanted else []
    if answer.get("kind") == wanted:
        return {"reply": answer.get("detail"), **answer}, []
    return answer, [f"HTTP {response.status_code}: {answer.get('detail')}"]
