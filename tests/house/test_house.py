"""What a clone must be: locked, layered, small, and started by two commands."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from inspect import iscoroutinefunction
from pathlib import Path

import pytest

from tests.house.tree import ROOT, packages, tracked

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCKS = ("requirements.lock", "requirements-dev.lock")
LONGEST = 400
LONG_FOR_A_REASON = {
    "tests/dialogue/test_policy.py",  # one table of the dialogue's rules
    "tests/openai_server.py",  # a whole server's faults
    "tests/service/test_contract.py",  # every shape that callers rely on
}


def pins(lock: str) -> dict[str, set[str]]:
    """The versions of each package; one may have several, by the Python it is for."""
    found: dict[str, set[str]] = {}
    for name, version in _PIN.findall((ROOT / lock).read_text("utf-8")):
        found.setdefault(name, set()).add(version)
    return found


_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]+\])?==([^ ;\\]+)", re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_hashes(lock):
    text = (ROOT / lock).read_text("utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", text)

    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries if entry[:1].isalnum())
    assert len(pins(lock)) > 100


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_a_host(lock):
    text = (ROOT / lock).read_text("utf-8")

    assert not re.findall(r"://|--(?:extra-)?index-url|--find-links|--trusted-host| @ ", text)


def test_what_makes_cases_of_the_description_is_locked_too():
    text = (ROOT / "requirements-fuzz.lock").read_text("utf-8")

    assert "schemathesis" in pins("requirements-fuzz.lock")
    assert all("--hash=sha256:" in entry for entry in re.split(r"\n(?=[a-z0-9])", text))
    assert not re.findall(r"://|--(?:extra-)?index-url", text)


def test_what_runs_is_what_was_tested():
    development = pins("requirements-dev.lock")

    assert not {name for name, versions in pins("requirements.lock").items() if versions != development.get(name)}


def test_everything_that_is_declared_is_locked():
    declared = {_name(line) for line in PROJECT["project"]["dependencies"]}
    development = {_name(line) for line in PROJECT["dependency-groups"]["dev"]}

    assert declared <= {_name(pin) for pin in pins("requirements.lock")}
    assert declared | development <= {_name(pin) for pin in pins("requirements-dev.lock")}


def _name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found.group()).lower()


def test_studio_s_server_is_for_development_only():
    assert not [name for name in pins("requirements.lock") if name.startswith(("langgraph-api", "langgraph-cli"))]


def test_studio_finds_its_factory():
    graphs = json.loads((ROOT / "langgraph.json").read_text("utf-8"))["graphs"]
    for graph in graphs.values():
        path, _, name = graph["path"].partition(":")
        spec = importlib.util.spec_from_file_location("studio_factory", ROOT / path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)

        assert iscoroutinefunction(getattr(module, name))


def test_the_layers_hold(tmp_path):
    command = [str(Path(sys.executable).with_name("lint-imports")), "--cache-dir", str(tmp_path)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603

    assert result.returncode == 0, result.stdout[-3000:]


def test_every_package_is_in_the_wheel_in_the_layers_and_sorted_as_ours():
    wheel = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"])
    sorted_as_ours = set(PROJECT["tool"]["ruff"]["lint"]["isort"]["known-first-party"])
    layered = set(PROJECT["tool"]["importlinter"]["root_packages"])
    ours = set(packages())

    assert ours <= wheel
    assert ours <= sorted_as_ours
    assert ours - {"evals"} <= layered
    assert all((ROOT / name).exists() for name in wheel)


def test_nothing_belongs_to_the_wheel_that_it_leaves_out():
    included = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"])
    left_out = {path.relative_to(ROOT).parts[0] for path in tracked()} - included

    assert {name for name in left_out if (ROOT / name).is_dir()} <= {".ci", "docs", "tests"}


def test_every_init_is_empty():
    assert not [path for path in tracked() if path.name == "__init__.py" and path.read_bytes().strip()]


def test_no_module_is_long():
    long = {
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.suffix == ".py" and len(path.read_text("utf-8").splitlines()) > LONGEST
    }

    assert long <= LONG_FOR_A_REASON


def test_no_module_is_called_after_nothing():
    nameless = {"utils.py", "helpers.py", "common.py", "core.py"}

    assert not [path for path in tracked() if path.name in nameless]


@pytest.mark.parametrize("target", ["run", "test", "browser", "bench", "lint", "dev", "clean", "help"])
def test_make_knows(target):
    makefile = (ROOT / "Makefile").read_text("utf-8")

    assert re.search(rf"^{target}:.*## \S", makefile, flags=re.MULTILINE)


def test_the_build_server_runs_the_tests_as_everybody_does():
    script = ROOT / ".ci" / "run"

    assert os.access(script, os.X_OK)
    assert re.search(r"^exec make .*\btest$", script.read_text("utf-8"), flags=re.MULTILINE)


def test_the_licence_is_the_one_that_is_declared():
    licence = (ROOT / "LICENSE").read_text("utf-8")

    assert PROJECT["project"]["license"] == "Apache-2.0"
    assert "Apache License" in licence
    assert "The Switchboard authors" in licence


def test_the_changelog_knows_this_version():
    assert f"## [{PROJECT['project']['version']}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
