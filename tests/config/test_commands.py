"""The command line: check, schema, init."""

import json

import pytest
from typer.testing import CliRunner

from cli import app, main
from config.starting import STARTER
from tests.config.projects import changed, write_project


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEMO_API", "x")
    monkeypatch.setenv("ORDERS_API", "x")
    monkeypatch.delenv("SWITCHBOARD_PROJECTS", raising=False)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_good_project_passes(run, tmp_path):
    write_project(tmp_path / "demo")
    result = run("check", tmp_path / "demo")

    assert result.exit_code == 0
    assert "no errors, 0 warnings (draft-" in result.stdout
    assert result.stderr == ""


def test_a_project_is_found_by_name(run, tmp_path):
    write_project(tmp_path / "projects" / "demo")
    write_project(tmp_path / "elsewhere" / "demo")

    assert run("check", "demo").exit_code == 0
    assert run("check", "demo", "--projects", tmp_path / "elsewhere").exit_code == 0


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (changed("type: money", "type: x"), "project.yaml:16:22: intents.send_money.slots.amount.type: 'x' is unknown"),
        (changed("name: demo", "name: ["), "not YAML"),
        (changed("TR[0-9]{24}", "TR["), "project.yaml:7:5: slots.iban.pattern: not a regular expression"),
    ],
)
def test_errors_are_one_line_each_on_stderr_and_fail(run, tmp_path, text, line):
    write_project(tmp_path / "demo", text)
    result = run("check", "demo")

    assert result.exit_code == 1
    assert result.stdout == ""
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 2
    assert line in lines[0]
    assert lines[1].startswith("demo: 1 error")


def test_warnings_fail_only_when_strict(run, tmp_path, monkeypatch):
    write_project(tmp_path / "demo")
    monkeypatch.delenv("DEMO_API")

    assert run("check", "demo").exit_code == 0
    assert run("check", "demo", "--strict").exit_code == 1


def test_a_namesake_beside_it_fails(run, tmp_path):
    write_project(tmp_path / "demo")
    write_project(tmp_path / "again")
    result = run("check", "demo")

    assert result.exit_code == 1
    assert "the folder 'again'" in result.stderr


@pytest.mark.parametrize("name", ["nobody", "../nobody", "/nobody"])
def test_an_unknown_project_is_one_line(run, name):
    result = run("check", name)

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "no project.yaml there" in result.stderr


def test_a_wrong_setting_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SWITCHBOARD_LOG", "loud")
    with pytest.raises(SystemExit) as ended:
        main(["check", "demo"])

    assert ended.value.code == 1
    assert capsys.readouterr().err == "setting SWITCHBOARD_LOG: Input should be 'json' or 'text'\n"


def test_the_schema_is_printed(run):
    result = run("schema")

    assert result.exit_code == 0
    assert json.loads(result.stdout)["definitions"]["Slot"]


def test_a_new_project_passes_its_own_check(run, tmp_path):
    begun = run("init", tmp_path / "my-shop")
    checked = run("check", "my-shop", "--strict")

    assert begun.exit_code == 0
    assert checked.exit_code == 0, checked.stderr
    assert (tmp_path / "my-shop" / "project.yaml").read_text("utf-8").count("name: my-shop") == 1
    written = {path.relative_to(tmp_path / "my-shop") for path in (tmp_path / "my-shop").rglob("*") if path.is_file()}
    assert written == {path.relative_to(STARTER) for path in STARTER.rglob("*") if path.is_file()}


def test_a_new_project_does_not_overwrite_anything(run, tmp_path):
    write_project(tmp_path / "demo")
    result = run("init", tmp_path / "demo")

    assert result.exit_code == 1
    assert "is not an empty folder" in result.stderr


@pytest.mark.parametrize("name", ["My Shop", "ürün", "-x"])
def test_a_new_projects_name_must_be_a_name(run, tmp_path, name):
    result = run("init", "--", tmp_path / name)

    assert result.exit_code == 1
    assert "cannot be a project's name" in result.stderr


def test_every_command_has_help(run):
    for command in ("check", "schema", "init"):
        assert run(command, "--help").exit_code == 0
