"""`switchboard erase`, as an operator uses it."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture(autouse=True)
def data(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SWITCHBOARD_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_what_was_there_is_counted_and_nothing_is_no_error(run: Run, data: Path) -> None:
    kept = data / "versions" / "demo" / "corner-shop" / "draft-000000000000"
    kept.mkdir(parents=True)
    erased = run("erase", "--tenant", "demo", "--project", "corner-shop")

    assert erased.exit_code == 0, erased.output
    assert erased.stdout == ("Erased of tenant demo, project corner-shop: 0 sessions, 0 records, 0 knowledge bases\n")
    assert not kept.exists()
    assert run("erase", "--tenant", "demo", "--project", "corner-shop", "--session", "s1").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "--tenant"),
        (["--tenant", "demo", "--session", "s"], "name its --project"),
        (["--tenant", "../..", "--project", "x"], "is no name"),
        (["--tenant", "demo", "--project", ".."], "is no name"),
    ],
)
def test_what_is_to_be_erased_must_be_named(run: Run, data: Path, arguments: list[str], told: str) -> None:
    (data / "versions").mkdir(parents=True)
    refused = run("erase", *arguments)

    assert refused.exit_code != 0
    assert told in refused.stderr
    assert (data / "versions").is_dir()
