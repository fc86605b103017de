"""The knowledge: a document is uploaded, found and removed."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import shoot

pytestmark = pytest.mark.asyncio(loop_scope="session")

PARKING = b"# Parking\n\nCustomers park behind the branch for three hours without paying anything.\n"


async def test_a_document_is_uploaded_searched_and_removed(page: Page) -> None:
    await page.get_by_role("link", name="Knowledge").click()
    await expect(page.locator("#documents")).to_contain_text("fees.en.md")

    await page.get_by_label("Upload").set_input_files(
        {"name": "parking.en.md", "mimeType": "text/markdown", "buffer": PARKING}
    )
    await expect(page.locator(".upload")).to_contain_text("indexed, 1 passages")
    await expect(page.locator("#documents")).to_contain_text("parking.en.md")
    await page.get_by_label("A question to the documents").fill("where can I park")
    await page.keyboard.press("Enter")
    best = page.locator("#found li").first
    await expect(best).to_contain_text("behind the branch for three hours")
    assert float(await best.locator(".number").inner_text()) > 0.5
    await shoot(page, "knowledge")

    page.once("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Remove parking.en.md").click()
    await expect(page.locator("#documents")).not_to_contain_text("parking.en.md")
