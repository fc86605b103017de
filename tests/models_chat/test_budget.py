from datetime import UTC, datetime, timedelta

import pytest

from models.budget import TokenBudget, estimate_tokens


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 15, 23, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


async def test_a_project_spends_its_own_day():
    clock = Clock()
    budget = TokenBudget(clock=clock)

    await budget.spend("acme", "bank", 900)

    assert await budget.allows("acme", "bank", 1000)
    await budget.spend("acme", "bank", 200)
    assert not await budget.allows("acme", "bank", 1000)
    assert await budget.allows("acme", "shop", 1000)
    assert await budget.allows("other", "bank", 1000)
    clock.now += timedelta(hours=2)
    assert await budget.allows("acme", "bank", 1000)
    assert await budget.spent("acme", "bank") == 0


async def test_a_budget_of_nothing_allows_nothing():
    assert not await TokenBudget(clock=Clock()).allows("acme", "bank", 0)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("What is the fee for sending money abroad from my account today?", (10, 18)),
        ("我想查询一下我的信用卡账单和还款日期。", (10, 22)),
        ("", (0, 0)),
    ],
)
def test_an_estimate_is_of_the_right_size(text, tokens):
    assert tokens[0] <= estimate_tokens(text) <= tokens[1]
