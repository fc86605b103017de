"""The whole service, killed and restarted, and busy: nothing twice, nothing lost, no doubt hidden."""

from pathlib import Path

import pytest

from evals.crash import SEED, crash, load

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for both databases: what was learnt for the first is there for the second."""
    return tmp_path_factory.mktemp("crash")


async def test_a_service_killed_in_the_middle_does_everything_once_and_loses_nothing(folder):
    verdict, service, customers = await crash(folder, turns=9, kills=2, seed=SEED)

    assert customers.record.strange == []
    assert verdict.clean, verdict
    assert service.kills == 2
    assert verdict.deeds >= 9


async def test_over_postgres_too(folder, postgres_url):
    verdict, service, customers = await crash(folder, turns=4, kills=1, seed=SEED, database=postgres_url)

    assert customers.record.strange == []
    assert verdict.clean, verdict
    assert service.kills == 1


async def test_many_sessions_acting_at_once_do_not_mix(tmp_path):
    verdict, customers, _ = await load(tmp_path, sessions=64, seed=SEED, each=1)

    assert customers.record.strange == []
    assert verdict.clean, verdict
    assert (verdict.deeds, verdict.told_unknown) == (64, 0)
