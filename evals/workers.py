"""Workers that are killed under load: `python -m evals.workers`.

`switchboard serve --workers 2` takes the messages of several sessions at once, and one worker after the other is killed
with SIGKILL in the middle of it; a client whose connection broke sends the same message again, and whichever worker is
left answers. Nothing may be done twice, no answer may be missing afterwards, no doubt may be hidden, and no session may
wait longer than some seconds. `--postgres` starts the PostgreSQL server of the development dependencies for it.
"""

import asyncio
import random
import signal
import statistics
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from evals.crash import SEED, SESSIONS, Customers, Verdict, judge, make_service, wishes_while
from evals.crash_business import CountingBusiness, business_app
from evals.crash_service import ServiceProcess, running, served
from evals.postgres_server import postgres_server


@dataclass
class Found:
    """What came of a run."""

    verdict: Verdict
    customers: Customers
    service: ServiceProcess
    longest: float
    """Seconds that the unluckiest message took, sent again as often as it needed."""


@dataclass
class Unrest:
    """Kills or renews workers while customers act."""

    service: ServiceProcess
    business: CountingBusiness
    chance: random.Random
    kills: int
    deeds: int
    rolls: int = 0
    before: int = 0
    """How often the log spoke of a ready worker before this run."""
    done: bool = False

    async def run(self) -> None:
        """Each time some work was done: kill a worker in the middle of it, and wait until there is another."""
        arrived = asyncio.Event()
        self.business.arrived = arrived.set
        before, ready = self.before, self.service.workers
        await self.service.until_said("worker ready", before + ready)
        for number in range(self.kills + self.rolls):
            await self._until_done(self.deeds * (number + 0.5) / (self.kills + self.rolls))
            if number < self.kills:
                arrived.clear()
                await asyncio.wait_for(arrived.wait(), 30)
                await asyncio.sleep(self.chance.random() * 0.05)
                await self.service.kill_worker(self.chance.randrange(100))
            else:
                self.service.signal(signal.SIGHUP)
            ready += 1 if number < self.kills else self.service.workers
            await self.service.until_said("worker ready", before + ready)
        self.done = True

    async def _until_done(self, number: float) -> None:
        while sum(self.business.effects.values()) < number:  # noqa: ASYNC110 - the business has no news
            await asyncio.sleep(0.01)


async def play(
    folder: Path,
    *,
    turns: int,
    kills: int,
    rolls: int = 0,
    workers: int = 2,
    database: str | None = None,
    afterwards: Callable[[ServiceProcess], Awaitable[None]] | None = None,
) -> Found:
    """`turns` messages with a write action each, and more until all kills are over; `afterwards` it still runs."""
    business = CountingBusiness(SEED)
    async with served(business_app(business)) as api:
        service = make_service(folder, api, database)
        service.workers = workers
        before = service.said("worker ready")
        async with running(service):
            customers = Customers(service.url, SEED)
            chance = random.Random(SEED)  # noqa: S311 - moments, no secrets
            unrest = Unrest(service, business, chance, kills, turns, rolls, before)
            # However many it takes: how fast customers are and how fast workers begin is the machine's business.
            shared = wishes_while(lambda number: number < turns or not unrest.done)
            async with customers.client:
                async with asyncio.TaskGroup() as group:
                    group.create_task(unrest.run())
                    await asyncio.gather(*(customers.visit(shared, f"c{one}") for one in range(SESSIONS)))
                longest = max(customers.record.seconds)
                verdict = await judge(customers, business)
                if afterwards is not None:
                    await afterwards(service)
            return Found(verdict, customers, service, longest)


app = typer.Typer(add_completion=False)


@app.command()
def main(
    *,
    turns: Annotated[int, typer.Option(min=1, help="Turns with a write action.")] = 120,
    kills: Annotated[int, typer.Option(min=0, help="How often a worker is killed.")] = 10,
    rolls: Annotated[int, typer.Option(min=0, help="How often all are renewed.")] = 1,
    workers: Annotated[int, typer.Option(min=1)] = 2,
    postgres: Annotated[bool, typer.Option("--postgres", help="With a PostgreSQL server started for it.")] = False,
) -> None:
    """Print what killed workers did."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="switchboard-workers-")))
        database = stack.enter_context(postgres_server(folder / "postgres")) if postgres else None
        found = asyncio.run(play(folder, turns=turns, kills=kills, rolls=rolls, workers=workers, database=database))
    verdict, record = found.verdict, found.customers.record
    print(f"{workers} workers, {'PostgreSQL' if postgres else 'SQLite'}")
    print(f"workers killed              {found.service.kills}")
    print(f"all workers renewed         {rolls}")
    print(f"turns with a write action   {verdict.deeds}")
    print(f"messages sent again         {record.repeated}")
    print(f"seconds a message p50 · max {statistics.median(record.seconds):.2f} · {found.longest:.2f}")
    print(f"duplicates                  {verdict.duplicates}")
    print(f"acknowledged turns lost     {verdict.lost}")
    print(f"silent unknowns             {verdict.silent}")
    print(f"told as uncertain           {verdict.told_unknown}")
    print(f"unexpected answers          {verdict.strange}")
    for line in [*record.strange[:10], *record.missing[:10]]:
        print(f"  {line}")
    if not verdict.clean:
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
