"""Cases made from the service's own OpenAPI description, sent to a running service: `make fuzz`.

schemathesis has an environment of its own, because what it needs and what the service needs do not go together. Here
the service is started on loopback with a bot and a key, schemathesis is run until enough cases were sent, and what it
sent and found is counted from its own record. A 5xx, an answer that does not match the description, an answer that
does not come, or a key that is not needed fails the run.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import httpx2
import typer
from pydantic import JsonValue
from rich.console import Console
from rich.table import Table

from config.starting import start_project
from evals.bench_processes import ROOT, Running, free_port, run_command

KEY: Final = "api-admin"
BOT: Final = "bank"
"""As the description's examples call it."""
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
    "use_after_free",
)
"""Left out is what a schema cannot say: a right body may be refused for a project that is not there."""
LOUD: Final = 500
DEAR: Final = """
[[operations]]
include-name = "POST /projects/{project}/publish"
generation = { max-examples = 5 }
"""
"""Publishing plays the bot's scenarios in a process of its own each time."""


@dataclass
class Sent:
    """What was sent and what came of it."""

    described: frozenset[str]
    """Methods and paths of the description; others that are tried count together."""
    statuses: dict[str, Counter[str]] = field(default_factory=dict)
    """By method and path; `none` where no answer came."""
    failures: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By route and what is wrong."""
    samples: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def cases(self) -> int:
        """How many requests were made of cases."""
        return sum(sum(counts.values()) for counts in self.statuses.values())

    @property
    def broken(self) -> int:
        """Answers of 500 and above, and requests without an answer."""
        counted = [(status, count) for counts in self.statuses.values() for status, count in counts.items()]
        return sum(count for status, count in counted if status == "none" or int(status) >= LOUD)

    def read(self, record: Path) -> None:
        """Add what schemathesis wrote of a run."""
        for line in record.read_text("utf-8").splitlines():
            recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
            for case, interaction in recorder.get("interactions", {}).items():
                self._count(recorder["cases"][case]["value"], interaction)
            for case, checks in recorder.get("checks", {}).items():
                for check in checks:
                    if check["status"] != "success":
                        self._fail(recorder, case, check["failure_info"]["failure"])

    def _count(self, case: dict[str, JsonValue], interaction: dict[str, dict[str, JsonValue]]) -> None:
        route = f"{case['method']} {case['path']}"
        counts = self.statuses.setdefault(route if route in self.described else "methods not described", Counter())
        counts[str((interaction.get("response") or {}).get("status_code", "none"))] += 1

    def _fail(self, recorder: dict[str, dict[str, dict[str, JsonValue]]], case: str, failure: dict[str, str]) -> None:
        value = recorder["cases"][case]["value"]
        assert isinstance(value, dict)  # noqa: S101 - the shape that schemathesis writes
        key = (f"{value['method']} {value['path']}", failure["title"])
        self.failures[key] += 1
        self.samples.setdefault(key, f"{failure['message'][:300]}\n    {json.dumps(value, ensure_ascii=False)[:600]}")


@contextmanager
def service(scratch: Path) -> Iterator[Running]:
    """`switchboard serve` with the bot that `init` writes, behind a key, with room for as many turns as are sent."""
    start_project(scratch / "projects" / BOT)
    description = scratch / "projects" / BOT / "project.yaml"
    description.write_text(description.read_text("utf-8") + "\nlimits: {turns_per_minute: 1000000}\n", "utf-8")
    hashed = hashlib.sha256(KEY.encode()).hexdigest()
    keys = [{"hash": hashed, "tenant": "demo", "role": "admin", "name": "cases"}]
    environment = {
        "SWITCHBOARD_PROJECTS": str(scratch / "projects"),
        "SWITCHBOARD_DATA": str(scratch / "data"),
        "SWITCHBOARD_KEYS": json.dumps(keys),
        "SWITCHBOARD_LOG": "json",
        "SWITCHBOARD_TENANT_TURNS": "1024",
        "ORDERS_API": "http://127.0.0.1:9",
    }
    port = free_port()
    known = {**environment, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-m", "cli", "ingest", BOT], env=known, cwd=scratch, check=True)  # noqa: S603
    command = [sys.executable, "-m", "cli", "serve", "--port", str(port)]
    with run_command(command, environment, port, scratch, ready="/readyz") as running:
        yield running


def described(url: str) -> frozenset[str]:
    """Methods and paths of the service's description."""
    paths = httpx2.get(f"{url}/openapi.json", trust_env=False).json()["paths"]
    return frozenset(f"{method.upper()} {path}" for path, item in paths.items() for method in item)


def send(schemathesis: Path, url: str, scratch: Path, *, seed: int, examples: int) -> Path:
    """One run of schemathesis; its record."""
    record = scratch / f"cases-{seed}.ndjson"
    command = [str(schemathesis), "run", f"{url}/openapi.json", "-H", f"Authorization: Bearer {KEY}"]
    command += ["--checks", ",".join(CHECKS), "--seed", str(seed), "--max-examples", str(examples), "--no-shrink"]
    command += ["--continue-on-failure", "--suppress-health-check", "all", "--request-timeout", "60"]
    command += ["--generation-with-security-parameters", "false", "--generation-database", "none"]
    command += ["--report", "ndjson", "--report-ndjson-path", str(record), "--warnings", "off", "--no-color"]
    (scratch / "schemathesis.toml").write_text(DEAR, "utf-8")
    said = scratch / f"cases-{seed}.txt"
    with said.open("wb") as output:
        # What it found is read from its record; its exit status says only whether there is anything.
        subprocess.run(command, cwd=scratch, stdout=output, stderr=subprocess.STDOUT, check=False)  # noqa: S603
    if not record.is_file():
        raise typer.BadParameter(f"{schemathesis} did not run: {said.read_text('utf-8')[-1000:]}")
    return record


def show(console: Console, sent: Sent) -> None:
    """Print it by route."""
    table = Table("route", "cases", "statuses")
    for route, counts in sorted(sent.statuses.items()):
        told = ", ".join(f"{status}: {count}" for status, count in sorted(counts.items()))
        table.add_row(route, str(sum(counts.values())), told)
    console.print(table)
    for (route, title), count in sorted(sent.failures.items()):
        console.print(f"{count} × {route}: {title}\n    {sent.samples[route, title]}", markup=False, highlight=False)


app = typer.Typer(add_completion=False)


@app.command()
def main(
    *,
    schemathesis: Annotated[Path, typer.Option(help="The program.")] = Path(".venv-fuzz/bin/schemathesis"),
    cases: Annotated[int, typer.Option(help="How many are sent at least.")] = 10_000,
    examples: Annotated[int, typer.Option(help="How many are made of a route in a round.")] = 150,
    seed: Annotated[int, typer.Option(help="Where the draw begins.")] = 1,
) -> None:
    """Send cases until there were enough; fails where the service did."""
    console = Console(width=118)
    with tempfile.TemporaryDirectory(prefix="switchboard-api-") as folder:
        scratch = Path(folder)
        with service(scratch) as running:
            sent = Sent(described(running.url))
            while sent.cases < cases:
                sent.read(send(schemathesis.absolute(), running.url, scratch, seed=seed, examples=examples))
                console.print(f"seed {seed}: {sent.cases} cases sent, {running.resident_mb():.0f} MB", highlight=False)
                seed += 1
        log = next(scratch.glob("*.log")).read_text("utf-8", errors="replace")
    show(console, sent)
    errors = log.count('"request_broke"')
    console.print(
        f"{sent.cases} cases: {sent.broken} of 5xx or without an answer, {sum(sent.failures.values())} answers"
    )
    console.print(f"that do not match the description, {errors} errors in the service's log")
    if sent.broken or sent.failures or errors:
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
