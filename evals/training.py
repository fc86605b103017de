"""What learning a project costs: seconds and memory, from nothing, with its vectors known, and with all of it known.

`python -m evals.training --data DIR` takes 20 intents of 10 examples and 150 of 100 from `clinc150.dev.json`
(github.com/clinc/oos-eval, CC BY 3.0). Each figure is that of a process of its own, which trains as the service does.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Annotated, Final

import psutil
import typer
from rich.console import Console
from rich.table import Table

SIZES: Final = ((20, 10), (150, 100))
STEPS: Final = ("cold", "vectors known", "all known")


def measure(data: Path, folder: Path, intents: int, examples: int) -> dict[str, float]:
    """Train once in this process; vectors and what was learnt are kept in `folder`."""
    from config.catalog import Catalog
    from config.project import Intent, Project
    from config.versions import Version
    from models.embeddings import open_encoder
    from understanding.embedded import EmbeddedUnderstanding

    said: dict[str, list[str]] = defaultdict(list)
    for text, intent in json.loads((data / "clinc150.dev.json").read_text(encoding="utf-8"))["train"]:
        said[intent].append(text)
    specs = {name: Intent(examples={"en": said[name][:examples]}) for name in sorted(said)[:intents]}
    project = Project(name="training", locales=["en"], intents=specs)
    version = Version(name="1", project=project, folder=folder, catalog=Catalog({}, {}), prompts={})
    process = psutil.Process()
    before = process.memory_info().rss / 1e6
    engine = EmbeddedUnderstanding(open_encoder(folder / "vectors.db"), folder / "training")
    began, worked = time.monotonic(), time.process_time()
    asyncio.run(engine.prepare(version))
    return {
        "seconds": time.monotonic() - began,
        "cpu": time.process_time() - worked,
        "before": before,
        "peak": _peak_megabytes(),
        "after": process.memory_info().rss / 1e6,
    }


def _peak_megabytes() -> float:
    """The most memory this process has ever held."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return psutil.Process().memory_info().rss / 1e6
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024 / 1e6


def main(
    data: Annotated[Path, typer.Option(help="Folder with clinc150.dev.json.")],
    *,
    one: Annotated[str | None, typer.Option(help="INTENTS,EXAMPLES,FOLDER: measure one in this process.")] = None,
) -> None:
    """Print what learning costs."""
    if one is not None:
        many, each, folder = one.split(",", 2)
        typer.echo(json.dumps(measure(data, Path(folder), int(many), int(each))))
        return
    table = Table("intents × examples", "", "seconds", "CPU s", "MB before", "MB at most", "MB after")
    for intents, examples in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            for step in STEPS:
                if step == "vectors known":
                    for kept in (Path(folder) / "training").glob("*"):
                        kept.unlink()
                found = _apart(data, f"{intents},{examples},{folder}")
                keys = ("seconds", "cpu", "before", "peak", "after")
                cells = [f"{found[key]:.1f}" if key in ("seconds", "cpu") else f"{found[key]:.0f}" for key in keys]
                table.add_row(f"{intents} × {examples}", step, *cells)
    Console().print(table)


def _apart(data: Path, one: str) -> dict[str, float]:
    """Measured in a process of its own."""
    command = [sys.executable, "-m", "evals.training", "--data", str(data), "--one", one]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))  # noqa: S603 - our own module
    figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


if __name__ == "__main__":
    typer.run(main)
