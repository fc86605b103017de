"""Every rule of dialogue, in three languages, whichever engine reads the customer's words."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from scenarios.report import lines
from scenarios.runner import Played
from tests.acceptance.scripted import is_guess
from tests.acceptance.suite import LANGUAGES, cases, play_embedded, play_scripted, table
from tests.service.warmth import Warmth
from understanding.language import detect

# The first test of each engine waits until all its conversations are played.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

CASES = {case.key: case for case in cases()}


@pytest.fixture(scope="session")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Embeddings of this test run, shared with other suites."""
    return Warmth(tmp_path_factory.getbasetemp() / "warmth").vectors


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def embedded(vectors: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Played]:
    """Every conversation, read by the embedded engine."""
    return await play_embedded(tmp_path_factory.mktemp("embedded"), vectors, list(CASES.values()))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def with_model(
    embedded: Mapping[str, Played], vectors: Path, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Played]:
    """Every conversation, read by a scripted model."""
    return await play_scripted(tmp_path_factory.mktemp("model"), vectors, list(CASES.values()), embedded)


@pytest.mark.parametrize("key", CASES)
async def test_goes_right_with_the_embedded_engine(key: str, embedded: Mapping[str, Played]) -> None:
    assert embedded[key].passed, "\n".join(lines(embedded[key]))


@pytest.mark.parametrize("key", CASES)
async def test_goes_right_with_a_model(key: str, with_model: Mapping[str, Played]) -> None:
    assert with_model[key].passed, "\n".join(lines(with_model[key]))


async def test_the_model_reads_every_message_that_means_something(
    embedded: Mapping[str, Played], with_model: Mapping[str, Played]
) -> None:
    read = [
        (turn.user, turn.answer["metadata"]["diagnostics"]["engine"])
        for key, played in with_model.items()
        for turn, before in zip(played.turns, embedded[key].turns, strict=False)
        if turn.user and "metadata" in turn.answer and not turn.user.startswith("(") and not is_guess(before)
    ]

    assert len(read) > 300
    assert [user for user, engine in read if engine != "hybrid:llm"] == []


async def test_nothing_is_ever_said_in_another_language(embedded: Mapping[str, Played]) -> None:
    wrong = [
        (key, turn.reply)
        for key, played in embedded.items()
        for turn in played.turns
        if turn.reply and "locale" in turn.answer and not _is_in(turn.reply, str(turn.answer["locale"]))
    ]

    assert wrong == []


async def test_counts_by_pattern_and_language(embedded: Mapping[str, Played], with_model: Mapping[str, Played]) -> None:
    for engine, played in (("embedded engine", embedded), ("scripted model", with_model)):
        told = table(list(CASES.values()), played)
        sys.stdout.write(f"\n{engine}\n{told}\n")

        assert "scenarios" in told


def _is_in(reply: str, locale: str) -> bool:
    """Whether every line is written in the language; what a customer or a project wrote in Latin letters is no sign."""
    lines_ = [line for line in reply.splitlines() if line.strip()]
    han = [bool(re.search(r"[\u4e00-\u9fff]", line)) for line in lines_]
    if locale == "zh":
        return all(han)
    return not any(han) and detect(reply, LANGUAGES) in (None, locale)
