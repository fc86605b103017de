"""The documents say what is so."""

import json
import re
from typing import get_args

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from cli import app
from config.project import Limits, Project, SessionRules
from config.settings import Settings
from dialogue.confidence import SHIPPED
from dialogue.state import Outcome, TransferReason
from graph.draw import drawing
from ingest.loaders import LOADERS
from scenarios.model import Expectation, Scenario
from serving.app import create_app
from serving.edge import BODY_LIMIT, UPLOAD_LIMIT
from serving.langserve_mount import BATCH_LIMIT
from tests.house.tree import ROOT, packages, tracked

README = (ROOT / "README.md").read_text("utf-8")


def section(title: str) -> str:
    """What stands under a heading of the README."""
    return re.split(r"^## ", README.split(f"\n## {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def first_cells(text: str) -> set[str]:
    """The names that begin the rows of the tables."""
    return set(re.findall(r"^\| `([^` ]+)[^|]*\|", text, flags=re.MULTILINE))


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def test_the_drawing_is_the_graph():
    assert blocks("mermaid") == [drawing()]


def test_the_settings_are_those_of_the_table():
    names = {str(field.validation_alias.choices[0]) for field in Settings.model_fields.values()}

    assert first_cells(section("Settings")) == names


def test_the_defaults_are_those_of_the_table(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for field in Settings.model_fields.values():
        monkeypatch.delenv(str(field.validation_alias.choices[0]), raising=False)
    settings, table = Settings(), section("Settings")

    assert f"| `SWITCHBOARD_PROJECTS` | `{settings.projects}` |" in table
    assert f"| `SWITCHBOARD_DATA` | `{settings.data}` |" in table
    assert f"| `SWITCHBOARD_EMBEDDINGS` | `{settings.embeddings}` |" in table
    assert f"| `SWITCHBOARD_LOG` | `{settings.log}` |" in table
    assert settings.database_url.startswith("sqlite:///data")
    assert settings.knowledge_index.startswith("chroma:data")


def test_every_command_stands_in_the_table():
    commands = get_command(app).commands  # type: ignore[attr-defined]

    assert first_cells(section("Commands")) == set(commands)


def test_every_option_it_names_exists():
    table = section("Commands")
    commands = get_command(app).commands  # type: ignore[attr-defined]
    for row in re.findall(r"^\| `(\w+).*$", table, flags=re.MULTILINE):
        line = next(line for line in table.splitlines() if line.startswith(f"| `{row}"))
        known = {option for command in _with_children(commands[row]) for each in command.params for option in each.opts}

        assert set(re.findall(r"--[a-z]+", line)) <= known, row


def _with_children(command):
    return [command, *getattr(command, "commands", {}).values()]


def test_every_address_stands_in_the_table():
    app = create_app(lambda: None, debug=True)  # type: ignore[arg-type, return-value]
    text = section("Call it")
    for path, methods in app.openapi()["paths"].items():
        last = path.removeprefix("/agent/") if path.startswith("/agent/") else path.replace("session_id", "id")
        last = last.replace("document_id", "id")

        assert last in text, f"{' '.join(methods).upper()} {path}"


@pytest.mark.parametrize(("kind", "heading"), [(Outcome, "outcome"), (TransferReason, "transfer_reason")])
def test_every_outcome_and_reason_is_explained(kind, heading):
    table = section("What an answer says").split(f"| `{heading}` |", 1)[1].split("\n\n", 1)[0]

    assert first_cells(table) == set(get_args(kind))


def test_the_formula_has_the_shipped_weights():
    numbers = [float(each.replace("−", "-")) for each in re.findall(r"[−]?\d+\.?\d*(?=·| \+ 18)", README)]

    assert [SHIPPED.intercept, SHIPPED.lift, SHIPPED.margin] == numbers[:3]
    assert f"+ {SHIPPED.crossing} in the sum" in README


def test_the_limits_are_those_of_the_code():
    text, limits, rules = section("Limits"), Limits(), SessionRules()

    assert f"`limits.message_chars` ({limits.message_chars:,})" in text
    assert f"`limits.turn_seconds` ({limits.turn_seconds:g})" in text
    assert f"`session.idle_minutes` ({rules.idle_minutes:g})" in text
    assert f"| body | {BODY_LIMIT // 1024} KiB; an uploaded document {UPLOAD_LIMIT // 1024**2} MiB |" in text
    assert f"| batch | {BATCH_LIMIT} inputs" in text


def test_the_keys_of_a_project_it_names_exist():
    models = {name: field.annotation for name, field in Project.model_fields.items()}
    for top, key in re.findall(r"`(limits|session|transfer|knowledge)\.([a-z_]+)(?:[:.`])", README):
        annotation = models[top]

        assert key in annotation.model_fields, f"{top}.{key}"


def test_the_kinds_of_documents_are_those_that_are_read():
    written = re.search(r"documents: ((?:[a-z]+ )+)?([a-z]+);", README)
    assert written is not None
    named = set(written.group(0).removeprefix("documents: ").rstrip(";").split())

    assert named <= {suffix.removeprefix(".") for suffix in LOADERS}


def test_its_scenario_is_one():
    scenario = next(block for block in blocks("yaml") if "turns:" in block)

    assert [Scenario.model_validate(each).name for each in YAML(typ="safe", pure=True).load(scenario)]
    for key in Expectation.model_fields:
        assert f"`{key}`" in section("Write your own bot")


def test_its_json_is_json():
    for block in blocks("json"):
        json.loads(block)


def test_its_python_compiles():
    for block in blocks("python"):
        compile(block, "README.md", "exec")


def test_every_package_has_its_row():
    table = README.split("| | what is where |", 1)[1].split("\n\n", 1)[0]
    for package in packages():
        assert f"`{package}/`" in table, package


def test_contributing_names_files_that_are_there():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    names = {str(path.relative_to(ROOT)) for path in tracked()}
    named = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|yaml|md))`", text))

    assert named
    assert named <= names
