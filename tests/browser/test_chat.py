"""The chat of the console: talking, seeing behind the answers, going back."""

import asyncio
import sqlite3
from contextlib import closing

import pytest
from playwright.async_api import Page, Route, expect

from graph.threads import thread_id
from tests.browser.bot import IBAN
from tests.browser.conftest import say, shoot
from tests.service.house import House

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG = 3000
HEADINGS = [
    "Decided",
    "Commands",
    "Intent ranking",
    "Slots",
    "Stack of flows",
    "Path through the graph",
    "Evidence",
    "Confidence",
    "Transfer",
    "Model: not asked",
    "History",
    "Engines",
]
WAY = "Path through the graph: open_turn → detect_intent → fill_slots → retrieve → "


@pytest.mark.parametrize(
    ("code", "send", "message", "reply"),
    [
        ("en", "Send", "I want to send 500 lira", "To which IBAN?"),
        ("tr", "Gönder", "500 lira göndermek istiyorum", "Hangi IBAN'a?"),
        ("zh", "发送", "我想转500里拉", "转到哪个 IBAN？"),
    ],
)
async def test_page_and_bot_speak_three_languages(page: Page, code: str, send: str, message: str, reply: str) -> None:
    await page.locator("#words").select_option(code)
    await expect(page.get_by_role("button", name=send, exact=True)).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", code)
    await page.locator("#locale").select_option(code)

    await say(page, message, reply)

    await expect(page.locator(".turn .bubble.bot .words").last).to_have_attribute("lang", code)
    assert "{" not in await page.locator("body").inner_text(), "a gap in the page's words was not filled"


async def test_what_is_sent_before_the_bots_are_listed_is_said_once_they_are(page: Page) -> None:
    async def late(route: Route) -> None:
        await asyncio.sleep(1)
        await route.continue_()

    await page.route("**/projects", late)
    await page.reload()

    await say(page, "I want to send 500 lira", "To which IBAN?")


async def test_another_bot_is_chosen(page: Page) -> None:
    await page.locator("#project").select_option("post")
    await expect(page.locator("#log")).to_contain_text("Opening hours")

    await page.get_by_role("button", name="Opening hours").click()

    await expect(page.locator(".bubble.bot")).to_contain_text("We are open from 9 to 17.")


async def test_the_reply_comes_as_a_stream(page: Page) -> None:
    async with page.expect_response("**/chat") as answered:
        await say(page, "what does a transfer to another bank cost", "7.50 lira")
    response = await answered.value

    assert response.headers["content-type"].startswith("text/event-stream")
    assert (await response.text()).startswith("event: message")
    await expect(page.locator("#inspector")).to_contain_text("first words after")


async def test_what_did_not_arrive_is_sent_again_and_said_once(page: Page, house: House) -> None:
    arrived = 0

    async def breaks_once(route: Route) -> None:
        nonlocal arrived
        arrived += 1
        if arrived > 1:
            return await route.continue_()
        await route.fetch()  # the service hears it, and its answer is lost
        return await route.fulfill(status=200, content_type="text/event-stream", body="")

    await page.route("**/chat", breaks_once)
    await page.locator("#message").fill("send 500 lira")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Try again").click()

    await expect(page.locator(".bubble.bot")).to_contain_text("To which IBAN?")
    session = await page.locator("#session").inner_text()
    said = (await house.http.get(f"/sessions/{session}/messages", params={"project": "bank"})).json()["messages"]
    assert [line["content"] for line in said] == ["send 500 lira", "To which IBAN?"]


async def test_choices_and_confirmations_are_tapped(page: Page) -> None:
    await say(page, "I need a new card", "debit card or credit card")
    await page.get_by_role("button", name="credit card").click()
    await expect(page.locator(".bubble.bot").last).to_contain_text("Your card is on its way.")

    await say(page, "send 500 lira", "To which IBAN?")
    await say(page, IBAN, "Shall I go ahead?")
    await shoot(page, "confirm")
    await page.get_by_role("button", name="yes", exact=True).click()

    await expect(page.locator(".bubble.bot").last).to_contain_text("Sent, reference T-")
    receipt = page.locator(".receipt")
    await expect(receipt).to_contain_text("succeeded")
    await expect(receipt).to_contain_text('"reference":"T-')
    await expect(page.locator("#offers button")).to_have_count(0)


async def test_a_citation_opens_its_passage(page: Page) -> None:
    await say(page, "what does a transfer to another bank cost", "7.50 lira")
    source = page.locator(".bubble.bot .source")
    await expect(source.locator("blockquote")).to_be_hidden()

    await source.locator("summary").click()

    await expect(source.locator("blockquote")).to_contain_text("arrives the next morning")


async def test_all_of_a_turn_stands_beside_it(page: Page) -> None:
    await say(page, "send 500 lira", "To which IBAN?")
    await say(page, "make it 600 lira", "To which IBAN?")
    await say(page, "what does a transfer to another bank cost", "7.50 lira")
    beside = page.locator("#inspector")

    for heading in HEADINGS:
        await expect(beside.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    amount = beside.get_by_role("row").filter(has_text="600 TRY")
    await expect(amount).to_contain_text("600 lira")
    await expect(amount).to_contain_text("500 TRY (turn 1)")
    drawn = beside.get_by_role("img", name=WAY)
    await expect(drawn.locator(".node.lit")).to_have_count(10)
    await expect(drawn.locator(".arrow.lit")).to_have_count(9)
    await expect(beside.locator(".source").filter(has_text="Fees").first).to_contain_text("cited")
    await expect(beside.locator(".waterfall tr")).to_have_count(9)
    await shoot(page, "console")
    await shoot(page, "behind", all_of="#inspector")

    await beside.get_by_role("button", name="Earlier turn").click()
    await expect(beside).to_contain_text("Turn 2 of 3")
    await expect(beside.locator(".chips").first).to_contain_text("asked")


async def test_a_part_that_was_folded_away_stays_so(page: Page) -> None:
    await say(page, "send 500 lira", "To which IBAN?")
    ranking = page.locator("#inspector .part").filter(has=page.get_by_role("heading", name="Intent ranking"))
    await ranking.locator("summary").click()
    await expect(ranking.get_by_role("table")).to_be_hidden()

    await say(page, "make it 600 lira", "To which IBAN?")
    await expect(page.locator("#inspector")).to_contain_text("Turn 2 of 2")
    await expect(ranking.get_by_role("table")).to_be_hidden()
    await page.reload()
    await expect(page.locator("#inspector")).to_contain_text("Turn 2 of 2")
    await expect(ranking.get_by_role("table")).to_be_hidden()
    await page.locator(".turn").first.locator(".bubble.bot").click()
    await expect(page.locator("#inspector")).to_contain_text("Turn 1 of 2")


async def test_an_earlier_turn_is_gone_back_to_with_another_message(page: Page) -> None:
    await say(page, "send 500 lira", "To which IBAN?")
    await say(page, IBAN, "Shall I go ahead?")
    await say(page, "no", "")
    origin = await page.locator("#session").inner_text()

    await page.locator(".turn").last.hover()
    await page.locator(".turn").last.get_by_role("button", name="Try another message here").click()
    await expect(page.locator("#session")).to_contain_text(f"{origin}~fork-")
    await expect(page.locator(".turn")).to_have_count(2)
    await expect(page.locator("#message")).to_have_value("no")
    await say(page, "yes but 700 lira", "700")

    await page.get_by_role("button", name="Back to the original").click()
    await expect(page.locator("#session")).to_have_text(origin)
    await expect(page.locator(".turn")).to_have_count(3)
    await expect(page.locator(".turn").last).to_contain_text("no")


async def test_a_conversation_is_copied_as_a_scenario(page: Page) -> None:
    await say(page, "send 500 lira", "To which IBAN?")

    await page.get_by_role("button", name="Copy as scenario").click()

    scenario = page.get_by_role("dialog")
    await expect(scenario).to_contain_text("user: send 500 lira")
    await expect(scenario).to_contain_text("outcome: asked")
    await page.keyboard.press("Escape")
    await expect(scenario).to_be_hidden()


async def test_a_reload_keeps_the_conversation_and_a_new_one_begins_empty(page: Page) -> None:
    await say(page, "send 500 lira", "To which IBAN?")

    await page.reload()
    await expect(page.locator(".turn")).to_contain_text("To which IBAN?")
    await expect(page.locator("#inspector")).to_contain_text("send_money")
    await page.get_by_role("button", name="New conversation").click()

    await expect(page.locator(".turn")).to_have_count(0)


async def test_what_a_customer_writes_stays_text(page: Page) -> None:
    await say(page, '<img src="x" onerror="alert(1)"><b>bold</b>', "")

    await expect(page.locator(".bubble.you .words")).to_have_text('<img src="x" onerror="alert(1)"><b>bold</b>')
    assert await page.locator("#log img, #log b, #inspector img").count() == 0


async def test_thousands_of_turns_are_read_through_a_window(page: Page, house: House) -> None:
    await house.says("what does a transfer to another bank cost", project="bank")
    thread = thread_id("acme", "bank", house.session)
    with closing(sqlite3.connect(house.services.settings.database_url.removeprefix("sqlite:///"))) as database:
        database.execute(
            "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO turns"
            " (thread_id, message_id, fingerprint, message, outcome, answer, created_at)"
            " SELECT thread_id, 'copy-' || i, fingerprint, 'copy number ' || i, outcome, answer, created_at"
            " FROM turns, n WHERE thread_id = ?",
            (LONG, thread),
        )
        database.commit()

    await page.goto(f"/#chat?project=bank&session={house.session}")
    await expect(page.locator(".turn").last).to_contain_text(f"copy number {LONG}")
    await expect(page.locator("#inspector")).to_contain_text(f"Turn {LONG} of {LONG}")
    for _ in range(8):
        oldest = await page.locator(".turn").first.get_attribute("data-number")
        await page.locator("#log").evaluate("log => { log.scrollTop = 0; }")
        await expect(page.locator(".turn").first).not_to_have_attribute("data-number", str(oldest))

    assert await page.locator(".turn").count() <= 120
    assert int(await page.locator(".turn").first.get_attribute("data-number") or 0) < LONG - 200
    await say(page, "what does a transfer to another bank cost", "7.50 lira")
    await expect(page.locator(".turn").last).to_have_attribute("data-number", str(LONG + 1))
