"""The container's files, read as a linter reads them: no engine is needed to see that they fit this service."""

import json
import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from cli import app
from config.settings import Settings
from serving.app import DRAIN_SECONDS
from tests.house.test_house import pins
from tests.house.tree import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
SETTINGS = {str(field.validation_alias.choices[0]) for field in Settings.model_fields.values()}


def instructions() -> list[tuple[str, str]]:
    """Every instruction with its arguments, continued lines joined."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", " ", text).strip().splitlines()
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines if line.strip()]


def said(name: str) -> list[str]:
    return [arguments for instruction, arguments in instructions() if instruction == name]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(ROOT / "compose.yaml")
    return found


def test_the_image_begins_from_a_version_and_no_instruction_is_a_stranger():
    known = [
        "FROM",
        "RUN",
        "COPY",
        "ENV",
        "WORKDIR",
        "USER",
        "VOLUME",
        "EXPOSE",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "ENTRYPOINT",
        "CMD",
    ]

    assert {name for name, _ in instructions()} <= set(known)
    assert all(re.match(r"python:3\.11[-.\w]*( AS \w+)?$", base) for base in said("FROM"))
    assert instructions()[0][0] == "FROM"


def test_the_service_is_not_root_and_only_its_data_is_its_own():
    last_stage = DOCKERFILE.rpartition("\nFROM ")[2]

    assert said("USER") == ["switchboard"]
    assert last_stage.index("USER switchboard") > last_stage.index("COPY . /app")
    assert "--chown" not in DOCKERFILE
    assert said("VOLUME") == ['["/data"]']


def test_only_what_is_locked_is_installed_and_before_the_code_comes():
    assert "--no-deps --require-hashes --requirement /tmp/requirements.lock" in DOCKERFILE
    assert DOCKERFILE.index("requirements.lock") < DOCKERFILE.index("COPY . /app")
    assert not re.search(r"apt-get|curl|wget|sudo|--index-url|ADD ", DOCKERFILE)


def test_what_is_started_is_the_command_line_s_serve_and_gets_its_signals():
    entry, command = json.loads(said("ENTRYPOINT")[0]), json.loads(said("CMD")[0])
    serve = get_command(app).commands["serve"]  # type: ignore[attr-defined]
    options = {option for parameter in serve.params for option in parameter.opts}

    assert entry == ["python", "-P", "-m", "cli"]
    assert command[0] == "serve"
    assert {word for word in command if word.startswith("--")} <= options
    assert said("STOPSIGNAL") == ["SIGTERM"]
    assert said("EXPOSE") == [command[command.index("--port") + 1]]


def test_its_health_is_asked_for_at_a_route_there_is():
    (health,) = said("HEALTHCHECK")
    compile(json.loads(health.partition("CMD ")[2])[2], "HEALTHCHECK", "exec")

    assert ":8000/livez" in health


def test_its_environment_names_settings_there_are_and_no_secret():
    (environment,) = said("ENV")[1:]
    given = dict(pair.split("=", 1) for pair in environment.split())

    assert {name for name in given if name.startswith("SWITCHBOARD_")} <= SETTINGS
    assert given["LANGGRAPH_STRICT_MSGPACK"] == "true"
    assert not {name for name in given if re.search("KEY|SECRET|PASSWORD|TOKEN", name)}


def test_all_that_runs_and_nothing_else_is_sent_to_the_builder():
    lines = (ROOT / ".dockerignore").read_text("utf-8").split()
    taken = {line.removeprefix("!") for line in lines if line.startswith("!")}
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]

    assert lines[0] == "*"
    assert taken == (set(wheel["only-include"]) - {"evals"}) | {"requirements.lock", "LICENSE"}
    assert all((ROOT / name).exists() for name in taken)
    assert not {name for name in (".env", "data", ".git", ".venv", "tests", "keys.json") if name in taken}


def test_only_the_service_listens_and_only_on_this_machine(compose: dict[str, Any]):
    services = compose["services"]

    assert {name for name, service in services.items() if service.get("ports")} == {"switchboard"}
    assert all(port.startswith("127.0.0.1:") for port in services["switchboard"]["ports"])
    assert compose["networks"]["inside"] == {"internal": True}
    assert {name for name, service in services.items() if service["networks"] != ["inside"]} == {"switchboard"}


def test_every_image_has_a_version_and_chroma_s_is_the_client_s(compose: dict[str, Any]):
    images = {name: service["image"] for name, service in compose["services"].items() if "image" in service}

    assert all(re.search(r":\d+\.\d+[-.\w]*$", image) for image in images.values())
    assert pins("requirements.lock")["chromadb"] == {images["chroma"].rpartition(":")[2]}
    assert "pgvector" in images["postgres"]


def test_what_is_set_are_settings_and_what_is_secret_comes_from_outside(compose: dict[str, Any]):
    switchboard = compose["services"]["switchboard"]
    environment = switchboard["environment"]
    text = (ROOT / "compose.yaml").read_text("utf-8")

    assert set(environment) <= SETTINGS
    assert environment["SWITCHBOARD_KEYS"] == f"/run/secrets/{switchboard['secrets'][0]}"
    assert set(switchboard["secrets"]) <= set(compose["secrets"])
    assert all(":?" in found for found in re.findall(r"\$\{POSTGRES_PASSWORD[^}]*\}", text))
    for name, value in environment.items():
        assert not re.search("KEY$|PASSWORD", name) or value.startswith("${"), name


def test_turns_may_end_before_it_is_killed(compose: dict[str, Any]):
    seconds = int(compose["services"]["switchboard"]["stop_grace_period"].removesuffix("s"))

    assert seconds > DRAIN_SECONDS


def test_the_service_waits_for_its_database_and_has_few_rights(compose: dict[str, Any]):
    switchboard = compose["services"]["switchboard"]

    assert switchboard["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert "healthcheck" in compose["services"]["postgres"]
    assert switchboard["read_only"] is True
    assert switchboard["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in switchboard["security_opt"]


def test_every_volume_and_network_is_declared(compose: dict[str, Any]):
    for service in compose["services"].values():
        volumes = {volume.split(":")[0] for volume in service.get("volumes", [])}
        assert volumes <= set(compose["volumes"])
        assert set(service["networks"]) <= set(compose["networks"])


def test_no_file_with_keys_is_in_the_repository():
    assert not [path for path in ROOT.glob("*.json") if fnmatch(path.name, "*key*")]
    assert not Path(ROOT / ".env").exists()
