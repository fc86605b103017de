"""The tutorial, done as it says: its files written, its commands run, what it shows compared with what comes."""

import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from cli import app
from tests.docs.pages import Block, Page
from tests.house.tree import ROOT
from tests.service.warmth import Warmth

TUTORIAL = Page(path=ROOT / "docs/tutorial.md")
PORT = "8000"
"""Where the tutorial's service listens; the test's listens elsewhere."""


@dataclass
class Desk:
    """Somebody who follows the tutorial; `switchboard` runs in this process, which spares importing it each time."""

    folder: Path
    port: str
    command: str = ""
    """The last command block; a chat is played with it."""
    said: str = ""
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def follow(self, block: Block) -> None:
        """Do what a block says, or compare what it shows."""
        if block.language == "text":
            assert_shown(re.split(r"\s*[…\n]\s*", block.text.strip("…\n ")), self.said)
        elif block.language == "chat":
            self._talk(block.text)
        elif block.language == "sh":
            self._command(block)
        else:
            self._write(block)

    def _command(self, block: Block) -> None:
        if block.rest == "background":
            self._start(block.text)
        elif block.rest != "setup":  # where the test stands already
            self.command = block.text
            if not block.text.startswith("switchboard chat"):
                lines = block.text.replace("\\\n", "").splitlines()
                self.said = "".join(self.run(line) for line in lines)

    def run(self, line: str, text: str = "") -> str:
        """What one line of the shell writes."""
        if re.fullmatch(r"switchboard [^&|;<>]*", line):
            result = CliRunner().invoke(app, shlex.split(line)[1:], input=text)
            assert result.exit_code == 0, f"{line}\n{result.output}"
            return result.stdout
        command = ["bash", "-euc", line.replace(PORT, self.port)]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _talk(self, lines: str) -> None:
        spoken = [line.partition(" ") for line in lines.splitlines()]
        said = self.run(self.command.strip(), "".join(f"{text}\n" for who, _, text in spoken if who == "you"))
        assert_shown([text for who, _, text in spoken if who == "bot"], said)

    def _start(self, command: str) -> None:
        here = f'exec "{sys.executable}" -P -m cli serve --port {self.port}'
        command = command.replace("switchboard serve", here)
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.running.append(subprocess.Popen(["bash", "-euc", command], cwd=self.folder, env=environment))  # noqa: S603, S607
        until = time.monotonic() + 120
        while time.monotonic() < until:
            with suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{self.port}/readyz", trust_env=False).status_code == 200:
                    return
            time.sleep(0.1)
        raise AssertionError("the service did not become ready")

    def _write(self, block: Block) -> None:
        how, _, name = block.rest.partition("=")
        assert how in ("file", "add"), f"a block that nobody follows: {block.language} {block.rest}"
        file = self.folder / name
        before = file.read_text("utf-8") + "\n" if how == "add" else ""
        file.write_text(before + block.text, encoding="utf-8")


def assert_shown(expected: list[str], said: str) -> None:
    """Every piece was shown, in that order, perhaps with more before, between and behind."""
    rest = said
    for line in expected:
        assert line in rest, f"{line!r} was not shown:\n{said}"
        rest = rest.partition(line)[2]


@pytest.fixture
def desk(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    for name in [name for name in os.environ if name.startswith(("SWITCHBOARD_", "OPENAI_"))]:
        monkeypatch.delenv(name)
    Warmth(tmp_path_factory.getbasetemp() / "warmth").lend_all(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found = Desk(folder=tmp_path, port=str(probe.getsockname()[1]))
    yield found
    for process in found.running:
        process.terminate()
        process.wait(timeout=30)


@pytest.mark.timeout(600)
def test_whoever_follows_the_tutorial_has_a_published_bot(desk: Desk) -> None:
    blocks = list(TUTORIAL.blocks())
    for block in blocks:
        desk.follow(block)

    languages = [block.language for block in blocks]
    assert languages.count("chat") >= 3
    assert languages.count("text") >= 6
    assert len(desk.running) == 1
    versions = desk.run("switchboard versions bots/bistro")
    assert len(re.findall(r"^[0-9a-f]{12} ", versions, flags=re.MULTILINE)) == 2, versions
