"""Workers keep in step with what is published: the pointer moves for all of them, and nothing false is served."""

import asyncio
import shutil
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from config.archive import MOST_BYTES, ArchiveError, pack, unpack
from config.errors import ProjectNotFoundError, VersionNotFoundError
from graph.following import Following
from tests.versions.conftest import KEY, PROJECT, passes, put, worker, write


@pytest.fixture
def elsewhere(tmp_path):
    """A second machine: the database is all that it shares, and it has no working folders."""
    return tmp_path / "elsewhere", tmp_path / "nothing"


@asynccontextmanager
async def followed(one):
    async def learn(version):
        one.learnt.append(version.name)

    await one.following.look()
    one.following.begin(learn)
    yield one
    await one.following.stop()


async def until(wanted):
    async with asyncio.timeout(5):
        while not wanted():  # noqa: ASYNC110 - another worker's news
            await asyncio.sleep(0.01)


async def test_the_pointer_moves_for_all_workers_and_old_sessions_keep_theirs(
    releases, published, folder, tmp_path, elsewhere
):
    here, there = worker(published, tmp_path / "here", folder.parent), worker(published, *elsewhere)
    async with followed(here), followed(there):
        draft = here.versions.current(*KEY).name
        with pytest.raises(ProjectNotFoundError):
            there.versions.current(*KEY)
        first = (await releases.publish(folder, passes, by="x")).version
        await until(lambda: all(one.versions.published(*KEY) for one in (here, there)))
        write(folder, PROJECT.replace("six", "eight"))
        second = (await releases.publish(folder, passes, by="x")).version
        await until(lambda: {one.versions.current(*KEY).name for one in (here, there)} == {second})
        await releases.rollback(*KEY, by="x")
        await until(lambda: {one.versions.current(*KEY).name for one in (here, there)} == {first})

        assert draft == f"draft-{first}"
        assert here.versions.get(*KEY, draft).name == draft
        assert there.learnt == [first, second, first]
        for one in (here, there):
            assert "eight" in str(one.versions.get(*KEY, second).project.intents["hours"].reply)
            assert [version.name for version in one.versions.all()] == [first]
            assert await one.following.check() is None


async def test_drafts_are_served_where_they_are_preferred_or_nothing_is_published(
    releases, published, folder, tmp_path
):
    await releases.publish(folder, passes, by="x")
    write(folder, PROJECT.replace("six", "eight"))
    write(folder.parent / "other", PROJECT.replace("name: hours", "name: other"))
    plain = worker(published, tmp_path / "a", folder.parent)
    preferring = worker(published, tmp_path / "b", folder.parent, prefer_drafts=True)
    for one in (plain, preferring):
        await one.following.look()

    assert not plain.versions.current(*KEY).name.startswith("draft-")
    assert plain.versions.current("acme", "other").name.startswith("draft-")
    assert not plain.versions.serves_draft(plain.versions.drafts.current(*KEY))
    assert preferring.versions.current(*KEY).name.startswith("draft-")


async def test_a_session_s_version_is_found_again_after_a_restart_and_without_the_folder(
    releases, published, folder, tmp_path
):
    first = (await releases.publish(folder, passes, by="x")).version
    write(folder, PROJECT.replace("six", "eight"))
    await releases.publish(folder, passes, by="x")
    before = worker(published, tmp_path / "here", folder.parent)
    await before.following.look()
    shutil.rmtree(folder)
    after = worker(published, tmp_path / "here", folder.parent)
    await after.following.look()

    assert "six" in str(after.versions.get(*KEY, first).project.intents["hours"].reply)
    assert (after.versions.get(*KEY, first).folder / "scenarios" / "all.yaml").is_file()


async def test_a_copy_that_was_changed_is_replaced_by_what_was_published(releases, published, folder, tmp_path):
    name = (await releases.publish(folder, passes, by="x")).version
    one = worker(published, tmp_path / "here", folder.parent)
    await one.following.look()
    copy = one.versions.get(*KEY, name).folder
    write(copy, PROJECT.replace("six", "never"))
    again = worker(published, tmp_path / "here", folder.parent)
    pinned = worker(published, tmp_path / "here", folder.parent)
    with pytest.raises(VersionNotFoundError):
        pinned.versions.get(*KEY, name)
    await again.following.look()

    assert "six" in str(again.versions.current(*KEY).project.intents["hours"].reply)


async def test_a_session_s_version_is_fetched_where_this_worker_has_not_looked_yet(
    releases, published, folder, tmp_path
):
    one = worker(published, tmp_path / "here", folder.parent)
    await one.following.look()
    first = (await releases.publish(folder, passes, by="x")).version
    await one.following.look_again()
    write(one.versions.get(*KEY, first).folder, PROJECT.replace("six", "never"))
    write(folder, PROJECT.replace("six", "eight"))
    await releases.publish(folder, passes, by="x")
    restarted = worker(published, tmp_path / "here", folder.parent)
    await restarted.following.look()
    await restarted.following.look_again()

    assert "six" in str(restarted.versions.get(*KEY, first).project.intents["hours"].reply)


async def test_files_that_are_another_version_s_are_never_served(published, folder, tmp_path):
    files = {"project.yaml": PROJECT.encode()}
    await put(published, "0" * 12, archive=pack(files))
    one = worker(published, tmp_path / "here", tmp_path / "nothing")
    with capture_logs() as logs:
        async with followed(one):
            await asyncio.sleep(0.1)
            told = await one.following.check()

    assert told == "cannot be served: hours: version 000000000000"
    assert one.versions.all() == []
    assert {log["event"] for log in logs} == {"version cannot be served"}
    assert len(logs) < 5


async def test_what_was_removed_is_gone_from_every_worker_s_disk(releases, published, folder, tmp_path, moment):
    first = (await releases.publish(folder, passes, by="x")).version
    one = worker(published, tmp_path / "here", folder.parent)
    await one.following.look()
    copy = one.versions.get(*KEY, first).folder
    write(folder, PROJECT.replace("six", "eight"))
    await releases.publish(folder, passes, by="x")
    moment[0] += 61
    assert await releases.remove(*KEY, first)
    await one.following.look()

    assert not copy.exists()
    with pytest.raises(VersionNotFoundError):
        one.versions.get(*KEY, first)


async def test_following_survives_what_nobody_expected_and_says_so(published, tmp_path, folder, releases):
    one = worker(published, tmp_path / "here", folder.parent)

    async def refuse(version):
        raise RuntimeError("planted")

    following = Following(published, one.versions, None, every=0.01)
    await following.look()
    following.begin(refuse)
    await releases.publish(folder, passes, by="x")
    with capture_logs() as logs:
        async with asyncio.timeout(5):
            while await following.check() is None:  # noqa: ASYNC110 - another task's news
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
    told = await following.check()
    await following.stop()

    assert told == "what is published cannot be taken up; the log says why"
    assert [bool(log["error_id"]) for log in logs] == [True]
    assert one.versions.current(*KEY).name.startswith("draft-")


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "a\\..\\x"])
def test_an_archive_cannot_write_outside_its_folder(name):
    with pytest.raises(ArchiveError, match="outside"):
        unpack(pack({name: b"x"}))


def test_equal_files_make_equal_archives_and_too_much_is_refused_by_name():
    files = {"b": b"2", "a": b"1"}

    assert pack(files) == pack(dict(sorted(files.items())))
    assert unpack(pack(files)) == files
    with pytest.raises(ArchiveError, match="the largest is big"):
        pack({"small": b"", "big": bytes(MOST_BYTES + 1)})
    with pytest.raises(ArchiveError, match="damaged"):
        unpack(b"no archive")
