"""The command line in this process and as one of its own, on folders of the test's."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli import app, main
from config.starting import start_project
from tests.service.warmth import PROJECTS, Warmth

ROOT = PROJECTS.parent

Run = Callable[..., Result]
RunMain = Callable[..., tuple[int, list[str]]]


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """A folder with a new project in it, and how to start commands there."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def project(self) -> Path:
        """The new project."""
        return self.folder / "projects" / "corner-shop"

    def command(self, *arguments: object) -> list[str]:
        """The command line of a process."""
        return [sys.executable, "-P", "-m", "cli", *map(str, arguments)]

    def run(self, *arguments: object, text: str = "") -> "subprocess.CompletedProcess[str]":
        """A command in a process of its own, waited for."""
        return subprocess.run(  # noqa: S603
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )


@pytest.fixture(scope="session")
def warm_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that keeps embeddings and trained engines between the tests."""
    data = tmp_path_factory.mktemp("cli") / "data"
    Warmth(tmp_path_factory.getbasetemp() / "warmth").lend_all(data)
    return data


@pytest.fixture
def workshop(tmp_path: Path, warm_data: Path) -> Workshop:
    """A new project, as `init` writes it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SWITCHBOARD_", "OPENAI_"))}
    settings = {"SWITCHBOARD_DATA": str(warm_data), "PYTHONPATH": str(ROOT), "ORDERS_API": "http://127.0.0.1:9"}
    made = Workshop(folder=tmp_path, environment=kept | settings)
    start_project(made.project)
    return made


@pytest.fixture
def run(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in this process, in the workshop's folder."""
    monkeypatch.chdir(workshop.folder)
    for name in [name for name in os.environ if name.startswith(("SWITCHBOARD_", "OPENAI_"))]:
        monkeypatch.delenv(name)
    for name in ("SWITCHBOARD_DATA", "ORDERS_API"):
        monkeypatch.setenv(name, workshop.environment[name])
    return lambda *arguments, text="": CliRunner().invoke(app, [str(each) for each in arguments], input=text)


@pytest.fixture
def run_main(run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> RunMain:
    """Runs a command as `switchboard` does, with some settings; its status and its lines on stderr."""

    def running(*arguments: object, **settings: str) -> tuple[int, list[str]]:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            main([str(each) for each in arguments])
        return int(ended.value.code or 0), capsys.readouterr().err.splitlines()

    return running
