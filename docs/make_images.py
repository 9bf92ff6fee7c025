"""Pictures of the private report, as it is today: python docs/make_images.py REPORT.html.

The report is that of ``iapt-topics demo`` (``demo_report/private/report.html``). It needs Chromium
and Playwright, which comes with the extra dev, and writes into docs/images.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
CHROMIUM = "/usr/bin/chromium"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
SIZE = {"width": 1200, "height": 760}


def save(page: Page, name: str) -> None:
    """Save what is on the screen, smaller and with few colours."""
    page.wait_for_timeout(300)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture = picture.resize((1000, 633), Image.Resampling.LANCZOS)
    picture.quantize(40, method=Image.Quantize.MAXCOVERAGE).save(IMAGES / name, optimize=True)


def show(page: Page, selector: str, above: int = 60) -> None:
    """Scroll so that an element stands below the bar of the sections."""
    top = page.locator(selector).evaluate("e => e.getBoundingClientRect().top + scrollY")
    page.evaluate(f"scrollTo(0, {top - above})")


def main(report: Path) -> None:
    """Draw the first screen, the changes, a theme's page and the map."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport=SIZE)
        page.goto(report.resolve().as_uri())
        save(page, "report.png")
        show(page, "#change", 100)
        save(page, "report_change.png")
        page.locator("#theme-S2 > summary").click()
        show(page, "#theme-S2", 110)
        save(page, "report_quotes.png")
        page.locator("#theme-S2 > summary").click()
        page.locator("#topics select").first.select_option(index=2)
        show(page, "#topics", 100)
        save(page, "report_map.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
