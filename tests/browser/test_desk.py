"""The desk: who waits is seen, answered as a person and given back."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import say, shoot

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_person_answers_and_gives_the_conversation_back(page: Page) -> None:
    await say(page, "send 500 lira", "To which IBAN?")
    await say(page, "I want to talk to a person", "")
    session = await page.locator("#session").inner_text()
    await page.get_by_role("link", name="Desk").click()

    case = page.locator("#case")
    await page.get_by_role("button", name=session).click()
    await expect(case).to_contain_text("requested")
    await expect(case).to_contain_text("Sending money (amount=")
    await expect(case.get_by_role("log")).to_contain_text("To which IBAN?")
    await case.get_by_label("Your name").fill("Ayşe")
    await case.get_by_label("Answer as a person").fill("Merhaba, ben Ayşe.")
    await shoot(page, "desk")
    await case.get_by_role("button", name="Send as a person").click()
    await expect(case.get_by_role("log")).to_contain_text("Merhaba, ben Ayşe.")

    await page.get_by_role("link", name="Chat", exact=True).click()
    await expect(page.locator("#log .bubble.person")).to_contain_text("Merhaba, ben Ayşe.")
    await say(page, "thank you", "a person has this conversation")

    await page.get_by_role("link", name="Desk").click()
    await case.get_by_role("button", name="Give back to the bot").click()
    await expect(page.get_by_role("button", name=session)).to_have_count(0)
    await page.get_by_role("link", name="Chat", exact=True).click()
    await expect(page.locator("#log")).to_contain_text("The person gave the conversation back to the bot.")
    await say(page, "what does a transfer to another bank cost", "7.50 lira")


async def test_every_conversation_can_be_looked_at(page: Page) -> None:
    await say(page, "send 500 lira", "To which IBAN?")
    session = await page.locator("#session").inner_text()
    await page.get_by_role("link", name="Desk").click()

    await page.get_by_label("all conversations").check()
    await page.get_by_role("button", name=session).click()

    await expect(page.locator("#case")).to_contain_text("send_money")
    await page.get_by_role("link", name="Open in the chat").click()
    await expect(page.locator("#session")).to_have_text(session)
