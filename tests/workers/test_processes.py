"""`switchboard serve --workers 2` as it runs: one killed under load, all renewed, the whole told to end."""

import signal
from pathlib import Path

import pytest

from evals.crash import make_service
from evals.crash_service import running
from evals.workers import play

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all: what was learnt for the first is there for the others."""
    return tmp_path_factory.mktemp("workers")


async def test_sessions_of_a_killed_worker_go_on_in_the_other_and_nothing_is_done_twice(folder: Path) -> None:
    found = await play(folder, turns=6, kills=1)

    assert found.customers.record.strange == []
    assert found.verdict.clean, found.verdict
    assert found.service.kills == 1


async def test_over_postgres_too_and_while_all_workers_are_renewed(folder: Path, postgres_url: str) -> None:
    found = await play(folder, turns=6, kills=1, rolls=1, database=postgres_url)

    assert found.customers.record.strange == []
    assert found.verdict.clean, found.verdict


async def test_workers_end_with_their_parent_however_it_ends(folder: Path) -> None:
    service = make_service(folder, "http://127.0.0.1:9", None)
    service.workers = 2
    before = service.said("worker ready")
    async with running(service):
        await service.until_said("worker ready", before + 2)
        workers = service.worker_processes()
        service.signal(signal.SIGKILL)
        for worker in workers:
            worker.wait(timeout=60)

    assert len(workers) == 2
