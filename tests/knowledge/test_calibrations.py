"""Whose weights a search is judged by."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dialogue.confidence import SHIPPED, Calibration, confidence_in
from tests.knowledge.documents import CARDS, FEES
from tests.knowledge.fakes import HashEncoder, make_version
from tools.calibrations import StoredCalibration
from tools.knowledge import ChromaKnowledge, open_knowledge, scope_of

BANK = make_version()
OWN = Calibration(intercept=-1.0, lift=1.0, margin=1.0, crossing=0.0)


@pytest.fixture
def knowledge(tmp_path: Path, encoder: HashEncoder) -> Iterator[ChromaKnowledge]:
    opened = open_knowledge(
        f"chroma:{tmp_path / 'index'}", tables=tmp_path / "kb.db", encoder=encoder, calibrations=tmp_path / "kept"
    )
    yield opened
    opened.close()


def stored(knowledge: ChromaKnowledge, **more: Any) -> StoredCalibration:
    fresh = StoredCalibration(
        version=BANK.name,
        encoder=knowledge.encoder.name,
        knowledge=knowledge.fingerprint(BANK) or "",
        fitted_at="2026-01-01T00:00:00+00:00",
        weights=OWN,
    )
    return replace(fresh, **more)


async def test_a_calibration_counts_from_the_next_search_on(knowledge):
    knowledge.write(scope_of(BANK), add=[FEES], remove=(), locales=["en"])
    before = await knowledge.search(BANK, "the fee", locale="en")

    knowledge.calibrations.save(BANK, stored(knowledge))
    after = await knowledge.search(BANK, "the fee", locale="en")

    assert "weights" not in before
    assert after["weights"] == OWN.weights()
    assert confidence_in(after, BANK.project) < confidence_in(before, BANK.project)


async def test_a_calibration_for_other_knowledge_or_another_encoder_is_not_used_and_that_is_said(knowledge):
    knowledge.write(scope_of(BANK), add=[FEES], remove=(), locales=["en"])
    knowledge.calibrations.save(BANK, stored(knowledge))
    knowledge.write(scope_of(BANK), add=[CARDS], remove=(), locales=["en"])
    grown = await knowledge.search(BANK, "the fee", locale="en")
    knowledge.calibrations.save(BANK, stored(knowledge, encoder="another:1"))
    other = await knowledge.search(BANK, "the fee", locale="en")

    assert "weights" not in grown
    assert "other knowledge" in grown["notice"]
    assert "switchboard calibrate bank" in grown["notice"]
    assert "other encoder" in other["notice"]


async def test_a_new_version_keeps_the_calibration_while_its_knowledge_is_the_same(knowledge):
    knowledge.write(scope_of(BANK), add=[FEES], remove=(), locales=["en"])
    knowledge.calibrations.save(BANK, stored(knowledge))

    edited = await knowledge.search(replace(BANK, name="draft-2"), "the fee", locale="en")

    assert edited["weights"] == OWN.weights()


async def test_a_calibration_from_before_there_were_so_many_signs_still_counts(knowledge):
    knowledge.write(scope_of(BANK), add=[FEES], remove=(), locales=["en"])
    path = knowledge.calibrations.save(BANK, stored(knowledge))
    kept = json.loads(path.read_text("utf-8"))
    kept["weights"] = {"intercept": -1.0, "lift": 1.0, "margin": 1.0, "crossing": 0.0, "coverage": 2.0}
    path.write_text(json.dumps(kept), "utf-8")

    found = await knowledge.search(BANK, "the fee", locale="en")

    assert found["weights"] == replace(OWN, coverage=2.0).weights()


async def test_a_damaged_file_leaves_the_shipped_weights(knowledge):
    knowledge.write(scope_of(BANK), add=[FEES], remove=(), locales=["en"])
    knowledge.calibrations.save(BANK, stored(knowledge)).write_text("{")

    found = await knowledge.search(BANK, "the fee", locale="en")

    assert "weights" not in found
    assert Calibration(**SHIPPED.weights()) == SHIPPED


async def test_projects_never_use_each_others_calibration_and_erasing_forgets_it(knowledge):
    other = make_version(tenant="other")
    for version in (BANK, other):
        knowledge.write(scope_of(version), add=[FEES], remove=(), locales=["en"])
    kept = knowledge.calibrations.save(BANK, stored(knowledge))
    found = await knowledge.search(other, "the fee", locale="en")

    knowledge.erase("demo", "bank")

    assert "weights" not in found
    assert "notice" not in found
    assert not kept.exists()
