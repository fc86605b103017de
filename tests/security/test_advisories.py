"""Nothing that is locked or installed has a known weakness that a release has mended."""

import pytest

from config.advisories import ACCEPTED, ADVISORIES, outdated
from tests.house.test_house import LOCKS, pins


@pytest.mark.parametrize("lock", LOCKS)
def test_no_locked_version_is_older_than_the_one_that_mended_it(lock):
    locked = pins(lock)
    old = [str(each) for each in ADVISORIES for found in locked.get(each.package, ()) if each.concerns(found)]

    assert old == []


def test_every_package_of_the_table_is_one_that_we_run():
    assert {each.package for each in ADVISORIES} | set(ACCEPTED) <= set(pins("requirements.lock"))


def test_what_is_installed_is_not_older_either():
    assert list(outdated()) == []


def test_an_old_version_is_found_and_named():
    found = [str(each) for each in outdated({"starlette": "0.48.0", "h11": "0.16.0"}.get)]

    assert [line.split(",", 1)[0] for line in found] == [
        "starlette before 0.49.1: CVE-2025-62727",
        "starlette before 1.0.1: CVE-2026-48710",
    ]
