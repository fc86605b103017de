"""Published versions and their pointer, the same over SQLite and PostgreSQL."""

import asyncio

import pytest

from graph.published import VersionKeptError
from tests.versions.conftest import KEY, put
from tools.errors import LedgerUnavailableError

A, B, C = "a" * 12, "b" * 12, "c" * 12


async def current(published):
    return (await published.board()).pointers.get(KEY)


async def test_what_was_published_last_is_current_and_counted(published):
    before = await published.ticks()
    await put(published, A)
    await put(published, B)

    assert await current(published) == B
    assert await published.ticks() == before + 4
    assert [one.name for one in await published.versions(*KEY)] in ([A, B], [B, A])
    assert (await published.fetch(*KEY, A)).archive == b"files"
    assert await published.fetch("globex", "hours", A) is None


@pytest.mark.parametrize(
    ("moves", "previous"),
    [
        ("A", None),
        ("AB", A),
        ("ABC", B),
        ("ABCb", A),
        ("ABCba", None),
        ("ABCbaC", A),
        ("ABA", B),
        ("AA", None),
        ("ABCa", None),
        ("ABCaB", A),
    ],
)
async def test_going_back_takes_back_what_was_published_last(published, moves, previous):
    names = {"a": A, "b": B, "c": C}
    for move in moves:
        if move.isupper():
            await put(published, names[move.lower()])
        else:
            assert await published.point(*KEY, names[move], kind="rolled back", by="x")

    assert await published.before(*KEY) == previous


async def test_a_version_that_is_not_published_cannot_become_current(published):
    await put(published, A)

    assert not await published.point(*KEY, B, kind="rolled back", by="x")
    assert not await published.point("globex", "hours", A, kind="rolled back", by="x")
    assert await current(published) == A


async def test_files_once_published_stay_as_they_are(published):
    await put(published, A, archive=b"first")
    await put(published, A, archive=b"second")

    assert (await published.fetch(*KEY, A)).archive == b"first"


async def test_the_current_version_and_one_that_was_current_just_now_cannot_be_removed(published, moment):
    await put(published, A)
    await put(published, B)
    for version, told in ((B, "is current"), (A, "try again in a minute")):
        with pytest.raises(VersionKeptError, match=told):
            await published.remove(*KEY, version)
    moment[0] += 61

    assert await published.remove(*KEY, A)
    assert not await published.remove(*KEY, A)
    assert await published.before(*KEY) is None


async def test_files_that_were_changed_in_the_database_are_not_given_out(published, storage):
    await put(published, A)
    await storage.versions.write(
        lambda connection: connection.execute("UPDATE published_versions SET archive = 'AAAA'")
    )

    with pytest.raises(LedgerUnavailableError, match="damaged"):
        await published.fetch(*KEY, A)


async def test_many_who_publish_at_once_are_all_counted(published):
    before = await published.ticks()
    await asyncio.gather(*(put(published, f"{number:012x}") for number in range(8)))

    assert await published.ticks() == before + 16
    assert len(await published.versions(*KEY)) == 8


async def test_erasing_a_tenant_or_a_project_leaves_the_others(published):
    await put(published, A)
    await put(published, B, project="other")

    assert await published.erase(tenant="acme", project="hours", session_id="s") == 0
    assert await published.erase(tenant="globex") == 0
    assert await published.erase(tenant="acme", project="hours") == 1
    assert (await published.board()).pointers == {("acme", "other"): B}
    assert await published.erase(tenant="acme") == 1
