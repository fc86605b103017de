"""Questions and documents in different languages, on one scale."""

import pytest

from tools.knowledge_records import Snapshot

MIXED = Snapshot(
    encoder="x",
    mean_length=10.0,
    locales={"en": 100, "tr": 36, "zh": 1},
    baselines={
        "en": {"en": 0.80, "tr": 0.75, "zh": 0.70},
        "tr": {"en": 0.76, "tr": 0.82, "zh": 0.71},
        "*": {"en": 0.74, "tr": 0.73, "zh": 0.72},
    },
)


@pytest.mark.parametrize(("asked", "baseline"), [("en", 0.80), ("tr", 0.82), ("de", 0.74)])
def test_the_baseline_is_that_of_ones_own_language_where_there_is_one(asked: str, baseline: float) -> None:
    assert MIXED.baseline(asked) == baseline


@pytest.mark.parametrize(
    ("asked", "document", "lift"),
    [
        ("en", "en", 0.0),
        ("en", "tr", 0.05 * 36 / 40),
        ("en", "zh", 0.10 / 5),
        ("de", "tr", 0.01 * 36 / 40),
        ("en", "fr", 0.0),
    ],
)
def test_a_foreign_passage_is_lifted_to_the_level_of_its_own(asked: str, document: str, lift: float) -> None:
    assert MIXED.lift(asked, document) == pytest.approx(lift)


def test_where_all_knowledge_is_foreign_nothing_is_lifted() -> None:
    foreign = Snapshot(encoder="x", mean_length=1.0, locales={"tr": 9}, baselines={"en": {"tr": 0.75}})

    assert foreign.baseline("en") == 0.75
    assert foreign.lift("en", "tr") == 0.0
