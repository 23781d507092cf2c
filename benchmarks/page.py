"""How large is the page of four years, and when does a reader see it? In chromium, from disk.

The first view is there when headlines and the first chart are drawn; the page is whole when the
last chart is. Median of several openings, each in a browser profile of its own.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from assets.report.page import MAX_BYTES, page_html, page_sections
from benchmarks.page_worlds import DAY_COUNT, four_years

MAX_FIRST_VIEW_MS = 2_000
_OPENINGS = 7
#: When the first chart, and the last one, was there, by the page's own clock from its opening.
_WATCH = """
new MutationObserver(() => {
  if (!window.firstChart && document.querySelector(".chart > svg")) firstChart = performance.now();
  if (!window.lastChart && document.documentElement.dataset.drawn) lastChart = performance.now();
}).observe(document, {childList: true, subtree: true, attributes: true});
"""


def main() -> int:
    """Print bytes and times beside their bars; 1 where one is missed."""
    edition = four_years()
    began = time.perf_counter()
    sections = page_sections(edition)
    html = page_html(edition, sections)
    made = time.perf_counter() - began
    size = len(html.encode())
    rows = sum(figure.rows.num_rows for section in sections for figure in section.figures)
    print(f"{DAY_COUNT:,} days, {rows:,} rows in the page's figures, made in {made:.1f} s")
    print(f"size: {size:,} bytes; bar {MAX_BYTES:,}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as engines:
        file = Path(folder) / "index.html"
        file.write_text(html, encoding="utf-8")
        browser = engines.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        times = [_opened(browser, file) for _ in range(_OPENINGS)]
        browser.close()
    for words, each in zip(("first paint", "first view", "all charts"), zip(*times, strict=True),
                           strict=True):  # fmt: skip
        print(f"{words}: median {median(each):,.0f} ms ({min(each):,.0f} to {max(each):,.0f})")
    first = median(view for _, view, _ in times)
    print(f"bar of the first view: {MAX_FIRST_VIEW_MS:,} ms")
    return int(size > MAX_BYTES or first > MAX_FIRST_VIEW_MS)


def _opened(browser: Browser, file: Path) -> tuple[float, float, float]:
    """Milliseconds from opening to first paint, first chart and last chart."""
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        page.add_init_script(_WATCH)
        page.goto(file.as_uri())
        page.wait_for_selector("html[data-drawn]", timeout=120_000)
        found: list[Any] = page.evaluate(
            "[performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN,"
            " firstChart, lastChart]"
        )
    paint, first, last = (float(each) for each in found)
    return paint, first, last


if __name__ == "__main__":
    sys.exit(main())
