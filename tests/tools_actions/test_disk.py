"""A folder that cannot be written to is told, and the disk is not asked at each look."""

from pathlib import Path

from tools.disk import WriteProbe


async def test_a_folder_that_can_be_written_to_is_left_as_it_was(tmp_path: Path) -> None:
    assert await WriteProbe({"DATA": tmp_path}).check() is None
    assert not any(tmp_path.iterdir())  # noqa: ASYNC240 - a test's own folder


async def test_the_folder_is_named_by_its_setting_and_not_by_its_path(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    told = await WriteProbe({"DATA": tmp_path, "DATABASE": gone}).check()

    assert told is not None
    assert told.startswith("DATABASE: the folder cannot be written to (No such file or directory)")
    assert str(tmp_path) not in told


async def test_it_looks_no_more_often_than_it_was_told_to_and_sees_that_it_is_well_again(tmp_path: Path) -> None:
    now = [100.0]
    folder = tmp_path / "data"
    probe = WriteProbe({"DATA": folder}, every_seconds=2, now=lambda: now[0])
    before = await probe.check()
    folder.mkdir()
    meanwhile = await probe.check()
    now[0] += 2.1

    assert before is not None
    assert meanwhile == before
    assert await probe.check() is None
