"""How long the service takes from its start until `/readyz` says yes, and what it then holds in memory."""

import shutil
from pathlib import Path

from evals.bench_figures import Report, ratio, times
from evals.bench_processes import Running, run_business, run_service


def measure_start(folder: Path) -> Report:
    """Start with an empty data folder, which learns and reads everything, and again; the folder stays prepared."""
    shutil.rmtree(folder, ignore_errors=True)
    found: list[tuple[str, float, float, float]] = []

    def note(name: str, running: Running) -> None:
        found.append((name, running.seconds, running.cpu_ms() / 1000, running.resident_mb()))

    with run_service(folder) as running:
        note("make run, empty data folder", running)
    with run_service(folder) as running:
        note("make run, again", running)
    with run_business(folder.parent) as business, run_service(folder, business=business.url) as running:
        note("serve, again", running)
    base = found[-1][1]
    return Report(
        title="Start until ready",
        columns=("", "seconds", "CPU seconds", "resident MB", "to serve, again"),
        rows=[
            (name, f"{seconds:.1f}", f"{cpu:.1f}", f"{memory:.0f}", times(ratio(seconds, base)))
            for name, seconds, cpu, memory in found
        ],
        figures={
            name: {"seconds": round(seconds, 2), "cpu_seconds": round(cpu, 2), "resident_mb": round(memory, 1)}
            for name, seconds, cpu, memory in found
        },
        remarks=["Three demo projects. With an empty folder their documents are read and their examples learnt."],
    )
