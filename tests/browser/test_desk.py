"""The desk: who waits is seen, answered as a person and given back."""

import sqlite3
from contextlib import closing

import pytest
from playwright.async_api import Page, Route, expect

from graph.threads import thread_id
from tests.browser.conftest import say, shoot
from tests.service.house import House

pytestmark = pytest.mark.asyncio(loop_scope="session")

MANY = 1234


async def test_a_person_answers_and_gives_the_conversation_back(page: Page) -> None:
    await say(page, "send 500 lira", "To which IBAN?")
    await say(page, "I want to talk to a person", "")
    session = await page.locator("#session").inner_text()
    await page.get_by_role("link", name="Desk").click()

    case = page.locator("#case")
    waiting = page.get_by_role("button", name=session)
    await expect(waiting).to_contain_text("handed over")
    await expect(waiting).to_contain_text("requested")
    await waiting.click()
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


async def test_a_long_transcript_shows_its_end(page: Page, house: House) -> None:
    await house.says("send 500 lira", project="bank")
    said = [{"role": "user", "content": f"line {number}"} for number in range(5000)]

    async def long(route: Route) -> None:
        await route.fulfill(json={"session_id": house.session, "project": "bank", "messages": said})

    await page.route("**/messages?*", long)
    await page.goto("/#desk")
    await page.get_by_label("Part of a conversation's name").fill(house.session)
    await page.get_by_role("button", name=house.session).click()

    lines = page.locator("#case").get_by_role("log")
    await expect(lines).to_contain_text("4800 earlier messages")
    await expect(lines.locator(".bubble")).to_have_count(200)
    await expect(lines.locator(".bubble").last).to_be_in_viewport()
    await expect(lines.locator(".bubble").last).to_contain_text("line 4999")


async def test_the_oldest_of_thousands_of_conversations_is_found(page: Page, house: House) -> None:
    await house.says("send 500 lira", project="bank")
    columns = "tenant, project, version, channel, locale, owner, turns, tokens, created_at, checkpoint_id"
    with closing(sqlite3.connect(house.services.settings.database_url.removeprefix("sqlite:///"))) as database:
        database.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"  # noqa: S608  # constants
            f" INSERT INTO sessions (thread_id, session_id, last_active, {columns})"
            f" SELECT 'copy-' || i, printf('copy-%05d', i), printf('2020-01-01T00:00:00.%05d', i), {columns}"
            " FROM n, sessions WHERE thread_id = ?",
            (MANY, thread_id("acme", "bank", house.session)),
        )
        database.commit()
    try:
        await page.goto("/#desk")
        await page.get_by_label("all conversations").check()
        await expect(page.locator("#page")).to_contain_text("1–50 of 1,")
        for _ in range(2):
            await page.get_by_role("button", name="Older").click()
        await expect(page.locator("#page")).to_contain_text("101–150 of 1,")
        await page.get_by_role("button", name="Newer").click()
        await expect(page.locator("#page")).to_contain_text("51–100 of 1,")

        await page.get_by_label("Part of a conversation's name").fill("COPY-00001")
        await expect(page.locator("#sessions li")).to_have_count(1)
        await expect(page.locator("#sessions")).to_contain_text("copy-00001")
        assert (
            await house.http.get("/sessions/copy-00001/messages")
        ).status_code == 404  # found, and has no transcript
        far = (await house.http.get("/sessions", params={"offset": 1200, "limit": 1000})).json()
        assert len(far["sessions"]) == far["total"] - 1200
    finally:
        with closing(sqlite3.connect(house.services.settings.database_url.removeprefix("sqlite:///"))) as database:
            database.execute("DELETE FROM sessions WHERE thread_id LIKE 'copy-%'")
            database.commit()
