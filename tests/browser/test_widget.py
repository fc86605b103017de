"""The chat on a shop's page, with a key that can only chat; and the console before a service that has keys."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from playwright.async_api import Browser, expect

from scenarios.service import run_app
from serving.auth import Key, Keys, key_hash
from tests.browser.bot import IBAN
from tests.browser.conftest import shoot, visiting
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
        listed = [str(row["session_id"]) for row in await turns.sessions("acme")]
        session = next(name for name in listed if name.startswith("visitor-"))
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
    context = await browser.new_context(base_url=service, locale="en-GB")
    page = await context.new_page()
    await page.goto("/")
    await page.get_by_role("dialog", name="A key is needed").get_by_label("Key").fill("boss")
    await page.keyboard.press("Enter")

    await expect(page.locator("#project")).to_have_value("bank")
    await expect(page.locator("#log")).to_contain_text("Sending money")
    await context.close()
