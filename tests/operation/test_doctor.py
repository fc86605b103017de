"""`switchboard doctor` over installations that are well, and that are broken in many places at once."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI, Response
from typer.testing import CliRunner, Result

from cli import app
from config.starting import start_project
from evals.crash_service import free_port, served
from serving.auth import key_hash

Doctor = Callable[..., Result]


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """Runs the command in a folder of its own with the given environment."""
    for name in ("SWITCHBOARD_MODEL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "SWITCHBOARD_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*, port: int = 0, **environment: str) -> Result:
        environment = {"SWITCHBOARD_DATA": str(tmp_path / "data"), "ORDERS_API": "http://127.0.0.1:9", **environment}
        return CliRunner().invoke(app, ["doctor", "--port", str(port or free_port())], env=environment)

    start_project(tmp_path / "projects" / "orders")
    return run


def line(result: Result, what: str) -> str:
    """The line about something."""
    found = [each for each in result.output.splitlines() if f" {what}:" in each]
    assert found, result.output
    return found[0]


def test_an_installation_that_is_well_has_no_line_that_fails(doctor: Doctor, tmp_path: Path):
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps([{"hash": key_hash("k"), "tenant": "acme", "role": "chat"}]))
    result = doctor(SWITCHBOARD_KEYS=str(keys))

    assert result.exit_code == 0, result.output
    assert not [each for each in result.output.splitlines() if each.startswith("fail")]
    for what in ("python", "packages", "checkpoints", "keys", "port", "disk", "database", "embeddings", "knowledge"):
        assert line(result, what)
    assert "acme chat 1" in line(result, "keys")
    assert "embedded engine" in line(result, "model")
    assert "draft-" in line(result, "orders")


def test_everything_that_is_wrong_is_told_at_once_each_with_its_remedy(doctor: Doctor, tmp_path: Path):
    broken = tmp_path / "projects" / "broken"
    broken.mkdir()
    (broken / "project.yaml").write_text("name: broken\nlocales: [en]\nintentz: {}\n")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = doctor(
            port=taken.getsockname()[1],
            SWITCHBOARD_KEYS='[{"hash": "secret-in-the-wrong-place"}]',
            SWITCHBOARD_DATABASE=f"postgresql://us:the-password@127.0.0.1:{free_port()}/none?connect_timeout=1",
            SWITCHBOARD_KNOWLEDGE=f"chroma:http://127.0.0.1:{free_port()}",
            SWITCHBOARD_MODEL="m",
            OPENAI_API_KEY="sk-planted",
            OPENAI_BASE_URL=f"http://127.0.0.1:{free_port()}/v1",
        )

    assert result.exit_code == 1
    for what, remedy in {
        "keys": "SWITCHBOARD_KEYS: entry 0.hash",
        "database": "start the server, or correct host, port, user",
        "knowledge": "see SWITCHBOARD_KNOWLEDGE",
        "model": "see OPENAI_BASE_URL",
        "broken": "`switchboard check",
    }.items():
        assert line(result, what).startswith("fail"), result.output
        assert remedy in line(result, what)
    assert line(result, "port").startswith("warn")
    assert line(result, "orders").startswith(("ok", "warn"))
    assert not {
        secret for secret in ("the-password", "sk-planted", "secret-in-the-wrong-place") if secret in result.output
    }


def test_a_data_folder_that_is_none_is_told(doctor: Doctor, tmp_path: Path):
    (tmp_path / "file").write_text("")
    result = doctor(SWITCHBOARD_DATA=str(tmp_path / "file" / "data"))

    assert result.exit_code == 1
    assert "SWITCHBOARD_DATA: the folder" in line(result, "disk")
    assert "choose another or change its permissions" in line(result, "disk")


async def test_a_model_s_refusal_of_the_key_is_told(doctor: Doctor, tmp_path: Path):
    import asyncio

    server = FastAPI()

    @server.get("/v1/models")
    async def models() -> Response:
        return Response(status_code=401)

    async with served(server) as url:
        result = await asyncio.to_thread(
            doctor, SWITCHBOARD_MODEL="m", OPENAI_API_KEY="sk-planted", OPENAI_BASE_URL=f"{url}/v1"
        )

    assert result.exit_code == 1
    assert "refuses the key (401); see OPENAI_API_KEY" in line(result, "model")
