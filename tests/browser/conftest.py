"""Headless Chromium before the real service. The browser is the system's: `CHROMIUM` names one that is elsewhere."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from evals.chromium import QUIET, find_chromium
from tests.browser.bot import BANK, DOCUMENTS, POST
from tests.service.house import House, open_house
from tests.service.warmth import Warmth

# A busy machine takes its time; nothing here is measured.
expect.set_options(timeout=20_000)


def chromium() -> str:
    """The browser's program; a machine without one is told how to get it."""
    found = find_chromium()
    if not found:
        pytest.exit("no Chromium here: `apt-get install chromium`, or name one: CHROMIUM=/path make browser", 1)
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for the run."""
    program = chromium()
    async with async_playwright() as driver:
        started = await driver.chromium.launch(executable_path=program, args=list(QUIET), timeout=120_000)
        yield started
        await started.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """The two bots, served for real and without keys."""
    folder = tmp_path_factory.mktemp("house")
    warmth = Warmth(tmp_path_factory.getbasetemp() / "warmth")
    async with open_house(folder, warmth, changes=[BANK, POST], documents=DOCUMENTS) as found:
        yield found


@dataclass
class Watch:
    """What a page did that it must not do."""

    homes: tuple[str, ...]
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        """Listen to a page from now on."""
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)
        page.on("request", lambda request: self.requests.append(request.url))

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            self.complaints.append(said.text)

    @property
    def strangers(self) -> list[str]:
        """Requests to anybody else."""
        return [url for url in self.requests if not url.startswith((*self.homes, "data:"))]


@asynccontextmanager
async def visiting(browser: Browser, home: str, *, also: str = "", **options: object) -> AsyncIterator[Page]:
    """A visitor with nothing stored; leaves with no error shown and nobody asked but `home` and `also`."""
    context = await browser.new_context(base_url=home, **{"locale": "en-GB", "color_scheme": "light", **options})  # type: ignore[arg-type]
    watch = Watch((home, also or home))
    context.on("page", watch.over)
    page = await context.new_page()
    page.set_default_timeout(30_000)
    yield page
    await context.close()
    assert watch.complaints == []
    assert watch.strangers == []


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, house: House) -> AsyncIterator[Page]:
    """The console, freshly opened, in English, at the bank."""
    async with visiting(browser, house.address, viewport={"width": 1360, "height": 900}) as found:
        await found.goto("/")
        await expect(found.locator("#log")).to_contain_text("Sending money")
        yield found


async def say(page: Page, message: str, reply: str) -> None:
    """Type a message and wait for the reply to it."""
    await page.locator("#message").fill(message)
    await page.locator("#message").press("Enter")
    await expect(page.locator(".turn").last.locator(".bubble.bot")).to_contain_text(reply)
    await expect(page.locator("#send")).to_be_enabled()


async def shoot(page: Page, name: str, *, all_of: str = "") -> None:
    """Keep a picture for the documents, where SWITCHBOARD_SCREENSHOTS names a folder for them.

    `all_of` is an element that is shown in its whole height, and alone.
    """
    folder = os.environ.get("SWITCHBOARD_SCREENSHOTS")
    if not folder:
        return
    await page.mouse.move(2, 2)
    taken = await _whole(page, all_of) if all_of else await page.screenshot()
    Image.open(BytesIO(taken)).convert("RGB").quantize(128).save(Path(folder) / f"{name}.png", optimize=True)


async def _whole(page: Page, selector: str) -> bytes:
    element = page.locator(selector)
    before = page.viewport_size
    height = int(await element.evaluate("element => element.scrollHeight"))
    await page.set_viewport_size({"width": 1360, "height": height + 80})
    taken = await element.screenshot()
    if before:
        await page.set_viewport_size(before)
    return taken
