"""`switchboard publish`, `versions` and `rollback`, as an author uses them one after the other."""

import re
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run, Workshop


def test_publish_refuses_what_breaks_a_scenario_and_rollback_goes_back(
    run: Run, workshop: Workshop, warm_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    for name in ("training", "vectors.db"):
        source = warm_data / name
        copied = shutil.copytree if source.is_dir() else shutil.copyfile
        if source.exists():
            data.mkdir(exist_ok=True)
            copied(source, data / name)
    monkeypatch.setenv("SWITCHBOARD_DATA", str(data))
    file = workshop.project / "project.yaml"
    text = file.read_text("utf-8")
    nothing = run("versions", "corner-shop")
    first = run("publish", "corner-shop")
    one = re.search(r"^Published ([0-9a-f]{12}) \(2 scenarios passed\)", first.stdout, re.MULTILINE)
    assert one, first.output

    file.write_text(text.replace("is {{ result.status }}", "is here"), "utf-8")
    refused = run("publish", "corner-shop")
    file.write_text(text.replace("persona:", "# greets\npersona:"), "utf-8")
    second = run("publish", "corner-shop")
    two = re.search(rf"^Published ([0-9a-f]{{12}}) .*before it {one[1]}", second.stdout, re.MULTILINE)
    assert two, second.output
    file.write_text("tenant: demo\nname: [", "utf-8")
    broken = run("publish", "corner-shop")
    back = run("rollback", "corner-shop")
    shutil.rmtree(workshop.project)
    kept = run("versions", "corner-shop", "--tenant", "demo", "--delete", one[1])
    listed = run("versions", "corner-shop", "--tenant", "demo")

    assert "nothing is published" in nothing.stdout
    assert refused.exit_code == broken.exit_code == kept.exit_code == 1
    assert "(passes in the current version)" in refused.stdout
    assert f"--- {one[1]}/project.yaml" in refused.stdout
    assert re.search(r"^\+.*is here", refused.stdout, re.MULTILINE)
    assert "nothing was published: 1 of 2 scenarios fail" in refused.stderr
    assert "project.yaml:2:" in broken.stderr
    assert back.stdout.startswith(f"New sessions take {one[1]} again, not {two[1]}."), back.stderr
    assert "is current" in kept.stderr
    assert [line.split()[:2] for line in listed.stdout.splitlines()[1:]][1] == [one[1], "current"], listed.stdout
