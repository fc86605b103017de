"""The chat of the console."""

import pytest
from playwright.async_api import Page, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_message_is_answered(page: Page) -> None:
    await page.get_by_label("Message", exact=True).fill("I want to send 500 lira")
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("log")).to_contain_text("To which IBAN?")
