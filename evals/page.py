"""What a browser loads of the console and the widget, and how soon it shows the first words of a reply.

`python -m evals.page`: headless Chromium before `switchboard serve --demo`; nothing is cached at first.
"""

import asyncio
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer
from playwright.async_api import Browser, Page, Request, async_playwright
from rich.console import Console

from evals.bench_figures import Report
from evals.bench_processes import run_service
from evals.chromium import QUIET, find_chromium

WIDTH: Final = 118
QUESTIONS: Final = (
    "what does an EFT to another bank cost",
    "how do I open an account",
    "what happens when my card is stolen",
    "is there a fee for students",
    "when are the branches open",
    "how long does a dispute take",
    "what interest does a term deposit bear",
    "how do I raise my card limit",
    "can pensioners send money for free",
    "what does a safe deposit box cost",
)
"""Nobody has asked them before in this run: each is embedded and searched."""
FIRST_WORDS: Final = """message => new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error("no words within 60 s")), 60000);
  const log = document.getElementById("log");
  const field = document.getElementById("message");
  const before = log.querySelectorAll(".turn").length;
  const seen = new MutationObserver(() => {
    const words = log.querySelectorAll(".turn")[before]?.querySelector(".bubble.bot .words");
    if (words?.textContent) { seen.disconnect(); resolve(performance.now() - begun); }
  });
  seen.observe(log, { childList: true, subtree: true, characterData: true });
  field.value = message;
  const begun = performance.now();
  document.getElementById("form").requestSubmit();
})"""


@dataclass(frozen=True)
class Loaded:
    """What one visit loaded."""

    requests: int
    body: int
    wire: int
    seconds: float


async def measure_page(folder: Path, program: str) -> list[Report]:
    """Sizes and times, with the demo projects."""
    with run_service(folder) as running:
        async with async_playwright() as driver:
            browser = await driver.chromium.launch(executable_path=program, args=list(QUIET), timeout=120_000)
            try:
                return [await _sizes(browser, running.url), await _first_words(browser, running.url)]
            finally:
                await browser.close()


async def _sizes(browser: Browser, url: str) -> Report:
    context = await browser.new_context(locale="en-GB")
    first = await _visit(await context.new_page(), url)
    again = await _visit(await context.new_page(), url)
    await context.close()
    shop = await browser.new_context()
    page = await shop.new_page()
    widget = await page.request.get(f"{url}/widget.js")
    size = len(await widget.body())
    await shop.close()
    rows = [("console, first visit", first), ("console, second visit", again)]
    return Report(
        title="What a page loads",
        columns=("", "requests", "KB", "KB with headers", "ms until it can be used"),
        rows=[
            *[
                (name, str(one.requests), f"{one.body / 1e3:.1f}", f"{one.wire / 1e3:.1f}", f"{one.seconds * 1e3:.0f}")
                for name, one in rows
            ],
            ("widget.js on another site", "1", f"{size / 1e3:.1f}", "", ""),
        ],
        figures={name: vars(one) for name, one in rows} | {"widget": {"body": size}},
        remarks=["Nothing is compressed; a proxy before the service may. It can be used when the bots are listed."],
    )


async def _visit(page: Page, url: str) -> Loaded:
    done: list[Request] = []
    page.on("requestfinished", lambda request: done.append(request))  # noqa: PLW0108  # the driver marks its handlers
    begun = time.perf_counter()
    await page.goto(url)
    await page.locator("#log .welcome button").first.wait_for()
    seconds = time.perf_counter() - begun
    sizes = [await each.sizes() for each in done if each.url.startswith(url)]
    body = sum(size["responseBodySize"] for size in sizes)
    return Loaded(len(sizes), body, body + sum(size["responseHeadersSize"] for size in sizes), seconds)


async def _first_words(browser: Browser, url: str) -> Report:
    page = await browser.new_page(locale="en-GB")
    await page.goto(url)
    await page.locator("#log .welcome button").first.wait_for()
    times = []
    for question in QUESTIONS:
        times.append(float(await page.evaluate(FIRST_WORDS, question)))
        await page.locator("#send:enabled").wait_for()
    middle, most = statistics.median(times[1:]), max(times[1:])
    return Report(
        title="First words of a reply in the browser",
        columns=("", "ms"),
        rows=[("the first turn", f"{times[0]:.0f}"), ("others, p50", f"{middle:.0f}"), ("others, most", f"{most:.0f}")],
        figures={"turns": {"first": times[0], "p50": middle, "most": most}},
        remarks=["From sending to the first words shown, of questions answered from documents by the embedded engine."],
    )


def main(
    data: Annotated[Path | None, typer.Option(help="Keep the data folder here; a prepared one is used.")] = None,
) -> None:
    """Print what a page loads and how soon a reply begins."""
    program = find_chromium()
    if program is None:
        typer.echo("No Chromium here: `apt-get install chromium`, or name one: CHROMIUM=/path", err=True)
        raise typer.Exit(1)
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    with tempfile.TemporaryDirectory(prefix="switchboard-page-") as scratch:
        for report in asyncio.run(measure_page((data or Path(scratch)).resolve() / "data", program)):
            console.print()
            console.print(report.table())


if __name__ == "__main__":
    typer.run(main)
