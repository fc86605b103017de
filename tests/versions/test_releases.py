"""Publishing, going back and removing: what is refused, and what is said of it."""

import asyncio

import pytest

from graph.published import VersionKeptError
from graph.releases import PublishRefusedError, RollbackRefusedError, Trial, difference
from graph.turn_log import DatabaseTurnLog, LoggedTurn, SessionRow
from tests.versions.conftest import KEY, PROJECT, SCENARIO, fails, passes, worker, write

MOMENT = "2026-03-16T10:00:00+00:00"


async def begin_session(storage, version, session="s1"):
    row = SessionRow(
        thread_id=session,
        tenant="acme",
        project="hours",
        session_id=session,
        version=version,
        channel="web",
        locale="en",
        owner="bot",
        turns=1,
        tokens=0,
        created_at=MOMENT,
        last_active=MOMENT,
    )
    turn = LoggedTurn(message_id="m", fingerprint="f", message="hi", answer={"outcome": "chatted"})
    async with storage.saver():
        await DatabaseTurnLog(storage.log).add(row, turn)


async def test_a_folder_becomes_a_version_with_its_files(releases, published, folder, documents):
    (folder / "prompts").mkdir()
    (folder / "prompts" / "answer.md").write_text("Be brief.", "utf-8")
    released = await releases.publish(folder, passes, by="Ayşe")

    assert (released.before, released.scenarios, released.unread) == (None, 1, ("knowledge/a.pdf: no text",))
    assert documents.updated == [f"draft-{released.version}"]
    (listed,) = await releases.versions(*KEY)
    assert (listed.version.name, listed.current, listed.version.published_by) == (released.version, True, "Ayşe")
    assert listed.version.knowledge == "f1"
    assert (await published.board()).pointers == {KEY: released.version}


async def test_mistakes_are_refused_with_their_places(releases, folder):
    write(folder, PROJECT.replace("reply:", "replies:"))
    with pytest.raises(PublishRefusedError) as refused:
        await releases.publish(folder, passes, by="x")

    assert refused.value.reason == "invalid"
    assert "project.yaml:7:5" in str(refused.value.problems[0])
    assert await releases.versions(*KEY) == []


async def test_scenarios_that_fail_are_refused_with_what_changed(releases, folder):
    before = await releases.publish(folder, passes, by="x")
    write(folder, PROJECT.replace("six", "eight"))
    with pytest.raises(PublishRefusedError) as refused:
        await releases.publish(folder, fails, by="x")

    error = refused.value
    assert (error.reason, error.detail) == ("scenarios", "1 of 1 scenarios fail")
    assert [(one.name, one.passed_before) for one in error.failed] == [("tells the hours", True)]
    assert '-    reply: {en: "We are open until six."}' in error.diff.splitlines()
    assert '+    reply: {en: "We are open until eight."}' in error.diff.splitlines()
    assert f"--- {before.version}/project.yaml" in error.diff
    assert [one.version.name for one in await releases.versions(*KEY)] == [before.version]


async def test_a_project_without_scenarios_needs_to_be_told_so(releases, folder):
    async def nothing(folder):
        return Trial(version=(await passes(folder)).version, played=0)

    with pytest.raises(PublishRefusedError, match="no scenario"):
        await releases.publish(folder, nothing, by="x")
    assert (await releases.publish(folder, nothing, by="x", untested=True)).before is None
    with pytest.raises(PublishRefusedError, match="1 of 1"):
        await releases.publish(folder, fails, by="x", untested=True)


async def test_an_edit_while_the_scenarios_are_played_is_not_published_untested(releases, folder):
    async def edited(folder):
        write(folder, PROJECT.replace("six", "eight"))
        return await passes(folder)

    with pytest.raises(PublishRefusedError, match="edited while"):
        await releases.publish(folder, edited, by="x")


async def test_one_project_is_published_once_at_a_time(releases, folder):
    held = asyncio.Event()

    async def slow(folder):
        await held.wait()
        return await passes(folder)

    first = asyncio.create_task(releases.publish(folder, slow, by="x"))
    while not releases.busy:  # noqa: ASYNC110 - a folder is read meanwhile
        await asyncio.sleep(0.01)
    with pytest.raises(PublishRefusedError, match="already"):
        await releases.publish(folder, passes, by="y")
    held.set()

    assert (await first).before is None


async def test_scenarios_that_are_gone_are_named(releases, folder):
    await releases.publish(folder, passes, by="x")
    write(folder, PROJECT.replace("six", "eight"), SCENARIO.replace("tells the hours", "tells more"))

    assert (await releases.publish(folder, passes, by="x")).dropped == ("all.yaml: tells the hours",)


async def test_going_back_and_there_again(releases, folder):
    first = (await releases.publish(folder, passes, by="x")).version
    with pytest.raises(RollbackRefusedError, match="before"):
        await releases.rollback(*KEY, by="x")
    write(folder, PROJECT.replace("six", "eight"))
    second = (await releases.publish(folder, passes, by="x")).version
    back = await releases.rollback(*KEY, by="x")
    forth = await releases.rollback(*KEY, by="x", to=f"draft-{second}")

    assert (back.version, back.before) == (first, second)
    assert (forth.version, forth.before) == (second, first)
    for to, told in ((second, "already"), ("0" * 12, "no published version"), ("../x", "no published version")):
        with pytest.raises(RollbackRefusedError, match=told):
            await releases.rollback(*KEY, by="x", to=to)
    with pytest.raises(RollbackRefusedError, match="no published version"):
        await releases.rollback("globex", "hours", by="x")


async def test_a_version_that_sessions_go_on_with_cannot_be_removed(releases, folder, storage, moment):
    first = (await releases.publish(folder, passes, by="x")).version
    await begin_session(storage, first)
    write(folder, PROJECT.replace("six", "eight"))
    second = (await releases.publish(folder, passes, by="x")).version
    moment[0] += 61
    with pytest.raises(VersionKeptError, match="1 session goes on with it"):
        await releases.remove(*KEY, first)
    counts = {one.version.name: one.sessions for one in await releases.versions(*KEY)}
    await DatabaseTurnLog(storage.log).erase("s1")

    assert counts == {first: 1, second: 0}
    assert await releases.remove(*KEY, first)
    assert [one.version.name for one in await releases.versions(*KEY)] == [second]


async def test_the_calibration_comes_with_its_version_to_every_worker(releases, published, folder, documents, tmp_path):
    weights = {"intercept": -1.0, "lift": 2.0, "margin": 3.0, "crossing": 0.5}
    documents.calibrations = [
        {"version": "draft-1", "encoder": "e", "knowledge": "f1", "fitted_at": MOMENT, "weights": weights}
    ]
    released = await releases.publish(folder, passes, by="x")
    other = worker(published, tmp_path / "elsewhere", tmp_path / "nothing")
    await other.following.look()
    match = other.calibrations.match(other.versions.current(*KEY), knowledge="f1", encoder="e")

    assert other.versions.current(*KEY).name == released.version
    assert match.calibration is not None
    assert match.calibration.lift == 2.0


def test_a_long_difference_is_cut():
    told = difference({"a": b""}, {"a": "\n".join(map(str, range(1000))).encode()}, "x", "y").splitlines()

    assert len(told) == 401
    assert told[-1].startswith("… and ")
