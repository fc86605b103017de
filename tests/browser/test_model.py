"""The console before a bot with a model: words as they are written, and what the model was asked."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.bot import BANK, DOCUMENTS
from tests.browser.conftest import visiting
from tests.openai_server import says, serving_openai
from tests.service.house import House, open_house
from tests.service.warmth import Warmth

pytestmark = pytest.mark.asyncio(loop_scope="session")

PIECES = ["A transfer to another bank ", "costs 7.50 lira [1]. ", "It arrives ", "the next morning [1]."]


@pytest_asyncio.fixture(loop_scope="session")
async def worded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """The bank, its answers worded by a model that takes its time over each piece."""
    folder = tmp_path_factory.mktemp("worded")
    warmth = Warmth(tmp_path_factory.getbasetemp() / "warmth")
    with serving_openai(says("".join(PIECES), pieces=PIECES, pause=0.8)) as model:
        async with open_house(
            folder, warmth, changes=[{**BANK, "understanding": "embedded"}], documents=DOCUMENTS, model_url=model.url
        ) as house:
            yield house


async def test_words_appear_as_the_model_writes_them_and_its_calls_are_shown(browser: Browser, worded: House) -> None:
    async with visiting(browser, worded.address, viewport={"width": 1360, "height": 900}) as page:
        await page.goto("/")
        await expect(page.locator("#log")).to_contain_text("Sending money")
        await page.locator("#message").fill("what does a transfer to another bank cost")
        await page.keyboard.press("Enter")

        reply = page.locator(".turn .bubble.bot")
        await expect(reply).to_contain_text("A transfer to another bank")
        assert "next morning" not in await reply.inner_text()
        await expect(reply).to_contain_text("the next morning")
        await expect(reply.locator(".source summary")).to_have_text("[1] Fees")
        beside = page.locator("#inspector .part").filter(has=page.get_by_role("heading", name="Model: 1 calls"))
        await expect(beside).to_contain_text("18 tokens")
        await expect(beside.get_by_role("row")).to_have_count(2)
        await expect(beside).to_contain_text("11 + 7")
