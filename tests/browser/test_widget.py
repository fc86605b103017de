"""The chat on a shop's page, with a key that can only chat; and the console before a service that has keys."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import pytest_asyncio
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from playwright.async_api import Browser, Page, expect

from graph.session_lists import SessionQuery
from scenarios.service import run_app
from serving.auth import Key, Keys, key_hash
from tests.browser.bot import IBAN
from tests.browser.conftest import say, shoot, visiting
from tests.service.house import House, serve

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Site:
    """A shop's page, as strict as a page can be that has the widget."""

    def __init__(self) -> None:
        self.service = ""
        self.app = FastAPI(openapi_url=None)
        self.app.add_api_route("/", self._page)

    async def _page(self) -> HTMLResponse:
        tag = f'<script src="{self.service}/widget.js" data-key="public" data-project="bank" data-locale="en"></script>'
        body = f"<!doctype html><html lang=en><title>Shop</title><h1>Shop</h1><p>Shoes and hats.</p>{tag}</html>"
        policy = f"default-src 'none'; script-src {self.service}; connect-src {self.service}; img-src data:"
        return HTMLResponse(body, headers={"Content-Security-Policy": policy})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sites(house: House) -> AsyncIterator[tuple[str, str, str]]:
    """The service with keys, a shop that its public key names, and one that it does not."""
    shop, stranger = Site(), Site()
    async with AsyncExitStack() as stack:
        home, other = [await stack.enter_async_context(run_app(site.app)) for site in (shop, stranger)]
        keys = Keys(
            [
                Key(hash=key_hash("public"), tenant="acme", role="chat", origins=[home]),
                Key(hash=key_hash("boss"), tenant="acme", role="admin"),
                Key(hash=key_hash("agent"), tenant="acme", role="desk"),
                Key(hash=key_hash("talker"), tenant="acme", role="chat"),
            ]
        )
        service = await stack.enter_async_context(serve(house.services, keys=keys))
        shop.service = stranger.service = service
        yield service, home, other


async def test_a_customer_chats_on_a_shop_s_page(browser: Browser, house: House, sites: tuple[str, str, str]) -> None:
    service, home, _ = sites
    async with visiting(browser, home, also=service, viewport={"width": 900, "height": 720}) as page:
        await page.goto("/")
        await page.get_by_role("button", name="Open the chat").click()
        panel = page.get_by_role("dialog", name="How can we help?")
        log = panel.get_by_role("log")
        field = panel.get_by_label("Your message")

        async def say(message: str, reply: str) -> None:
            await field.fill(message)
            await field.press("Enter")
            await expect(log).to_contain_text(reply)
            await expect(panel.get_by_role("button", name="Send")).to_be_enabled()

        await say("what does a transfer to another bank cost", "7.50 lira")
        await panel.locator("details summary").click()
        await expect(panel.locator("details")).to_contain_text("arrives the next morning")
        await say("send 500 lira", "To which IBAN?")
        async with page.expect_response("**/chat") as answered:
            await say(IBAN, "Shall I go ahead?")
        await shoot(page, "widget")
        await panel.get_by_role("button", name="yes", exact=True).click()
        await expect(log).to_contain_text("Sent, reference T-")
        assert '"metadata":{}' in await (await answered.value).text()

        await say("I want to talk to a person", "")
        await expect(panel.get_by_role("status")).to_have_text("A person will answer you.")
        turns = house.services.turns
        [listed], _ = await turns.sessions(SessionQuery(tenants=["acme"], contains="visitor-"))
        session = str(listed["session_id"])
        await turns.desk_message("acme", "bank", session, text="Hi, Ayşe here", agent="Ayşe")
        await expect(log).to_contain_text("Hi, Ayşe here")

        await page.reload()
        await page.get_by_role("button", name="Open the chat").click()
        await expect(log).to_contain_text("Hi, Ayşe here")
        await page.keyboard.press("Escape")
        await expect(panel).to_be_hidden()


async def test_it_does_not_chat_from_another_site(browser: Browser, sites: tuple[str, str, str]) -> None:
    _, _, other = sites
    context = await browser.new_context(base_url=other, locale="en-GB")
    page = await context.new_page()
    await page.goto("/")
    await page.get_by_role("button", name="Open the chat").click()
    await page.get_by_label("Your message").fill("send 500 lira")
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("log")).to_contain_text("We cannot be reached right now")
    await context.close()


async def test_the_console_asks_for_a_key_where_there_are_keys(browser: Browser, sites: tuple[str, str, str]) -> None:
    service, _, _ = sites
    async with unlocked(browser, service, "nobody") as page:
        asked = page.get_by_role("dialog", name="A key is needed")
        await expect(asked).to_contain_text("This key is not known here.")
        await asked.get_by_label("Key").fill("boss")
        await page.keyboard.press("Enter")

        await expect(page.locator("#project")).to_have_value("bank")
        await expect(page.locator("#log")).to_contain_text("Sending money")


async def test_a_key_of_the_desk_opens_the_desk_and_offers_nothing_that_it_may_not(
    browser: Browser, house: House, sites: tuple[str, str, str]
) -> None:
    service, _, _ = sites
    await house.says("I want to talk to a person", project="bank")
    async with unlocked(browser, service, "agent") as page:
        await page.get_by_role("button", name=house.session).click()
        await expect(page.locator("#case")).to_contain_text("requested")
        await page.get_by_label("Your name").fill("Ayşe")
        await page.get_by_label("Answer as a person").fill("Merhaba.")
        await page.get_by_role("button", name="Send as a person").click()
        await expect(page.locator("#case").get_by_role("log")).to_contain_text("Merhaba.")

        await page.get_by_role("link", name="Knowledge").click()
        await page.locator("#project").select_option("bank")
        await expect(page.locator("#documents")).to_contain_text("fees.en.md")
        await expect(page.get_by_label("Upload")).to_be_hidden()
        await expect(page.get_by_role("button", name="Remove fees.en.md")).to_be_hidden()
        await page.get_by_role("link", name="Chat", exact=True).click()
        await say(page, "what does a transfer to another bank cost", "7.50 lira")
        await expect(page.get_by_role("button", name="Try another message here")).to_have_count(0)

        await page.get_by_role("button", name="Another key").click()
        await page.get_by_label("Key", exact=True).fill("talker")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("link", name="Desk")).to_be_hidden()
        await say(page, "send 500 lira", "To which IBAN?")
        await expect(page.locator("#inspector")).to_contain_text("send_money")


@asynccontextmanager
async def unlocked(browser: Browser, service: str, key: str) -> AsyncIterator[Page]:
    """The console of a service with keys, a key given; what it may not do is refused, and no script fails."""
    context = await browser.new_context(base_url=service, locale="en-GB", viewport={"width": 1360, "height": 900})
    page = await context.new_page()
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    await page.goto("/")
    await page.get_by_role("dialog", name="A key is needed").get_by_label("Key").fill(key)
    await page.keyboard.press("Enter")
    yield page
    await context.close()
    assert failed == []
