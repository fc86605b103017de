"""Gives processes part of a processor each, so that several workers find room on a machine of few."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psutil

from evals.bench_processes import BenchError

_PERIOD: Final = 20_000
"""Microseconds over which a share is counted."""
_PATIENCE: Final = 60.0
_PLACES: Final = (
    (Path("/sys/fs/cgroup/cpu"), "cpu.cfs_quota_us", "{quota}", "cpu.cfs_period_us"),
    (Path("/sys/fs/cgroup"), "cpu.max", "{quota} {period}", None),
)
"""Linux control groups of the first and the second kind: folder, file, what it says, and a file for the period."""


@contextmanager
def share_out(processes: Sequence[psutil.Process], share: float) -> Iterator[None]:
    """Let each process have so much of one processor and no more; raises BenchError where it cannot be done."""
    folders: list[Path] = []
    try:
        folders.extend(_place(process, share) for process in processes)
        yield
    finally:
        for folder in folders:
            with suppress(OSError):
                for number in (folder / "cgroup.procs").read_text().split():
                    (folder.parent / "cgroup.procs").write_text(number)
                folder.rmdir()


def _place(process: psutil.Process, share: float) -> Path:
    for root, file, form, period in _PLACES:
        folder = root / f"switchboard-bench-{process.pid}"
        try:
            folder.mkdir()
            if period:
                (folder / period).write_text(str(_PERIOD))
            (folder / file).write_text(form.format(quota=int(share * _PERIOD), period=_PERIOD))
            (folder / "cgroup.procs").write_text(str(process.pid))
        except OSError:
            with suppress(OSError):
                folder.rmdir()
            continue
        return folder
    raise BenchError("control groups cannot be made here; --share needs a Linux machine and the right to make them")


def workers_of(parent: psutil.Process, count: int) -> list[psutil.Process]:
    """The processes of a service that answer: its workers, once all are there, or itself."""
    if count == 1:
        return [parent]
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        found = [child for child in parent.children() if _is_worker(child)]
        if len(found) == count:
            return found
        time.sleep(0.2)
    raise BenchError(f"the service has not {count} workers")


def _is_worker(process: psutil.Process) -> bool:
    try:
        return any("spawn_main" in word for word in process.cmdline())
    except psutil.Error:
        return False
