"""`switchboard serve`: starts, says when it is ready, drains and ends; or says in a line why it cannot."""

import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.conftest import ROOT, RunMain, Workshop


@contextmanager
def served(workshop: Workshop, port: int, *options: str) -> "Iterator[subprocess.Popen[str]]":
    command = workshop.command("serve", "--port", port, *options)
    with subprocess.Popen(  # noqa: S603
        command,
        cwd=workshop.folder,
        env=workshop.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(http: httpx.Client, process: "subprocess.Popen[str]") -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, process.stdout and process.stdout.read()
        with suppress(httpx.TransportError):
            if http.get("/readyz").status_code == 200:
                return
        time.sleep(0.3)
    raise AssertionError(http.get("/readyz").text)


def until_status(http: httpx.Client, status: int) -> dict[str, Any]:
    """What `/readyz` says once it has this status."""
    until = time.monotonic() + 10
    while (answer := http.get("/readyz")).status_code != status:
        assert time.monotonic() < until, answer.text
        time.sleep(0.2)
    found: dict[str, Any] = answer.json()
    return found


def test_it_gets_ready_names_the_documents_that_nobody_read_answers_and_drains(workshop: Workshop) -> None:
    notes = workshop.project.parent / "notes"
    (notes / "knowledge").mkdir(parents=True)
    (notes / "knowledge" / "hours.md").write_text("# Hours\n\nWe are open from nine to five.\n", encoding="utf-8")
    (notes / "project.yaml").write_text("name: notes\nlocales: [en]\n", encoding="utf-8")
    message = {"message": "where is my order", "session_id": "s", "project": workshop.project.name}
    port = free_port()
    with (
        served(workshop, port) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as http,
    ):
        wait_until_ready(http, process)
        answer = http.post("/chat", json=message).json()
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)

    assert (answer["outcome"], answer["asks"]) == ("asked", ["order_number"])
    assert "switchboard ingest notes" in next(line for line in output.splitlines() if "project=notes remedy" in line)
    assert process.returncode == 0, output
    assert "Traceback" not in output


def test_a_conversation_goes_on_after_a_restart(workshop: Workshop) -> None:
    said = ["change my delivery day, the order is 10042", "Monday"]
    answers = []
    for words in said:
        port = free_port()
        with (
            served(workshop, port) as process,
            httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as http,
        ):
            wait_until_ready(http, process)
            answers.append(http.post("/chat", json={"message": words, "session_id": "restarted"}).json())
            process.kill()

    assert [answer["outcome"] for answer in answers] == ["asked", "confirming"]
    assert answers[1]["slots"]["order_number"] == "10042"


def test_a_full_disk_is_told_and_the_session_goes_on(workshop: Workshop) -> None:
    port = free_port()
    with (
        served(workshop, port) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as http,
    ):
        wait_until_ready(http, process)
        turns = [{"message": words, "session_id": "full"} for words in ("change my delivery day", "10042")]
        http.post("/chat", json=turns[0])
        _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        # No file of that process may grow: what a full disk looks like to it.
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, most))
        refused = http.post("/chat", json=turns[1])
        ready = until_status(http, 503)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
        answer = http.post("/chat", json=turns[1]).json()
        transcript = http.get("/sessions/full/messages").json()["messages"]
        until_status(http, 200)

    assert ready["dependencies"]["disk"].startswith("SWITCHBOARD_DATA: the folder cannot be written to")
    problem = refused.json()
    assert (refused.status_code, problem["kind"]) == (500, "internal_error")
    assert problem["reply"]
    assert not any(word in refused.text for word in ("sqlite", "disk", ".db", "Traceback"))
    assert answer["slots"] == {"order_number": "10042"}
    assert [line["content"] for line in transcript if line["role"] == "user"] == ["change my delivery day", "10042"]


@pytest.mark.parametrize(("given", "port"), [([], 8000), (["PORT=8123"], 8123)], ids=["default", "another"])
def test_make_run_takes_a_port(given: list[str], port: int) -> None:
    command = ["make", "--no-print-directory", "-n", "run", *given]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)  # noqa: S603

    assert done.stdout.splitlines()[-1].endswith(f"cli serve --demo --port {port}")


def test_a_port_that_is_taken_is_said_in_one_line(workshop: Workshop) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = workshop.run("serve", "--port", port)

    assert result.returncode == 1
    told = f"cannot listen on 127.0.0.1:{port}: Address already in use; stop what listens there, or choose another"
    assert result.stderr.splitlines() == [f"{told} with --port (make run PORT=…)"]


def test_without_keys_only_this_machine_is_served(workshop: Workshop) -> None:
    result = workshop.run("serve", "--host", "0.0.0.0", "--port", free_port())

    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert "SWITCHBOARD_KEYS" in result.stderr


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"SWITCHBOARD_DATABASE": "mysql://x"}, "SWITCHBOARD_DATABASE"),
        ({"SWITCHBOARD_KNOWLEDGE": "faiss"}, "SWITCHBOARD_KNOWLEDGE"),
        ({"SWITCHBOARD_EMBEDDINGS": "big"}, "SWITCHBOARD_EMBEDDINGS"),
        ({"SWITCHBOARD_KEYS": "nowhere.json"}, "SWITCHBOARD_KEYS"),
        ({"SWITCHBOARD_KEYS": "[{}]"}, "SWITCHBOARD_KEYS"),
        ({"SWITCHBOARD_LOG": "loud"}, "SWITCHBOARD_LOG"),
    ],
    ids=str,
)
def test_a_setting_that_cannot_be_is_said_in_one_line(run_main: RunMain, settings: dict[str, str], told: str) -> None:
    status, errors = run_main("serve", "--port", free_port(), **settings)

    assert status == 1
    assert len(errors) == 1
    assert told in errors[0]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"SWITCHBOARD_DATA": "file"}, "SWITCHBOARD_DATA"),
        ({"SWITCHBOARD_DATABASE": "sqlite:///file/x.db"}, "SWITCHBOARD_DATABASE"),
        ({"SWITCHBOARD_DATABASE": "postgresql://u:secret@h/d"}, "SWITCHBOARD_DATABASE"),
    ],
    ids=str,
)
def test_storage_that_cannot_be_used_is_said_in_one_line(
    workshop: Workshop, settings: dict[str, str], told: str
) -> None:
    (workshop.folder / "file").write_text("a file, not a folder", encoding="utf-8")
    wrong = replace(workshop, environment=workshop.environment | settings)
    result = wrong.run("serve", "--port", free_port())

    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert told in result.stderr
    assert "secret" not in result.stderr


def test_an_interrupt_ends_it_quietly(workshop: Workshop) -> None:
    port = free_port()
    with (
        served(workshop, port) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as http,
    ):
        wait_until_ready(http, process)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)

    assert process.returncode == 0, output
    assert "Traceback" not in output
    assert "Abort" not in output


def children_of(process: "subprocess.Popen[str]") -> list[int]:
    """The processes that it started and that still run."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii")
    return [int(pid) for pid in listed.split()]


def ends(pid: int) -> bool:
    """Whether a process is gone soon."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with suppress(FileNotFoundError):
            if ") Z " not in Path(f"/proc/{pid}/stat").read_text("ascii"):
                time.sleep(0.05)
                continue
        return True
    return False


@pytest.mark.timeout(500)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_the_demo_businesses_end_with_the_service_however_it_ends(workshop: Workshop, number: signal.Signals) -> None:
    with served(workshop, free_port(), "--demo") as process:
        until = time.monotonic() + 30
        while not (children := children_of(process)):
            assert time.monotonic() < until
            time.sleep(0.02)
        process.send_signal(number)
        # What is being learnt is learnt to its end first, which takes its time on a busy machine.
        output, _ = process.communicate(timeout=400)

    assert all(ends(pid) for pid in children)
    assert "Traceback" not in output


@pytest.mark.parametrize(("folder", "told"), [("nowhere", "there is no such folder"), (".", "no project in it")])
def test_a_folder_without_projects_is_told_at_the_start(run_main: RunMain, folder: str, told: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        status, lines = run_main("serve", "--projects", folder, "--port", taken.getsockname()[1])

    assert status == 1  # the port is taken: nothing is served here
    assert told in lines[0]
    assert "only published versions are served" in lines[0]
