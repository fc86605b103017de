"""How the console looks and is used: dark, on a phone, by keyboard, by a screen reader."""

from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import say, shoot, visiting
from tests.service.house import House

pytestmark = pytest.mark.asyncio(loop_scope="session")

VIEWS = ("Chat", "Desk", "Knowledge")
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
FEE = "what does a transfer to another bank cost"


async def everywhere(page: Page) -> None:
    """A conversation with something to see in every view, a person asked for."""
    await say(page, "send 500 lira", "To which IBAN?")
    await say(page, FEE, "7.50 lira")
    await say(page, "I want to talk to a person", "")


async def see(page: Page, view: str) -> None:
    """Go to a view with something in it."""
    session = await page.locator("#session").text_content() or ""
    await page.get_by_role("link", name=view, exact=view != "Desk").click()
    if view == "Desk":
        await page.get_by_role("button", name=session).click()
        await expect(page.locator("#case")).to_contain_text("requested")
    if view == "Knowledge":
        await page.get_by_label("A question to the documents").fill(FEE)
        await page.keyboard.press("Enter")
        await expect(page.locator("#found")).to_contain_text("7.50 lira")


async def background(page: Page) -> int:
    """The red of the page's colour."""
    red: int = await page.evaluate("parseInt(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])")
    return red


@pytest.mark.parametrize(("scheme", "device"), [("light", {}), ("dark", PHONE)], ids=["light", "dark on a phone"])
async def test_nothing_hinders_a_screen_reader(
    browser: Browser, house: House, scheme: str, device: dict[str, Any]
) -> None:
    async with visiting(browser, house.address, color_scheme=scheme, **device) as page:
        await page.goto("/")
        await everywhere(page)
        for view in VIEWS:
            await see(page, view)
            found = await Axe().run(page)
            found_wrong = found.response["violations"]
            told = [(each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in found_wrong]

            assert told == [], view


async def test_dark_follows_the_system_until_chosen_and_is_kept(browser: Browser, house: House) -> None:
    async with visiting(browser, house.address, color_scheme="dark", viewport={"width": 1360, "height": 900}) as page:
        await page.goto("/")
        assert await background(page) < 60
        await say(page, FEE, "7.50 lira")
        await expect(page.locator("#inspector .drawing")).to_be_visible()
        await shoot(page, "dark")

        await page.get_by_role("button", name="Dark").click()
        assert await background(page) > 200
        await page.reload()
        await expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "false")
        assert await background(page) > 200


async def test_it_fits_a_phone(browser: Browser, house: House) -> None:
    async with visiting(browser, house.address, **PHONE) as page:
        await page.goto("/")
        await everywhere(page)
        await page.locator("#words").select_option("zh")
        await page.locator("#words").select_option("en")
        for view in VIEWS:
            await see(page, view)
            wide = await page.evaluate("document.documentElement.scrollWidth")

            assert wide <= 390, view
        await page.get_by_role("link", name="Chat", exact=True).click()
        await shoot(page, "phone")


async def test_it_is_used_with_the_keyboard_alone(page: Page) -> None:
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the message field")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.type("I need a new card")
    await page.keyboard.press("Enter")
    await expect(page.locator("#offers button")).to_have_count(2)
    await expect(page.locator("#message")).to_be_focused()

    await page.keyboard.press("Shift+Tab")
    await expect(page.get_by_role("button", name="credit card")).to_be_focused()
    await page.keyboard.press("Enter")

    await expect(page.locator(".bubble.bot").last).to_contain_text("Your card is on its way.")
