import shutil

import pytest
from structlog.testing import capture_logs

from config.errors import ProjectNotFoundError, VersionNotFoundError
from config.store import FolderVersions
from tests.config.projects import changed, write_project

BROKEN = changed("name: demo", "name: [")
MISTAKEN = changed("action: send_money\n  fees", "action: nobody\n  fees")


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("DEMO_API", "http://127.0.0.1:1")
    write_project(tmp_path / "projects" / "demo")
    return tmp_path / "projects"


@pytest.fixture
def copies(tmp_path):
    return tmp_path / "data" / "versions"


def test_every_folder_with_a_project_is_served(root):
    write_project(root / "aaa", changed("name: demo", "name: aaa\ntenant: acme"))
    (root / "notes").mkdir()
    versions = FolderVersions(root)

    assert [version.project.name for version in versions.all()] == ["aaa", "demo"]
    assert versions.current("default", "demo").name.startswith("draft-")
    assert versions.problems() == {}


def test_a_project_folder_itself_may_be_the_root(root):
    assert [version.project.name for version in FolderVersions(root / "demo").all()] == ["demo"]


def test_an_unknown_project_and_a_foreign_one_look_the_same(root):
    versions = FolderVersions(root)

    for tenant, project in (("default", "nobody"), ("acme", "demo")):
        with pytest.raises(ProjectNotFoundError):
            versions.current(tenant, project)


def test_nothing_is_read_again_while_nothing_changed(root):
    versions = FolderVersions(root)
    first = versions.current("default", "demo")

    assert versions.refresh() == []
    assert versions.current("default", "demo") is first


def test_a_change_is_served_and_the_old_version_stays(root):
    versions = FolderVersions(root)
    old = versions.current("default", "demo")
    write_project(root / "demo", changed("max: 50000", "max: 60000"))
    new = versions.refresh()

    assert [version.name for version in new] == [versions.current("default", "demo").name]
    assert new[0].name != old.name
    assert versions.get("default", "demo", old.name) is old


@pytest.mark.parametrize("text", [BROKEN, MISTAKEN, ""])
def test_the_last_valid_version_is_kept_while_the_folder_is_broken(root, text):
    versions = FolderVersions(root)
    valid = versions.current("default", "demo")
    write_project(root / "demo", text)
    with capture_logs() as logs:
        versions.refresh()

    assert versions.current("default", "demo") is valid
    assert "project.yaml:" in str(versions.problems()["demo"][0])
    assert any(log["log_level"] == "error" and "project.yaml:" in log["problem"] for log in logs)

    with capture_logs() as logs:
        versions.refresh()
    assert logs == []

    write_project(root / "demo")
    versions.refresh()
    assert versions.problems() == {}


def test_a_project_broken_from_the_start_leaves_the_others_alone(root):
    write_project(root / "broken", BROKEN)
    versions = FolderVersions(root)

    assert [version.project.name for version in versions.all()] == ["demo"]
    assert list(versions.problems()) == ["broken"]


def test_warnings_do_not_keep_a_project_from_being_served(root, monkeypatch):
    monkeypatch.delenv("DEMO_API")
    versions = FolderVersions(root)

    assert versions.current("default", "demo").project.name == "demo"
    assert "DEMO_API" in str(versions.problems()["demo"][0])


def test_two_folders_of_one_name_are_a_problem_until_one_goes(root):
    write_project(root / "second")
    versions = FolderVersions(root)

    assert versions.current("default", "demo").folder.name == "demo"
    assert "has a project 'demo' already, in the folder 'demo'" in str(versions.problems()["second"])

    shutil.rmtree(root / "demo")
    versions.refresh()
    assert versions.current("default", "demo").folder.name == "second"


def test_a_folder_that_goes_takes_its_project_with_it_but_not_its_sessions(root):
    versions = FolderVersions(root)
    old = versions.current("default", "demo")
    shutil.rmtree(root / "demo")
    versions.refresh()

    with pytest.raises(ProjectNotFoundError):
        versions.current("default", "demo")
    assert versions.get("default", "demo", old.name) is old


def test_an_old_version_is_found_again_after_a_restart(root, copies):
    (root / "demo" / "prompts").mkdir()
    (root / "demo" / "prompts" / "answer.md").write_text("Be brief.", "utf-8")
    old = FolderVersions(root, copies=copies).current("default", "demo")
    write_project(root / "demo", changed("max: 50000", "max: 60000"))
    restarted = FolderVersions(root, copies=copies)
    found = restarted.get("default", "demo", old.name)

    assert found.name == old.name
    assert found.project == old.project
    assert found.prompts == {"answer": "Be brief."}
    assert found.folder == root / "demo"
    assert restarted.current("default", "demo").name != old.name


@pytest.mark.parametrize(
    ("tenant", "project", "version"),
    [
        ("default", "demo", "draft-000000000000"),
        ("default", "demo", "../../demo"),
        ("default", "..", "draft-000000000000"),
        ("acme", "demo", None),
        ("default", "other", None),
    ],
)
def test_a_version_of_another_name_tenant_or_project_is_not_found(root, copies, tenant, project, version):
    versions = FolderVersions(root, copies=copies)
    name = version or versions.current("default", "demo").name

    with pytest.raises(VersionNotFoundError):
        versions.get(tenant, project, name)


def test_a_copy_that_was_tampered_with_is_not_served(root, copies):
    old = FolderVersions(root, copies=copies).current("default", "demo")
    write_project(root / "demo", changed("max: 50000", "max: 60000"))
    copy = copies / "default" / "demo" / old.name
    write_project(copy, changed("max: 50000", "max: 70000"))

    with pytest.raises(VersionNotFoundError):
        FolderVersions(root, copies=copies).get("default", "demo", old.name)


def test_copies_that_cannot_be_written_do_not_stop_the_service(root, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with capture_logs() as logs:
        versions = FolderVersions(root, copies=tmp_path / "file" / "versions")

    assert versions.current("default", "demo").name
    assert any(log["event"] == "version not kept" for log in logs)


def test_a_missing_root_is_an_empty_one(tmp_path):
    assert FolderVersions(tmp_path / "nowhere").all() == []
