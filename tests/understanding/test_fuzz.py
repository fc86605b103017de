"""Hostile strings neither raise nor hang; `python -m evals.fuzz` says many more of them."""

from evals.fuzz import fuzz, hostile_strings


async def test_hostile_strings_are_read_quickly_and_without_raising(encoder):
    report = await fuzz(encoder, count=100, seed=7)

    assert report.raised == []
    assert report.silent == 0
    assert report.slowest < 2.0, report.slowest_text


def test_the_same_seed_makes_the_same_strings():
    assert list(hostile_strings(50, 3)) == list(hostile_strings(50, 3))
