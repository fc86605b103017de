"""What a killed service does to its customers' actions: `python -m evals.crash`, or `make crash`.

A service process with its own data folder is killed with SIGKILL at random moments, half of them just after a
business's API was asked, and started again; the client sends the same message again until it is answered. A business
that counts its effects tells what was really done. Nothing may be done twice, no answer that a customer had may be
missing afterwards, and no doubt may be hidden: an order that took effect was told as done or as uncertain, and one
told as done took effect. `--turn-seconds 2` on a machine that is busy with something else makes turns run out of time,
too. `--load N` lets N sessions act at once instead, and nobody is killed. `--postgres` starts the
PostgreSQL server of the development dependencies for it, `--database URL` takes any other.
"""

import asyncio
import contextlib
import itertools
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import httpx2
import typer
from pydantic import JsonValue

from evals.crash_business import KINDS, PROJECT, WISHES, CountingBusiness, business_app
from evals.crash_service import ServiceProcess, running, served
from evals.postgres_server import postgres_server

SEED = 20260
SESSIONS = 8
"""Conversations that go on at the same time."""
DEEDS_PER_SESSION = 5
GIVE_UP_SECONDS = 180.0

Told = Literal["done", "unknown", "failed"]


@dataclass(frozen=True, kw_only=True)
class Said:
    """A message and the answer the client had to it."""

    session: str
    message_id: str
    message: str
    answer: dict[str, JsonValue]


@dataclass
class Record:
    """What customers asked for and what they heard."""

    said: list[Said] = field(default_factory=list)
    told: dict[str, Told] = field(default_factory=dict)
    """By code."""
    heard: dict[str, str] = field(default_factory=dict)
    """In the answer's words, by code."""
    strange: list[str] = field(default_factory=list)
    """Answers that the conversation does not expect."""
    hidden: list[str] = field(default_factory=list)
    """Told otherwise than it was, and not as uncertain."""
    missing: list[str] = field(default_factory=list)
    """Acknowledged and not there afterwards."""
    repeated: int = 0
    """Messages that had to be sent again."""
    seconds: list[float] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class OfKind:
    """The figures of one kind of API."""

    deeds: int
    duplicates: int
    silent: int
    told_unknown: int


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The figures."""

    deeds: int
    duplicates: int
    lost: int
    silent: int
    crossed: int
    strange: int
    told_unknown: int
    kinds: dict[str, OfKind] = field(default_factory=dict)
    """By the beginning of their codes."""

    @property
    def clean(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.duplicates or self.lost or self.silent or self.crossed or self.strange)


class Customers:
    """Clients that keep asking until they are answered."""

    def __init__(self, url: str, seed: int) -> None:
        self._url = url
        self._ids = random.Random(seed)  # noqa: S311 - names of messages, no secrets
        self.record = Record()
        self.client = httpx2.AsyncClient(base_url=url, trust_env=False, timeout=60)

    async def visit(self, wishes: Iterator[tuple[str, str]], name: str) -> None:
        """Take wishes from the common list, a few in each session."""
        number = 0
        for at, (code, message) in enumerate(wishes):
            number += at % DEEDS_PER_SESSION == 0
            if not await self._wish(f"{name}-{number}", code, message):
                number += 1

    async def _wish(self, session: str, code: str, message: str) -> bool:
        """Ask and say yes; False where a person has the session now."""
        asked = await self._say(session, message)
        # A customer whose words were not certain is asked, and answers.
        if asked.get("outcome") == "clarifying":
            asked = await self._say(session, "yes")
        if asked.get("asks") == ["code"]:
            asked = await self._say(session, code)
        if asked.get("outcome") != "confirming" or code not in str(asked.get("reply")):
            self.record.strange.append(f"{session}: {message!r} → {asked.get('outcome')}: {asked.get('reply')}")
        answer = await self._say(session, "yes")
        told = told_of(answer)
        if told == "done" and f"R-{code}" not in str(answer["reply"]):
            self.record.strange.append(f"{session}: yes to {code} → {answer.get('reply')}")
        self.record.told[code] = told
        self.record.heard[code] = f"{answer['outcome']}, {answer['transfer_reason']}: {answer['reply']}"
        return not answer["should_transfer"]

    async def _say(self, session: str, message: str) -> dict[str, JsonValue]:
        body = {"message": message, "session_id": session, "message_id": str(UUID(int=self._ids.getrandbits(128)))}
        begun = time.monotonic()
        answer = await self.send(body)
        self.record.seconds.append(time.monotonic() - begun)
        self.record.said.append(Said(session=session, message_id=body["message_id"], message=message, answer=answer))
        return answer

    async def send(self, body: dict[str, str]) -> dict[str, JsonValue]:
        """Send it until it is answered."""
        until = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < until:
            try:
                response = await self.client.post("/chat", json=body)
            except httpx2.TransportError:
                response = None
            if response is not None and response.status_code == 200:
                answer: dict[str, JsonValue] = response.json()
                return answer
            if response is not None and response.status_code < 500:
                raise RuntimeError(f"the service answered {response.status_code}: {response.text}")
            self.record.repeated += 1
            await asyncio.sleep(0.1)
        raise TimeoutError("no answer however often it was asked: the session is stuck")


def told_of(answer: dict[str, JsonValue]) -> Told:
    """What a customer heard of the deed."""
    if answer["transfer_reason"] == "outcome_unknown":
        return "unknown"
    return "done" if answer["outcome"] == "acted" else "failed"


async def judge(customers: Customers, business: CountingBusiness) -> Verdict:
    """Compare what customers heard with what took effect and with what the service remembers."""
    record = customers.record
    silent = [
        code
        for code, told in record.told.items()
        if (told == "done") != (business.effects[code] > 0) and told != "unknown"
    ]
    owners = {code: said.session for said in record.said for code in [said.message.rpartition(" ")[2]]}
    lost = [line async for line in _lost(customers)]
    record.missing = lost
    record.hidden = [
        f"{code}: {record.told[code]}, {business.effects[code]} times: {record.heard[code]}" for code in silent
    ]
    crossed = [code for code, session in business.sessions.items() if owners.get(code) != session]
    kinds = {kind: _of_kind(kind, record, business, silent) for kind in KINDS}
    return Verdict(
        deeds=len(record.told),
        duplicates=sum(kind.duplicates for kind in kinds.values()),
        lost=len(lost),
        silent=len(silent),
        crossed=len(crossed),
        strange=len(record.strange),
        told_unknown=sum(kind.told_unknown for kind in kinds.values()),
        kinds=kinds,
    )


def _of_kind(kind: str, record: Record, business: CountingBusiness, silent: Sequence[str]) -> OfKind:
    effects = {code: count for code, count in business.effects.items() if code.startswith(kind)}
    told = [said for code, said in record.told.items() if code.startswith(kind)]
    return OfKind(
        deeds=len(told),
        duplicates=sum(count - 1 for count in effects.values() if count > 1),
        silent=sum(code.startswith(kind) for code in silent),
        told_unknown=told.count("unknown"),
    )


async def _lost(customers: Customers) -> AsyncIterator[str]:
    """Answers that are missing from their session's transcript or come out different when asked for again."""
    by_session: dict[str, list[Said]] = {}
    for said in customers.record.said:
        by_session.setdefault(said.session, []).append(said)
    for session, all_said in by_session.items():
        response = await customers.client.get(f"/sessions/{session}/messages")
        kept = [line["content"] for line in response.json()["messages"]] if response.status_code == 200 else []
        expected = [str(text) for said in all_said for text in (said.message, said.answer["reply"])]
        if kept != expected:
            yield f"{session}: the transcript is {kept}, expected {expected}"
        for said in all_said:
            again = await customers.send(
                {"message": said.message, "session_id": session, "message_id": said.message_id}
            )
            if again["reply"] != said.answer["reply"]:
                yield f"{session}: {said.message!r} was answered {said.answer['reply']!r}, now {again['reply']!r}"


@dataclass
class Killer:
    """Kills the service at random moments, as often as it is told, spread over the deeds."""

    service: ServiceProcess
    business: CountingBusiness
    chance: random.Random
    kills: int
    deeds: int
    done: bool = False
    """Set when it has killed as often as it was told."""

    async def run(self) -> None:
        """Kill, start again, let some work be done, and so on."""
        arrived = asyncio.Event()
        self.business.arrived = arrived.set
        for number in range(self.kills):
            await self._until_done(self.deeds * (number + 0.5) / self.kills)
            if self.chance.random() < 0.5:
                arrived.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(arrived.wait(), 1)
                await asyncio.sleep(self.chance.random() * 0.06)
            else:
                await asyncio.sleep(self.chance.random() * 0.5)
            await self.service.kill()
            await self.service.start()
        self.done = True

    async def _until_done(self, number: float) -> None:
        while sum(self.business.effects.values()) < number:  # noqa: ASYNC110 - the business has no news
            await asyncio.sleep(0.01)


def wishes_while(wanted: Callable[[int], bool]) -> Iterator[tuple[str, str]]:
    """Codes and messages, the kinds in turn, while a number is wanted."""
    for number in itertools.takewhile(wanted, itertools.count()):
        kind, message = WISHES[number % len(WISHES)]
        code = f"{kind}{10000 + number}"
        yield code, message.format(code)


async def crash(
    folder: Path, *, turns: int, kills: int, seed: int, database: str | None = None, turn_seconds: int | None = None
) -> tuple[Verdict, ServiceProcess, Customers]:
    """`turns` messages with a write action each, and more until `kills` kills are over."""
    business = CountingBusiness(seed)
    async with served(business_app(business)) as api:
        service = make_service(folder, api, database, turn_seconds)
        async with running(service):
            customers = Customers(service.url, seed)
            chance = random.Random(seed)  # noqa: S311 - moments, no secrets
            killer = Killer(service, business, chance, kills, turns)
            shared = wishes_while(lambda number: number < (turns if killer.done else 10 * turns))
            async with customers.client:
                async with asyncio.TaskGroup() as group:
                    group.create_task(killer.run())
                    await asyncio.gather(*(customers.visit(shared, f"c{one}") for one in range(SESSIONS)))
                verdict = await judge(customers, business)
            return verdict, service, customers


async def load(
    folder: Path, *, sessions: int, seed: int, each: int = 3, database: str | None = None
) -> tuple[Verdict, Customers, float]:
    """Every session does `each` deeds, all sessions at once; also the seconds it took."""
    business = CountingBusiness(seed)
    async with served(business_app(business)) as api, running(make_service(folder, api, database)) as service:
        customers = Customers(service.url, seed)
        everything = list(wishes_while(lambda number: number < sessions * each))
        begun = time.monotonic()
        async with customers.client:
            await asyncio.gather(
                *(customers.visit(iter(everything[one::sessions]), f"c{one}") for one in range(sessions))
            )
            seconds = time.monotonic() - begun
            return await judge(customers, business), customers, seconds


def make_service(folder: Path, api: str, database: str | None, turn_seconds: int | None = None) -> ServiceProcess:
    """A service with one small project, not started yet; `turn_seconds` is what its turns may take."""
    project = folder / "projects" / "counting"
    project.mkdir(parents=True, exist_ok=True)
    limits = "limits: {" if turn_seconds is None else f"limits: {{turn_seconds: {turn_seconds}, "
    (project / "project.yaml").write_text(PROJECT.replace("limits: {", limits), encoding="utf-8")
    environment = {"COUNTING_API": api, "SWITCHBOARD_LOG": "json"}
    if database:
        environment["SWITCHBOARD_DATABASE"] = database
    return ServiceProcess(folder / "data", folder / "projects", environment, folder / "service.log")


app = typer.Typer(add_completion=False)


@app.command()
def main(
    *,
    turns: Annotated[int, typer.Option(min=1, help="Turns with a write action.")] = 300,
    kills: Annotated[int, typer.Option(min=0, help="How often the service is killed.")] = 40,
    load_sessions: Annotated[int, typer.Option("--load", min=0, help="Sessions that act at once; no kills.")] = 0,
    database: Annotated[str | None, typer.Option(help="postgresql://…; SQLite in the data folder if unset.")] = None,
    postgres: Annotated[bool, typer.Option("--postgres", help="With a PostgreSQL server started for it.")] = False,
    turn_seconds: Annotated[int | None, typer.Option(min=1, help="What a turn may take; 30 if unset.")] = None,
    seed: int = SEED,
) -> None:
    """Print what a killed or a busy service did."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="switchboard-crash-")))
        if postgres:
            database = stack.enter_context(postgres_server(folder / "postgres"))
        print(f"seed {seed}, {'PostgreSQL' if database else 'SQLite'}")
        if load_sessions:
            verdict, customers, seconds = asyncio.run(
                load(folder, sessions=load_sessions, seed=seed, database=database)
            )
            messages = sorted(customers.record.seconds)
            print(f"sessions at once            {load_sessions}")
            print(f"messages a second           {len(messages) / seconds:.1f}")
            print(
                f"seconds a message p50 · p95 {statistics.median(messages):.2f} · {messages[-len(messages) // 20]:.2f}"
            )
        else:
            verdict, service, customers = asyncio.run(
                crash(folder, turns=turns, kills=kills, seed=seed, database=database, turn_seconds=turn_seconds)
            )
            print(f"kills                       {service.kills}")
            print(f"seconds to start again, p50 {statistics.median(service.starts):.1f}")
            print(f"messages sent again         {customers.record.repeated}")
    _tell(verdict, customers.record)
    if not verdict.clean:
        raise typer.Exit(1)


def _tell(verdict: Verdict, record: Record) -> None:
    print(f"turns with a write action   {verdict.deeds}")
    print(f"duplicates                  {verdict.duplicates}")
    print(f"acknowledged turns lost     {verdict.lost}")
    print(f"silent unknowns             {verdict.silent}")
    print(f"done in another's name      {verdict.crossed}")
    print(f"told as uncertain           {verdict.told_unknown}")
    print(f"unexpected answers          {verdict.strange}")
    print(f"{'an API that …':28}{'turns':>7}{'duplicates':>12}{'silent':>8}{'uncertain':>11}")
    for kind, name in KINDS.items():
        of = verdict.kinds[kind]
        print(f"  {name:26}{of.deeds:>7}{of.duplicates:>12}{of.silent:>8}{of.told_unknown:>11}")
    for line in [*record.hidden[:10], *record.strange[:10], *record.missing[:10]]:
        print(f"  {line}")


if __name__ == "__main__":
    app()
