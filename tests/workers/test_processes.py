"""`switchboard serve --workers 2` as it runs: one killed under load, and in the end their parent."""

import asyncio
import signal
from pathlib import Path

import psutil
import pytest

from evals.crash_service import ServiceProcess
from evals.workers import play


async def orphaned(service: ServiceProcess) -> None:
    """The parent is killed, and its workers end by themselves."""
    workers = service.worker_processes()
    service.signal(signal.SIGKILL)
    _, alive = await asyncio.to_thread(psutil.wait_procs, workers, timeout=60)
    assert len(workers) == 2
    assert alive == []


@pytest.mark.timeout(400)
async def test_sessions_of_a_killed_worker_go_on_in_the_other_and_nothing_is_done_twice(
    tmp_path: Path, postgres_url: str
) -> None:
    found = await play(tmp_path, turns=6, kills=1, database=postgres_url, afterwards=orphaned)

    assert found.customers.record.strange == []
    assert found.verdict.clean, found.verdict
    assert found.service.kills == 1
