"""`switchboard import`, as a person types it."""

from pathlib import Path

from typer.testing import CliRunner

from cli import app

DOCUMENTS = Path(__file__).parent / "documents"


def run(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_a_document_is_imported_into_a_new_project_that_checks(tmp_path):
    done = run("import", "openapi", DOCUMENTS / "clinic.yaml", "--project", tmp_path / "clinic")
    checked = run("check", tmp_path / "clinic")

    assert done.exit_code == 0, done.output
    assert "GET /legacy/pets: dropped: deprecated" in done.output
    assert "added 2 slots, 4 intents, 4 actions, 1 auth" in done.output
    assert (checked.exit_code, "no errors" in checked.output) == (0, True)


def test_what_cannot_be_imported_is_one_line_and_a_status(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    for arguments in (("openapi", tmp_path / "x.json"), ("openapi", tmp_path / "none"), ("rasa", tmp_path)):
        failed = run("import", *arguments, "--project", tmp_path / "bot")

        assert failed.exit_code == 1
        assert len(failed.output.strip().splitlines()) == 1
    assert not (tmp_path / "bot").exists()
